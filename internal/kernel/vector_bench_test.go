package kernel

import (
	"math/rand/v2"
	"testing"
)

// The loops over vectors, on a row of vgg11-small's third convolution at 224 pixels: data that
// stays in the L1 and L2 caches. Bytes are those read and written.
func BenchmarkVector(b *testing.B) {
	const pixels, c = 56, 64
	const n = pixels * c
	r := rand.New(rand.NewPCG(1, 1))
	random := func(n int) []float32 {
		s := make([]float32, n)
		fill(r, s)
		return s
	}
	w, g, v := random(n), random(n), random(n)
	dst, top, bottom := make([]float32, n), random(n), random(n)
	pooled, argmax := make([]float32, n/2), make([]byte, n/2)
	var sum float64
	for _, k := range []struct {
		name  string
		bytes int
		run   func(ks *kernels)
	}{
		{"add", 12 * n, func(ks *kernels) { ks.add(dst, g) }},
		{"mask", 12 * n, func(ks *kernels) { ks.mask(dst, g, w, pixels, c, c, c) }},
		{"maxPool2", 8*n + 5*n/2, func(ks *kernels) { ks.maxPool2(pooled, argmax, top, bottom, pixels/2, c, c) }},
		{"unpool2", 8*n + 5*n/2, func(ks *kernels) { ks.unpool2(top, bottom, pooled, argmax, pixels/2, c, c, c) }},
		{"sgd", 12 * n, func(ks *kernels) { ks.sgd(w, g, nil, SGD{LR: 1e-9, Scale: 1}) }},
		{"sgd momentum", 20 * n, func(ks *kernels) { ks.sgd(w, g, v, SGD{LR: 1e-9, Scale: 1, Momentum: 0.9, Nesterov: true}) }},
		{"sumSquares", 4 * n, func(ks *kernels) { sum += ks.sumSquares(g) }},
	} {
		for _, ks := range available() {
			b.Run(k.name+"/"+ks.name, func(b *testing.B) {
				b.SetBytes(int64(k.bytes))
				for b.Loop() {
					k.run(ks)
				}
			})
		}
	}
}
