package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
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
		forward, weight := firstLayerPasses(b, p, c)
		moved, mask := 4*(c.InSize()+c.OutSize()), 4*c.OutSize() // bytes that a pass must read or write
		if c.Pool {
			moved, mask = moved+c.OutSize(), 0
		}
		for _, pass := range []struct {
			name  string
			moved int
			run   func() error
		}{
			{"forward", moved, forward},
			{"weight", moved + mask, weight},
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

// What three channels cost beside one, in turns: medians of a pass in ms, and their ratios.
func BenchmarkFirstLayer(b *testing.B) {
	for _, name := range Available() {
		for _, size := range []struct {
			n, side, oc int
			pool        bool
		}{{128, 224, 16, true}, {16, 224, 16, true}, {1, 224, 16, true}, {128, 56, 16, true}, {32, 224, 64, true}, {32, 224, 64, false}} {
			b.Run(fmt.Sprintf("%s/%dx%d-%d,pool=%t", name, size.n, size.side, size.oc, size.pool), func(b *testing.B) {
				p, err := NewWorkers(0, name)
				if err != nil {
					b.Fatal(err)
				}
				defer p.Close()
				var passes [4]func() error // forward and weight gradient, of one channel and of three
				for i, channels := range []int{1, 3} {
					passes[2*i], passes[2*i+1] = firstLayerPasses(b, p, firstLayer(size.n, size.side, size.side, channels, size.oc, size.pool))
				}
				var times [len(passes)][]time.Duration
				for b.Loop() {
					for i, run := range passes {
						start := time.Now()
						if err := run(); err != nil {
							b.Fatal(err)
						}
						times[i] = append(times[i], time.Since(start))
					}
				}
				var ms [len(passes)]float64
				for i, t := range times {
					slices.Sort(t)
					ms[i] = t[len(t)/2].Seconds() * 1e3
					b.ReportMetric(ms[i], []string{"ms-forward-1", "ms-weight-1", "ms-forward-3", "ms-weight-3"}[i])
				}
				b.ReportMetric(ms[2]/ms[0], "x-forward")
				b.ReportMetric((ms[2]+ms[3])/(ms[0]+ms[1]), "x-all")
			})
		}
	}
}

// firstLayerPasses is the two passes of a first layer: nobody reads its input's gradient.
func firstLayerPasses(b *testing.B, p *Workers, c Conv) (forward, weight func() error) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	x, w, bias := mustFloats(c.InSize()), make([]float32, c.WeightRows()*c.OC), make([]float32, c.OC)
	fill(r, x)
	fill(r, w)
	u, y, argmax, dy := make([]float32, c.FilterSize(p)), mustFloats(c.OutSize()), make([]byte, c.OutSize()), mustFloats(c.OutSize())
	dw, db, partial := make([]float32, len(w)), make([]float32, c.OC), make([]float32, c.WeightGradientSize(p))
	forward = func() error {
		if err := c.TransformFilters(p, u, w); err != nil {
			return err
		}
		return c.Forward(p, y, argmax, x, w, bias, u, nil, c.N)
	}
	weight = func() error { return c.WeightGradient(p, dw, db, x, dy, y, argmax, partial, c.N) }
	if err := forward(); err != nil {
		b.Fatal(err)
	}
	copy(dy, y)
	return forward, weight
}
