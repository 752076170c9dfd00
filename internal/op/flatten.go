package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Flatten adds y, which is x (N×H×W×C) seen as N×(H·W·C). Nothing is copied.
func (c *Context) Flatten(x *gorgonia.Node) (*gorgonia.Node, error) {
	xs := x.Shape()
	if xs.Dims() < 2 || xs[0] != c.batch {
		return nil, fmt.Errorf("op: flatten of %v, batch %d", xs, c.batch)
	}
	return c.view("Flatten", x, tensor.Shape{xs[0], xs.TotalSize() / xs[0]})
}

func (c *Context) view(name string, x *gorgonia.Node, shape tensor.Shape) (*gorgonia.Node, error) {
	o := &view{}
	o.base = c.newBase(name, shape, x)
	return c.add(o)
}

// view shows its input's data in another shape.
type view struct {
	base
	value *tensor.Dense // made for the data last seen
	data  []float32
}

func (o *view) buffers() []*buffer { return nil }

// result is the buffer behind the input, if it is one of ours.
func (o *view) result() *buffer {
	if p, ok := o.inputs[0].Op().(planned); ok {
		return p.result()
	}
	return nil
}

func (o *view) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer o.guard(&err)
	data := floats(in[0])
	if o.value == nil || &o.data[0] != &data[0] {
		o.data = data
		o.value = tensor.New(tensor.WithShape(o.shape...), tensor.WithBacking(data))
	}
	return o.value, nil
}

func (o *view) DiffWRT(int) []bool { return []bool{needsGradient(o.inputs[0])} }

// SymDiff shows dy in x's shape.
func (o *view) SymDiff(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	node, err := o.ctx.view(o.name+"Gradient", dy, in[0].Shape())
	return gorgonia.Nodes{node}, err
}
