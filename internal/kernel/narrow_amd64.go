//go:build !purego

package kernel

var narrowAVX2 = narrowAssembly{8, narrowPoolAVX2, narrowPlainAVX2, narrowPoolGradientAVX2, narrowPlainGradientAVX2, narrowPairsAVX2}

var narrowAVX512 = narrowAssembly{16, narrowPoolAVX512, narrowPlainAVX512, narrowPoolGradientAVX512, narrowPlainGradientAVX512, narrowPairsAVX512}

// narrowKernels is the loops of isa.
func narrowKernels(isa ISA) *narrowAssembly {
	switch isa {
	case AVX512:
		return &narrowAVX512
	case AVX2:
		return &narrowAVX2
	}
	return &narrowGeneric
}
