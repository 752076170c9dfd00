//go:build !purego

package kernel

var winogradAVX512 = transforms{
	winogradInputAVX512, winogradGradientAVX512, winogradOutputAVX512, winogradPoolAVX512,
	winogradFilterAVX512, winogradFilterGradientAVX512,
}

var winogradAVX2 = transforms{
	winogradInputAVX2, winogradGradientAVX2, winogradOutputAVX2, winogradPoolAVX2,
	winogradFilterAVX2, winogradFilterGradientAVX2,
}

// winograd is the assembly of isa, nil for Generic.
func winograd(isa ISA) *transforms {
	switch isa {
	case AVX512:
		return &winogradAVX512
	case AVX2:
		return &winogradAVX2
	}
	return nil
}
