package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Flatten adds y, a view of x (N×H×W×C) as N×(H·W·C), without a copy.
func (g *Graph) Flatten(x *gorgonia.Node) (*gorgonia.Node, error) {
	xs := x.Shape()
	if xs.Dims() < 2 || xs[0] != g.batch {
		return nil, fmt.Errorf("op: flatten of %v, batch %d", xs, g.batch)
	}
	o := g.view("Flatten", x, tensor.Shape{xs[0], xs.TotalSize() / xs[0]})
	o.wrt = []bool{needsGradient(x)}
	o.gradient = func(_ gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		return g.view("FlattenGradient", dy, xs).only()
	}
	return g.add(o)
}

// view returns an operation that shows x's data in another shape.
func (g *Graph) view(name string, x *gorgonia.Node, shape tensor.Shape) *operation {
	o := g.newSpecial(name, shape, x)
	if source, ok := x.Op().(*operation); ok {
		o.out = source.out
	}
	var seen []float32
	o.does("", "", func(in []gorgonia.Value) error {
		data := floats(in[0])
		if seen == nil || &seen[0] != &data[0] {
			seen, o.value = data, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
		}
		return nil
	})
	return o
}
