package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// ReLU adds y = max(x, 0) (torch.nn.functional.relu). After Conv and Dense use their fused ReLU
// instead.
func (g *Graph) ReLU(x *gorgonia.Node) (*gorgonia.Node, error) {
	return g.activation("ReLU", x, output, kernel.ReLU, kernel.ReLUGradient)
}

// Sigmoid adds y = 1/(1+exp(-x)) (torch.sigmoid).
func (g *Graph) Sigmoid(x *gorgonia.Node) (*gorgonia.Node, error) {
	return g.activation("Sigmoid", x, output, kernel.Sigmoid, kernel.SigmoidGradient)
}

// activation adds a function of each number. Its derivative follows from what is saved, x or y.
//
//	x, y   N×H×W×C or N×F
func (g *Graph) activation(name string, x *gorgonia.Node, saves saved,
	forward func(p *kernel.Workers, y, x []float32) error,
	gradient func(p *kernel.Workers, dx, dy, saved []float32) error,
) (*gorgonia.Node, error) {
	shape := x.Shape()
	if shape.Dims() < 2 || shape[0] != g.batch {
		return nil, fmt.Errorf("op: %s of %v, batch %d", name, shape, g.batch)
	}
	counting := func(data []float32) []float32 { return data[:len(data)/g.batch*g.rows] }
	return g.unary(name, x, shape, saves,
		func(y, x []float32) error { return forward(g.workers, counting(y), x) },
		func(dx, dy, saved []float32) error { return gradient(g.workers, counting(dx), dy, saved) })
}
