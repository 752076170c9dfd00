package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// benchWorkers is a pool of all cores on the best kernels.
func benchWorkers(b *testing.B) *Workers {
	b.Helper()
	p, err := NewWorkers(0, Best())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.Close)
	return p
}

func convName(c Conv) string { return fmt.Sprintf("%dx%dx%d-%d", c.H, c.W, c.C, c.OC) }

// A job without work: what handing it out costs.
func BenchmarkPool(b *testing.B) {
	p := benchWorkers(b)
	for _, pieces := range []int{1, 2, 128} {
		b.Run(fmt.Sprintf("%d pieces", pieces), func(b *testing.B) {
			for b.Loop() {
				if err := p.Run(pieces, func(int, int) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The pool that is no part of a convolution: windows overlap, or follow each other.
func BenchmarkMaxPool(b *testing.B) {
	p := benchWorkers(b)
	for _, m := range []MaxPool{
		{N: 32, H: 56, W: 56, C: 64, Kernel: 2, Stride: 2},
		{N: 32, H: 56, W: 56, C: 64, Kernel: 3, Stride: 2},
	} {
		x, y, argmax := make([]float32, m.N*m.H*m.W*m.C), make([]float32, m.OutSize()), make([]byte, m.OutSize())
		fill(rand.New(rand.NewPCG(1, 1)), x)
		name := fmt.Sprintf("%dx%d stride %d", m.Kernel, m.Kernel, m.Stride)
		moved := int64(4*len(x) + 5*len(y))
		b.Run(name+"/forward", func(b *testing.B) {
			b.SetBytes(moved)
			for b.Loop() {
				if err := m.Forward(p, y, argmax, x, m.N); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/gradient", func(b *testing.B) {
			b.SetBytes(moved)
			for b.Loop() {
				if err := m.Gradient(p, x, y, argmax, m.N); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The loss of a batch. Bytes are those of the logits and, for the gradient, its own.
func BenchmarkCrossEntropy(b *testing.B) {
	p := benchWorkers(b)
	for _, c := range []CrossEntropy{{N: 128, Classes: 10}, {N: 128, Classes: 10, Smoothing: 0.1}, {N: 128, Classes: 1000}} {
		logits, gradient := make([]float32, c.N*c.Classes), make([]float32, c.N*c.Classes)
		labels, losses := make([]int32, c.N), make([]float64, c.N)
		fill(rand.New(rand.NewPCG(1, 1)), logits)
		name := fmt.Sprintf("%dx%d,smoothing=%v", c.N, c.Classes, c.Smoothing)
		b.Run(name+"/forward", func(b *testing.B) {
			b.SetBytes(int64(4 * len(logits)))
			for b.Loop() {
				if _, err := c.Forward(p, logits, labels, losses, c.N); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/gradient", func(b *testing.B) {
			b.SetBytes(int64(8 * len(logits)))
			for b.Loop() {
				if err := c.Gradient(p, gradient, logits, labels, 1, c.N); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
