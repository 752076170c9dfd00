package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// First layers: of vgg11-small, vgg11 and vgg13, of Fashion-MNIST at 224 and 56 pixels, and of
// photographs.
func BenchmarkNarrow(b *testing.B) {
	p, err := NewWorkers(0, Best())
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	for _, c := range []Conv{
		{N: 128, H: 224, C: 1, OC: 16, Pool: true},
		{N: 32, H: 224, C: 1, OC: 16, Pool: true},
		{N: 128, H: 56, C: 1, OC: 16, Pool: true},
		{N: 32, H: 56, C: 1, OC: 16, Pool: true},
		{N: 32, H: 224, C: 1, OC: 64, Pool: true},
		{N: 32, H: 224, C: 1, OC: 64},
		{N: 128, H: 56, C: 1, OC: 64},
		{N: 32, H: 224, C: 3, OC: 64, Pool: true},
		{N: 32, H: 224, C: 3, OC: 64},
	} {
		c.W, c.Kernel, c.Stride, c.Padding, c.ReLU = c.H, 3, 1, 1, true
		r := rand.New(rand.NewPCG(1, 1))
		x, w, bias := mustFloats(c.InSize()), make([]float32, c.WeightRows()*c.OC), make([]float32, c.OC)
		fill(r, x)
		fill(r, w)
		y, argmax, dy := mustFloats(c.OutSize()), make([]byte, c.OutSize()), mustFloats(c.OutSize())
		dw, db, partial := make([]float32, len(w)), make([]float32, c.OC), make([]float32, c.narrowWeightGradientSize())
		if err := c.narrowForward(p, y, argmax, x, w, bias, c.N); err != nil {
			b.Fatal(err)
		}
		copy(dy, y)
		moved, mask := 4*(len(x)+len(y)), 4*len(y) // bytes that a pass must read or write
		if c.Pool {
			moved, mask = moved+len(argmax), 0
		}
		for _, pass := range []struct {
			name  string
			moved int
			run   func() error
		}{
			{"forward", moved, func() error { return c.narrowForward(p, y, argmax, x, w, bias, c.N) }},
			{"weight", moved + mask, func() error { return c.narrowWeightGradient(p, dw, db, x, dy, y, argmax, partial, c.N) }},
		} {
			b.Run(fmt.Sprintf("%dx%dx%dx%d-%d,pool=%t/%s", c.N, c.H, c.W, c.C, c.OC, c.Pool, pass.name), func(b *testing.B) {
				b.SetBytes(int64(pass.moved))
				for b.Loop() {
					if err := pass.run(); err != nil {
						b.Fatal(err)
					}
				}
				flops := 2 * float64(c.N*c.H*c.W*c.OC*c.WeightRows())
				b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N*c.N), "ms/image")
			})
		}
	}
}
