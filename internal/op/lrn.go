package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// LRN adds a local response normalisation over size channels.
//
//	x, y   N×H×W×C   (torch.nn.functional.local_response_norm)
func (g *Graph) LRN(x *gorgonia.Node, size int, alpha, beta, k float64) (*gorgonia.Node, error) {
	xs := x.Shape()
	if xs.Dims() != 4 || xs[0] != g.batch {
		return nil, fmt.Errorf("op: local response normalisation of %v, batch %d", xs, g.batch)
	}
	shape := kernel.LRN{N: xs[0], H: xs[1], W: xs[2], C: xs[3], Size: size, Alpha: alpha, Beta: beta, K: k}
	if err := shape.Check(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	return g.unary("LRN", x, xs, input,
		func(y, x []float32) error { return shape.Forward(g.workers, y, x, g.rows) },
		func(dx, dy, x []float32) error { return shape.Gradient(g.workers, dx, dy, x, g.rows) })
}
