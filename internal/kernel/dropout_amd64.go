//go:build !purego

package kernel

// dropoutLoop is dropoutGeneric for whole vectors of so many lanes, nil for Generic.
func dropoutLoop(isa ISA) (f func(dst, src *float32, n int, state uint64, drop uint32, scale float32), lanes int) {
	switch isa {
	case AVX512:
		return dropoutAVX512, 16
	case AVX2:
		return dropoutAVX2, 8
	}
	return nil, 0
}
