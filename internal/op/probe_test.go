package op

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
)

// through passes a value and its gradient on: it makes data look like an activation.
type through struct{ base }

func (o *through) buffers() []*buffer                              { return nil }
func (o *through) result() *buffer                                 { return nil }
func (o *through) Do(in ...gorgonia.Value) (gorgonia.Value, error) { return in[0], nil }
func (o *through) DiffWRT(int) []bool                              { return []bool{true} }
func (o *through) SymDiff(_ gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{dy}, nil
}

// weigh is a cost whose gradient with respect to y is dy.
type weigh struct{ base }

func (o *weigh) Do(in ...gorgonia.Value) (gorgonia.Value, error) { return gorgonia.NewF32(1), nil }
func (o *weigh) DiffWRT(int) []bool                              { return []bool{true, false} }
func (o *weigh) SymDiff(in gorgonia.Nodes, _, _ *gorgonia.Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{in[1], nil}, nil
}

// probe runs one operation forward and backward.
type probe struct {
	t       testing.TB
	ctx     *Context
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
	return &probe{t: t, ctx: NewContext(workers, batch, 7), g: gorgonia.NewGraph()}
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
	o := &through{p.ctx.newBase("through", n.Shape(), n)}
	return p.must(p.ctx.add(o))
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
	o := &weigh{p.ctx.newBase("weigh", tensor.ScalarShape(), y, grad)}
	return p.must(p.ctx.add(o))
}

// plan takes the gradients of cost and makes the graph ready to run.
func (p *probe) plan(cost *gorgonia.Node, wrt ...*gorgonia.Node) {
	p.t.Helper()
	if _, err := gorgonia.Grad(cost, wrt...); err != nil {
		p.t.Fatal(err)
	}
	if err := p.ctx.Plan(p.g); err != nil {
		p.t.Fatal(err)
	}
	p.ctx.Allocate()
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
