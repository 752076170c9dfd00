package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// AvgPool adds the mean of size×size windows, stride pixels apart, without padding.
//
//	x   N×H×W×C        y   N×OH×OW×C   (torch.nn.functional.avg_pool2d)
func (g *Graph) AvgPool(x *gorgonia.Node, size, stride int) (*gorgonia.Node, error) {
	xs := x.Shape()
	if xs.Dims() != 4 || xs[0] != g.batch {
		return nil, fmt.Errorf("op: average pool of %v, batch %d", xs, g.batch)
	}
	shape := kernel.AvgPool{N: xs[0], H: xs[1], W: xs[2], C: xs[3], Kernel: size, Stride: stride}
	if err := shape.Check(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	oh, ow := shape.Out()
	o := g.newOperation("AvgPool", newBuffer(shape.N, oh, ow, shape.C), x)
	o.does(Forward, "", func(in []gorgonia.Value) error {
		return shape.Forward(g.workers, o.out.data, floats(in[0]), g.rows)
	})
	o.wrt = []bool{needsGradient(x)}
	o.gradient = func(_ gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		d := o.derivative(newBuffer(xs...), dy)
		d.does(InputGradient, "", func(in []gorgonia.Value) error {
			return shape.Gradient(g.workers, d.out.data, floats(in[0]), g.rows)
		})
		return d.only()
	}
	return g.add(o)
}
