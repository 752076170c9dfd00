package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// MaxPool adds a max-pool of kernel×kernel windows, stride pixels apart, without padding.
//
//	x   N×H×W×C        y   N×OH×OW×C   (torch.nn.functional.max_pool2d)
func (c *Context) MaxPool(x *gorgonia.Node, size, stride int) (*gorgonia.Node, error) {
	xs := x.Shape()
	if xs.Dims() != 4 || xs[0] != c.batch {
		return nil, fmt.Errorf("op: max-pool of %v, batch %d", xs, c.batch)
	}
	shape := kernel.MaxPool{N: xs[0], H: xs[1], W: xs[2], C: xs[3], Kernel: size, Stride: stride}
	if err := shape.Check(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	oh, ow := shape.Out()
	o := &maxPool{MaxPool: shape, y: newBuffer(shape.N, oh, ow, shape.C), arg: newBuffer(shape.N, oh, ow, shape.C)}
	o.arg.bytes = true
	o.base = c.newBase("MaxPool", o.y.shape, x)
	return c.add(o)
}

type maxPool struct {
	base
	kernel.MaxPool
	y, arg *buffer
}

func (o *maxPool) result() *buffer    { return o.y }
func (o *maxPool) buffers() []*buffer { return []*buffer{o.y, o.arg} }

func (o *maxPool) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer o.guard(&err)
	defer o.report(Forward, "", o.clock())
	return o.y.value, o.Forward(o.ctx.workers, o.y.data, o.arg.arg, floats(in[0]), o.ctx.rows)
}

func (o *maxPool) DiffWRT(int) []bool { return []bool{needsGradient(o.inputs[0])} }

func (o *maxPool) SymDiff(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	o.ctx.SetLayer(o.layer)
	g := &maxPoolGradient{forward: o, dx: newBuffer(in[0].Shape()...)}
	g.base = o.ctx.newBase("MaxPoolGradient", g.dx.shape, y, dy)
	node, err := o.ctx.add(g)
	return gorgonia.Nodes{node}, err
}

type maxPoolGradient struct {
	base
	forward *maxPool
	dx      *buffer
}

func (g *maxPoolGradient) result() *buffer    { return g.dx }
func (g *maxPoolGradient) buffers() []*buffer { return []*buffer{g.dx} }

func (g *maxPoolGradient) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer g.guard(&err)
	defer g.report(InputGradient, "", g.clock())
	return g.dx.value, g.forward.Gradient(g.ctx.workers, g.dx.data, floats(in[1]), g.forward.arg.arg, g.ctx.rows)
}
