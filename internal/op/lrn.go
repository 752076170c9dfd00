package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// LRN adds a local response normalisation over size channels.
//
//	x, y   N×H×W×C   (torch.nn.functional.local_response_norm)
func (c *Context) LRN(x *gorgonia.Node, size int, alpha, beta, k float64) (*gorgonia.Node, error) {
	xs := x.Shape()
	if xs.Dims() != 4 || xs[0] != c.batch {
		return nil, fmt.Errorf("op: local response normalisation of %v, batch %d", xs, c.batch)
	}
	shape := kernel.LRN{N: xs[0], H: xs[1], W: xs[2], C: xs[3], Size: size, Alpha: alpha, Beta: beta, K: k}
	if err := shape.Check(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	o := &lrn{LRN: shape, y: newBuffer(xs...)}
	o.base = c.newBase("LRN", o.y.shape, x)
	return c.add(o)
}

type lrn struct {
	base
	kernel.LRN
	y *buffer
}

func (o *lrn) result() *buffer    { return o.y }
func (o *lrn) buffers() []*buffer { return []*buffer{o.y} }

func (o *lrn) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer o.guard(&err)
	defer o.report(Forward, "", o.clock())
	return o.y.value, o.Forward(o.ctx.workers, o.y.data, floats(in[0]), o.ctx.rows)
}

func (o *lrn) DiffWRT(int) []bool { return []bool{needsGradient(o.inputs[0])} }

func (o *lrn) SymDiff(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	o.ctx.SetLayer(o.layer)
	g := &lrnGradient{forward: o, dx: newBuffer(o.shape...)}
	g.base = o.ctx.newBase("LRNGradient", g.dx.shape, in[0], dy)
	node, err := o.ctx.add(g)
	return gorgonia.Nodes{node}, err
}

type lrnGradient struct {
	base
	forward *lrn
	dx      *buffer
}

func (g *lrnGradient) result() *buffer    { return g.dx }
func (g *lrnGradient) buffers() []*buffer { return []*buffer{g.dx} }

func (g *lrnGradient) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer g.guard(&err)
	defer g.report(InputGradient, "", g.clock())
	return g.dx.value, g.forward.Gradient(g.ctx.workers, g.dx.data, floats(in[1]), floats(in[0]), g.ctx.rows)
}
