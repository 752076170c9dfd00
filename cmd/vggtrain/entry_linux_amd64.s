//go:build go1.26 && !go1.27

#include "textflag.h"

#define SYS_write 1
#define SYS_getrlimit 97
#define SYS_exit_group 231
#define RLIMIT_AS 9

// The first instruction of the process. Where the address space is limited to too little, Go's runtime
// crashes before any Go code, so this looks first: then one line, and exit status 1.
//
// The runtime has a symbol of this name, which jumps to _rt0_amd64. The linker takes the larger of the two
// because this one is DUPOK. That is nowhere promised: the build tag names the versions of Go that it was
// tried with, with cgo and without, and with others the runtime's stays.
// TestTooFewAddresses finds out.
TEXT _rt0_amd64_linux(SB), NOSPLIT|NOFRAME|DUPOK, $0
	MOVQ $SYS_getrlimit, AX
	MOVQ $RLIMIT_AS, DI
	LEAQ -64(SP), SI           // struct rlimit: the soft limit is first
	SYSCALL
	TESTQ AX, AX
	JNE  begin
	MOVQ ·leastAddresses(SB), BX
	CMPQ BX, -64(SP)
	JLS  begin
	MOVQ $SYS_write, AX
	MOVQ $2, DI
	MOVQ ·refusal+0(SB), SI
	MOVQ ·refusal+8(SB), DX
	SYSCALL
	MOVQ $SYS_exit_group, AX
	MOVQ $1, DI
	SYSCALL
begin:
	JMP  _rt0_amd64(SB)
