//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// supported reports whether the processor and the system have what the kernels need.
func supported(isa ISA) bool {
	x := cpu.X86
	switch isa {
	case AVX2:
		return x.HasAVX2 && x.HasFMA
	case AVX512:
		return x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL
	}
	return false
}
