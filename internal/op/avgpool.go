package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// AvgPool adds the mean of size×size windows, stride pixels apart, without padding.
//
//	x   N×H×W×C        y   N×OH×OW×C   (torch.nn.functional.avg_pool2d)
func (c *Context) AvgPool(x *gorgonia.Node, size, stride int) (*gorgonia.Node, error) {
	xs := x.Shape()
	if xs.Dims() != 4 || xs[0] != c.batch {
		return nil, fmt.Errorf("op: average pool of %v, batch %d", xs, c.batch)
	}
	shape := kernel.AvgPool{N: xs[0], H: xs[1], W: xs[2], C: xs[3], Kernel: size, Stride: stride}
	if err := shape.Check(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	oh, ow := shape.Out()
	o := &avgPool{AvgPool: shape, y: newBuffer(shape.N, oh, ow, shape.C)}
	o.base = c.newBase("AvgPool", o.y.shape, x)
	return c.add(o)
}

type avgPool struct {
	base
	kernel.AvgPool
	y *buffer
}

func (o *avgPool) result() *buffer    { return o.y }
func (o *avgPool) buffers() []*buffer { return []*buffer{o.y} }

func (o *avgPool) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer o.guard(&err)
	defer o.report(Forward, "", o.clock())
	return o.y.value, o.Forward(o.ctx.workers, o.y.data, floats(in[0]), o.ctx.rows)
}

func (o *avgPool) DiffWRT(int) []bool { return []bool{needsGradient(o.inputs[0])} }

func (o *avgPool) SymDiff(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	o.ctx.SetLayer(o.layer)
	g := &avgPoolGradient{forward: o, dx: newBuffer(in[0].Shape()...)}
	g.base = o.ctx.newBase("AvgPoolGradient", g.dx.shape, dy)
	node, err := o.ctx.add(g)
	return gorgonia.Nodes{node}, err
}

type avgPoolGradient struct {
	base
	forward *avgPool
	dx      *buffer
}

func (g *avgPoolGradient) result() *buffer    { return g.dx }
func (g *avgPoolGradient) buffers() []*buffer { return []*buffer{g.dx} }

func (g *avgPoolGradient) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer g.guard(&err)
	defer g.report(InputGradient, "", g.clock())
	return g.dx.value, g.forward.Gradient(g.ctx.workers, g.dx.data, floats(in[0]), g.ctx.rows)
}
