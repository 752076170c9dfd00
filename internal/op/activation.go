package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// ReLU adds y = max(x, 0) (torch.nn.functional.relu), for where no operation before it computes
// it as it stores: see Conv and Dense.
func (g *Graph) ReLU(x *gorgonia.Node) (*gorgonia.Node, error) {
	return g.activation("ReLU", x, kernel.ReLU, kernel.ReLUGradient)
}

// Sigmoid adds y = 1/(1+exp(-x)) (torch.sigmoid).
func (g *Graph) Sigmoid(x *gorgonia.Node) (*gorgonia.Node, error) {
	return g.activation("Sigmoid", x, kernel.Sigmoid, kernel.SigmoidGradient)
}

// activation adds a function of each number, whose derivative follows from its value.
//
//	x, y   N×H×W×C or N×F
func (g *Graph) activation(name string, x *gorgonia.Node,
	forward func(p *kernel.Workers, y, x []float32) error,
	gradient func(p *kernel.Workers, dx, dy, y []float32) error,
) (*gorgonia.Node, error) {
	shape := x.Shape()
	if shape.Dims() < 2 || shape[0] != g.batch {
		return nil, fmt.Errorf("op: %s of %v, batch %d", name, shape, g.batch)
	}
	counting := func(b *buffer) []float32 { return b.data[:len(b.data)/g.batch*g.rows] }
	o := g.newOperation(name, newBuffer(shape...), x)
	o.does(Forward, "", func(in []gorgonia.Value) error {
		return forward(g.workers, counting(o.out), floats(in[0]))
	})
	o.wrt = []bool{needsGradient(x)}
	o.gradient = func(_ gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		d := o.derivative(newBuffer(shape...), y, dy)
		d.does(InputGradient, "", func(in []gorgonia.Value) error {
			return gradient(g.workers, counting(d.out), floats(in[1]), floats(in[0]))
		})
		return d.only()
	}
	return g.add(o)
}
