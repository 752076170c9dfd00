//go:build !purego

package kernel

var avx2 = assembly{8, addAVX2, maskAVX2, maxPool2AVX2, unpool2AVX2, sgdAVX2, sumSquaresAVX2, transposeAVX2, prefetchAVX2}

var avx512 = assembly{16, addAVX512, maskAVX512, maxPool2AVX512, unpool2AVX512, sgdAVX512, sumSquaresAVX512, transposeAVX512, prefetchAVX512}

// vectors is the assembly of isa, nil for Generic.
func vectors(isa ISA) *assembly {
	switch isa {
	case AVX512:
		return &avx512
	case AVX2:
		return &avx2
	}
	return nil
}
