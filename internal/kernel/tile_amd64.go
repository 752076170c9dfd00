//go:build !purego

package kernel

import "unsafe"

//go:generate sh -c "cd _asm && go run . .."

// tileAssembly runs t on the register tile of isa: at most 14 rows of 32 columns for AVX-512,
// 6 rows of 16 columns for AVX2.
func tileAssembly(t *tile, isa ISA) {
	p := (*byte)(unsafe.Pointer(t)) // the generator knows the fields by their offsets
	if isa == AVX512 {
		tileAVX512(p)
	} else {
		tileAVX2(p)
	}
}
