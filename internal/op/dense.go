package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

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
	o.reserve(o.PackedSize())
	return c.add(o)
}

type dense struct {
	base
	kernel.Dense
	y      *buffer
	packed *buffer // x as the weight gradient reads it; nil where there is none
}

func (o *dense) result() *buffer { return o.y }

func (o *dense) buffers() []*buffer {
	if o.packed == nil {
		return []*buffer{o.y}
	}
	return []*buffer{o.y, o.packed}
}

func (o *dense) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer o.guard(&err)
	defer o.report(Forward, string(kernel.Direct), o.clock())
	x, w, b := floats(in[0]), floats(in[1]), floats(in[2])
	packed := o.packed
	if packed == nil {
		packed = o.work
	}
	return o.y.value, o.Forward(o.ctx.workers, o.y.data, x, w, b, packed.data, o.ctx.rows)
}

// DiffWRT says that the gradient reaches weights and bias, and x unless it is data.
func (o *dense) DiffWRT(int) []bool { return []bool{needsGradient(o.inputs[0]), true, true} }

// SymDiff adds one node that computes dx, db and what dw is made of, and a node for each. dw itself
// is larger than all of these and read once: its node's value is a LazyGradient.
func (o *dense) SymDiff(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	o.ctx.SetLayer(o.layer)
	o.packed, o.work = o.work, nil
	o.packed.kept = true
	g := &denseGradient{forward: o, dy: newBuffer(o.N, o.Out), db: newBuffer(o.Out)}
	shape := g.db.shape
	if needsGradient(in[0]) {
		g.dx = newBuffer(o.N, o.In)
		shape = g.dx.shape
	}
	g.base = o.ctx.newBase("DenseGradient", shape, in[1], y, dy)
	if g.dx != nil {
		g.reserve(o.N * o.Out)
	}
	return g.nodes()
}

// denseGradient computes all but dw.
type denseGradient struct {
	base
	forward *dense
	dx      *buffer // nil where x is data
	dy      *buffer // masked, in panels: read when dw is computed
	db      *buffer
	dw      LazyGradient
}

// nodes adds the operation and returns the nodes of dx (nil where x is data), dw and db.
func (g *denseGradient) nodes() (gorgonia.Nodes, error) {
	node, err := g.ctx.add(g)
	if err != nil {
		return nil, err
	}
	g.dw.base = g.ctx.newBase("WeightGradient", tensor.Shape{g.forward.In, g.forward.Out}, node)
	weight, err := g.ctx.add(&part{base: g.dw.base, of: g.dy, lazy: &g.dw})
	if err != nil {
		return nil, err
	}
	bias, err := g.ctx.newPart("BiasGradient", g.db, node)
	if err != nil {
		return nil, err
	}
	if g.dx == nil {
		node = nil
	}
	return gorgonia.Nodes{node, weight, bias}, nil
}

func (g *denseGradient) result() *buffer { return g.dx }

func (g *denseGradient) buffers() []*buffer {
	if g.dx == nil {
		return []*buffer{g.dy, g.db}
	}
	return []*buffer{g.dx, g.dy, g.db}
}

func (g *denseGradient) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer g.guard(&err)
	defer g.report(InputGradient, string(kernel.Direct), g.clock())
	w, y, dy := floats(in[0]), floats(in[1]), floats(in[2])
	d, ctx := g.forward.Dense, g.ctx
	if !d.ReLU {
		y = nil
	}
	var turned []float32
	if g.dx != nil {
		turned = g.work.data
	}
	g.dw.of = kernel.DenseGradient{Dense: d, X: g.forward.packed.data, DY: g.dy.data, Rows: ctx.rows}
	if err := d.Gradients(ctx.workers, g.dy.data, turned, g.db.data, dy, y, ctx.rows); err != nil || g.dx == nil {
		return g.db.value, err
	}
	return g.dx.value, d.InputGradient(ctx.workers, g.dx.data, turned, w, ctx.rows)
}
