package op

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
)

// probe runs one operation forward and backward.
type probe struct {
	t       testing.TB
	ops     *Graph
	g       *gorgonia.ExprGraph
	inputs  gorgonia.Nodes
	machine gorgonia.VM
}

func newProbe(t testing.TB, isa string, threads, batch int) *probe {
	t.Helper()
	workers, err := kernel.NewWorkers(threads, isa)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Close)
	return &probe{t: t, ops: NewGraph(workers, batch, true, 7), g: gorgonia.NewGraph()}
}

// input adds an input with its value, a slice of float32 or int32.
func (p *probe) input(name string, backing any, shape ...int) *gorgonia.Node {
	p.t.Helper()
	value := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing))
	n := gorgonia.NewTensor(p.g, value.Dtype(), len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(value))
	p.inputs = append(p.inputs, n)
	return n
}

// activation makes a node of data that has a gradient.
func (p *probe) activation(n *gorgonia.Node) *gorgonia.Node {
	p.t.Helper()
	o := p.ops.newSpecial("through", n.Shape(), n)
	o.does("", "", func(in []gorgonia.Value) error { o.value = in[0]; return nil })
	o.wrt = []bool{true}
	o.gradient = func(_ gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) { return gorgonia.Nodes{dy}, nil }
	return p.must(p.ops.add(o))
}

func (p *probe) must(n *gorgonia.Node, err error) *gorgonia.Node {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

// cost is a scalar whose gradient with respect to y is dy.
func (p *probe) cost(y *gorgonia.Node, dy []float32) *gorgonia.Node {
	p.t.Helper()
	grad := p.input("dy", dy, y.Shape()...)
	o := p.ops.newSpecial("weigh", tensor.ScalarShape(), y, grad)
	o.value, o.wrt = gorgonia.NewF32(1), []bool{true, false}
	o.gradient = func(in gorgonia.Nodes, _, _ *gorgonia.Node) (gorgonia.Nodes, error) {
		return gorgonia.Nodes{in[1], nil}, nil
	}
	return p.must(p.ops.add(o))
}

// plan takes the gradients of cost and makes the graph ready to run.
func (p *probe) plan(cost *gorgonia.Node, wrt ...*gorgonia.Node) {
	p.t.Helper()
	if _, err := gorgonia.Grad(cost, wrt...); err != nil {
		p.t.Fatal(err)
	}
	if err := p.ops.Plan(p.g); err != nil {
		p.t.Fatal(err)
	}
	if err := p.ops.Allocate(); err != nil {
		p.t.Fatal(err)
	}
	p.machine = gorgonia.NewTapeMachine(p.g)
	p.t.Cleanup(func() { p.machine.Close() })
}

func (p *probe) run() error {
	p.machine.Reset()
	return p.machine.RunAll()
}

// gradient is the value of a node's gradient after a run.
func (p *probe) gradient(n *gorgonia.Node) []float32 {
	p.t.Helper()
	v, err := n.Grad()
	if err != nil {
		p.t.Fatal(err)
	}
	return v.(interface{ Float32s() []float32 }).Float32s()
}

// equal compares bits, NaN included.
func equal(a, b []float32) string {
	return cmp.Diff(a, b, cmp.Comparer(func(x, y float32) bool { return x == y || x != x && y != y }))
}
