//go:build !amd64 || purego

package kernel

// dropoutLoop is dropoutGeneric for whole vectors: none here.
func dropoutLoop(ISA) (f func(dst, src *float32, n int, state uint64, drop uint32, scale float32), lanes int) {
	return nil, 0
}
