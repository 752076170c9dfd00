package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// Dense adds the fully connected layer y = x·w + b, followed by a ReLU if asked for.
//
//	x   N×F        w   F×G in panels        b   G        y   N×G   (torch.nn.functional.linear)
func (c *Context) Dense(x, w, b *gorgonia.Node, relu bool) (*gorgonia.Node, error) {
	xs, ws, bs := x.Shape(), w.Shape(), b.Shape()
	if xs.Dims() != 2 || ws.Dims() != 2 || bs.Dims() != 1 || xs[1] != ws[0] || bs[0] != ws[1] || xs[0] != c.batch {
		return nil, fmt.Errorf("op: dense layer of %v by weights %v and bias %v, batch %d", xs, ws, bs, c.batch)
	}
	shape := kernel.Dense{N: xs[0], In: ws[0], Out: ws[1], ReLU: relu}
	if err := shape.Check(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	o := &dense{Dense: shape, y: newBuffer(shape.N, shape.Out)}
	o.base = c.newBase("Dense", o.y.shape, x, w, b)
	c.reserve(o.WorkSize())
	return c.add(o)
}

type dense struct {
	base
	kernel.Dense
	y *buffer
}

func (o *dense) result() *buffer    { return o.y }
func (o *dense) buffers() []*buffer { return []*buffer{o.y} }

func (o *dense) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer o.guard(&err)
	defer o.report(Forward, direct, o.clock())
	x, w, b := floats(in[0]), floats(in[1]), floats(in[2])
	return o.y.value, o.Forward(o.ctx.pool, o.y.data, x, w, b, o.ctx.workspace, o.ctx.rows)
}

// DiffWRT says that the gradient reaches weights and bias, and x unless it is data.
func (o *dense) DiffWRT(int) []bool { return []bool{needsGradient(o.inputs[0]), true, true} }

// SymDiff adds one node that computes all gradients in turn, and a node for each.
func (o *dense) SymDiff(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	o.ctx.SetLayer(o.layer)
	g := &denseGradient{forward: o, layerGradient: o.ctx.newLayerGradient("DenseGradient", in, y, dy)}
	return o.ctx.gradients(g, &g.layerGradient)
}

type denseGradient struct {
	layerGradient
	forward *dense
}

func (g *denseGradient) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer g.guard(&err)
	x, w, y, dy := floats(in[0]), floats(in[1]), floats(in[2]), floats(in[3])
	d, ctx := g.forward.Dense, g.ctx
	if !d.ReLU {
		y = nil
	}
	start := g.clock()
	if err := d.WeightGradient(ctx.pool, g.dw.data, g.db.data, x, dy, y, ctx.workspace, ctx.rows); err != nil {
		return nil, err
	}
	g.report(WeightGradient, direct, start)
	if g.dx == nil {
		return g.db.value, nil
	}
	defer g.report(InputGradient, direct, g.clock())
	return g.dx.value, d.InputGradient(ctx.pool, g.dx.data, dy, y, w, ctx.workspace, ctx.rows)
}
