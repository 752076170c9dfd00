package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// Dense adds the fully connected layer y = x·w + b, followed by a ReLU if relu is set.
//
//	x   N×F        w   F×G in panels        b   G        y   N×G   (torch.nn.functional.linear)
func (g *Graph) Dense(x, w, b *gorgonia.Node, relu bool) (*gorgonia.Node, error) {
	xs, ws, bs := x.Shape(), w.Shape(), b.Shape()
	if xs.Dims() != 2 || ws.Dims() != 2 || bs.Dims() != 1 || xs[1] != ws[0] || bs[0] != ws[1] || xs[0] != g.batch {
		return nil, fmt.Errorf("op: dense layer of %v by weights %v and bias %v, batch %d", xs, ws, bs, g.batch)
	}
	shape := kernel.Dense{N: xs[0], In: ws[0], Out: ws[1], ReLU: relu}
	if err := shape.Check(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	o := g.newOperation("Dense", newBuffer(shape.N, shape.Out), x, w, b)
	packed := newBuffer(shape.PackedSize()) // x as the weight gradient reads it
	if g.training {
		packed.liveOut = true
		o.writes = append(o.writes, packed)
	} else {
		o.work = append(o.work, packed)
	}
	o.does(Forward, string(kernel.Direct), func(in []gorgonia.Value) error {
		x, w, b := floats(in[0]), floats(in[1]), floats(in[2])
		return shape.Forward(g.workers, o.out.data, x, w, b, packed.data, g.rows)
	})
	o.wrt = []bool{needsGradient(x), true, true}
	o.gradient = func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		return g.denseGradient(o, shape, packed, in, y, dy)
	}
	return g.add(o)
}

// denseGradient adds the operation that computes dx, db and what dw is made of, and a node for
// each. dw is never stored: it is large and read once, by the solver, so its value is a LazyGradient.
func (g *Graph) denseGradient(o *operation, shape kernel.Dense, packed *buffer, in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	d := o.layerGradient(in, newBuffer(shape.N, shape.Out), in[1], y, dy)
	masked, turned := d.dw, &buffer{} // dy by the ReLU, in panels, and turned
	if d.dx != nil {
		turned = d.reserve(shape.N * shape.Out)
	}
	dw := &LazyGradient{}
	d.does(InputGradient, string(kernel.Direct), func(in []gorgonia.Value) error {
		w, y, dy := floats(in[0]), floats(in[1]), floats(in[2])
		if !shape.ReLU {
			y = nil
		}
		dw.of = kernel.DenseGradient{Dense: shape, X: packed.data, DY: masked.data, Rows: g.rows}
		if err := shape.Gradients(g.workers, masked.data, turned.data, d.db.data, dy, y, g.rows); err != nil || d.dx == nil {
			return err
		}
		return shape.InputGradient(g.workers, d.dx.data, turned.data, w, g.rows)
	})
	return d.nodes(dw)
}
