package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// layerGradient is the part of a layer's backward pass that computes dx, dw and db in one go and
// stores all three.
type layerGradient struct {
	base
	dx, dw, db *buffer // dx: nil where x is data
}

// newLayerGradient returns that part for the layer of inputs in (x, w, b), output y and its
// gradient dy.
func (c *Context) newLayerGradient(name string, in gorgonia.Nodes, y, dy *gorgonia.Node) layerGradient {
	g := layerGradient{dw: newBuffer(in[1].Shape()...), db: newBuffer(in[2].Shape()...)}
	shape := tensor.Shape{1} // of a value that nobody reads
	if needsGradient(in[0]) {
		g.dx = newBuffer(in[0].Shape()...)
		shape = g.dx.shape
	}
	g.base = c.newBase(name, shape, in[0], in[1], y, dy)
	return g
}

func (g *layerGradient) result() *buffer { return g.dx }

func (g *layerGradient) buffers() []*buffer {
	if g.dx == nil {
		return []*buffer{g.dw, g.db}
	}
	return []*buffer{g.dx, g.dw, g.db}
}

// gradients adds the operation o, whose part is g, and returns the nodes of dx (nil where x is
// data), dw and db.
func (c *Context) gradients(o operation, g *layerGradient) (gorgonia.Nodes, error) {
	node, err := c.add(o)
	if err != nil {
		return nil, err
	}
	weight, err := c.newPart("WeightGradient", g.dw, node)
	if err != nil {
		return nil, err
	}
	bias, err := c.newPart("BiasGradient", g.db, node)
	if err != nil {
		return nil, err
	}
	if g.dx == nil {
		return gorgonia.Nodes{nil, weight, bias}, nil
	}
	return gorgonia.Nodes{node, weight, bias}, nil
}
