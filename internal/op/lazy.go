package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
)

// LazyGradient is a dense layer's weight gradient as a gorgonia.Value without storage. Stream
// computes it block by block, each used while in cache. Float32s and Data compute all of it. It is
// valid until its graph runs again.
type LazyGradient struct {
	*operation // of its node
	of         kernel.DenseGradient
}

var _ gorgonia.Value = (*LazyGradient)(nil)

// Stream computes the gradient block by block on the graph's workers: see kernel.DenseGradient.Stream.
func (g *LazyGradient) Stream(beside [][]float32, use func(from int, dw []float32)) error {
	defer g.report(WeightGradient, string(kernel.Direct), g.clock())
	return g.of.Stream(g.graph.workers, beside, use)
}

// SumSquares returns Σ dw²: see kernel.DenseGradient.SumSquares.
func (g *LazyGradient) SumSquares() (float64, error) {
	defer g.report(WeightGradient, string(kernel.Direct), g.clock())
	return g.of.SumSquares(g.graph.workers)
}

// Float32s returns a new slice of the gradient, in the weights' layout.
func (g *LazyGradient) Float32s() []float32 {
	all := make([]float32, g.Size())
	if err := g.of.Stream(g.graph.workers, nil, func(from int, dw []float32) { copy(all[from:], dw) }); err != nil {
		panic(fmt.Sprintf("%v: %v", g, err)) // only of closed workers
	}
	return all
}

// Data is Float32s.
func (g *LazyGradient) Data() any { return g.Float32s() }

// Shape is the weights': in×out.
func (g *LazyGradient) Shape() tensor.Shape { return g.shape }

// Size is the number of elements.
func (g *LazyGradient) Size() int { return g.shape.TotalSize() }

// Dtype is float32.
func (g *LazyGradient) Dtype() tensor.Dtype { return tensor.Float32 }

// Uintptr is 0: no element has an address.
func (g *LazyGradient) Uintptr() uintptr { return 0 }

// MemSize is 0: the gradient is not stored.
func (g *LazyGradient) MemSize() uintptr { return 0 }

// Format writes the name, not the elements.
func (g *LazyGradient) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "%s of %v", g.String(), g.shape) }
