//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd _asm && go run . .."

var avx512 = kernels{
	name: "avx512", // F, BW, DQ and VL
	rows: 14, cols: 32, tile: tileAVX512,
	vector: vectorLoops{
		16, addAVX512, maskAVX512, maxPool2AVX512, unpool2AVX512, sgdAVX512, sumSquaresAVX512, transposeAVX512, prefetchAVX512, dropoutAVX512,
	},
	winograd: winogradLoops{
		16, winogradInputAVX512, winogradGradientAVX512, winogradOutputAVX512, winogradPoolAVX512, winogradFilterAVX512, winogradFilterGradientAVX512,
	},
	narrow: narrowLoops{
		16, narrowPoolAVX512, narrowPool3AVX512, narrowPlainAVX512, narrowPlain3AVX512, narrowTransformAVX512,
		narrowPoolGradientAVX512, narrowPoolGradient3AVX512, narrowPlainGradientAVX512, narrowPlainGradient3AVX512, narrowPairsAVX512,
	},
	costs: measured,
}

var avx2 = kernels{
	name: "avx2", // with FMA
	rows: 6, cols: 16, tile: tileAVX2,
	vector: vectorLoops{
		8, addAVX2, maskAVX2, maxPool2AVX2, unpool2AVX2, sgdAVX2, sumSquaresAVX2, transposeAVX2, prefetchAVX2, dropoutAVX2,
	},
	winograd: winogradLoops{
		8, winogradInputAVX2, winogradGradientAVX2, winogradOutputAVX2, winogradPoolAVX2, winogradFilterAVX2, winogradFilterGradientAVX2,
	},
	narrow: narrowLoops{
		8, narrowPoolAVX2, narrowPool3AVX2, narrowPlainAVX2, narrowPlain3AVX2, narrowTransformAVX2,
		narrowPoolGradientAVX2, narrowPoolGradient3AVX2, narrowPlainGradientAVX2, narrowPlainGradient3AVX2, narrowPairsAVX2,
	},
	costs: measured,
}

// assembled lists the kernels in assembly that the processor and the system can run, fastest first.
func assembled() []*kernels {
	var list []*kernels
	x := cpu.X86
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
		list = append(list, &avx512)
	}
	if x.HasAVX2 && x.HasFMA {
		list = append(list, &avx2)
	}
	return list
}
