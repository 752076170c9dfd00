package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// ReLU adds y = max(x, 0) (torch.nn.functional.relu), for where no operation before it computes
// it as it stores: see Conv and Dense.
func (c *Context) ReLU(x *gorgonia.Node) (*gorgonia.Node, error) {
	return c.activation("ReLU", x, kernel.ReLU, kernel.ReLUGradient)
}

// Sigmoid adds y = 1/(1+exp(-x)) (torch.sigmoid).
func (c *Context) Sigmoid(x *gorgonia.Node) (*gorgonia.Node, error) {
	return c.activation("Sigmoid", x, kernel.Sigmoid, kernel.SigmoidGradient)
}

func (c *Context) activation(name string, x *gorgonia.Node,
	forward func(p *kernel.Workers, y, x []float32) error,
	gradient func(p *kernel.Workers, dx, dy, y []float32) error,
) (*gorgonia.Node, error) {
	if xs := x.Shape(); xs.Dims() < 2 || xs[0] != c.batch {
		return nil, fmt.Errorf("op: %s of %v, batch %d", name, xs, c.batch)
	}
	o := &activation{y: newBuffer(x.Shape()...), forward: forward, gradient: gradient}
	o.base = c.newBase(name, o.y.shape, x)
	return c.add(o)
}

// activation is a function of each number, whose derivative follows from its value.
//
//	x, y   N×H×W×C or N×F
type activation struct {
	base
	y        *buffer
	forward  func(p *kernel.Workers, y, x []float32) error
	gradient func(p *kernel.Workers, dx, dy, y []float32) error
}

func (o *activation) result() *buffer    { return o.y }
func (o *activation) buffers() []*buffer { return []*buffer{o.y} }

func (o *activation) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer o.guard(&err)
	defer o.report(Forward, "", o.clock())
	return o.y.value, o.forward(o.ctx.workers, o.y.data[:o.counting()], floats(in[0]))
}

// counting is how many numbers of y are of rows that count.
func (o *activation) counting() int { return o.shape.TotalSize() / o.ctx.batch * o.ctx.rows }

func (o *activation) DiffWRT(int) []bool { return []bool{needsGradient(o.inputs[0])} }

func (o *activation) SymDiff(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	o.ctx.SetLayer(o.layer)
	g := &activationGradient{forward: o, dx: newBuffer(o.shape...)}
	g.base = o.ctx.newBase(o.name+"Gradient", g.dx.shape, y, dy)
	node, err := o.ctx.add(g)
	return gorgonia.Nodes{node}, err
}

type activationGradient struct {
	base
	forward *activation
	dx      *buffer
}

func (g *activationGradient) result() *buffer    { return g.dx }
func (g *activationGradient) buffers() []*buffer { return []*buffer{g.dx} }

func (g *activationGradient) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer g.guard(&err)
	defer g.report(InputGradient, "", g.clock())
	o := g.forward
	return g.dx.value, o.gradient(g.ctx.workers, g.dx.data[:o.counting()], floats(in[1]), floats(in[0]))
}
