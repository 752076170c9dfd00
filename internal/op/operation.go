package op

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// operation is a gorgonia.SDOp: what all operations have in common. What one does are its passes
// and its gradient, set by the function that makes it.
type operation struct {
	graph  *Graph
	id     int
	name   string
	layer  string // see Graph.SetLayer
	inputs []*gorgonia.Node
	shape  tensor.Shape // of the value

	passes   []pass
	gradient func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) // SymDiff; nil: none
	wrt      []bool                                                                // inputs that gradient has a node for

	out    *buffer        // holds the value, or what a value that is computed on demand is made of
	value  gorgonia.Value // nil: out's
	writes []*buffer      // for later operations to read
	work   []*buffer      // not read by others
	isPart bool           // reads of its input only out
}

// pass is one thing that an operation computes.
type pass struct {
	kind, algorithm string // for Timing; no kind: it takes no time
	run             func(in []gorgonia.Value) error
}

// does adds a pass.
func (o *operation) does(kind, algorithm string, run func(in []gorgonia.Value) error) {
	o.passes = append(o.passes, pass{kind, algorithm, run})
}

// reserve asks Plan for n floats of work space: memory of the operation's own while it runs.
func (o *operation) reserve(n int) *buffer {
	b := newBuffer(n)
	o.work = append(o.work, b)
	return b
}

// Do runs the passes. A panic becomes an error: Gorgonia runs operations on a goroutine of its own,
// where a panic would end the process.
func (o *operation) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v: %v", o, r)
		}
	}()
	for i := range o.passes {
		p := &o.passes[i]
		start := o.clock()
		if err := p.run(in); err != nil {
			return nil, err
		}
		o.report(p.kind, p.algorithm, start)
	}
	if o.value != nil {
		return o.value, nil
	}
	return o.out.value, nil
}

// DiffWRT reports for each input whether it has a gradient.
func (o *operation) DiffWRT(inputs int) []bool {
	if o.gradient == nil {
		return make([]bool, inputs)
	}
	return o.wrt
}

// SymDiff adds the operations for the inputs' gradients. It does not change o.
func (o *operation) SymDiff(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	if o.gradient == nil {
		return nil, fmt.Errorf("op: %v has no gradient", o)
	}
	return o.gradient(in, y, dy)
}

// derivative returns an operation of o's gradient.
func (o *operation) derivative(out *buffer, inputs ...*gorgonia.Node) *operation {
	d := o.graph.newOperation(o.name+"Gradient", out, inputs...)
	d.layer = o.layer
	return d
}

// only adds the operation and returns its node as the gradient of a first input.
func (o *operation) only() (gorgonia.Nodes, error) {
	grads := make(gorgonia.Nodes, 1)
	var err error
	grads[0], err = o.graph.add(o)
	return grads, err
}

// saved lists the inputs of an operation's gradient beside dy.
type saved int

const (
	nothing saved = iota
	input
	output
)

// unary adds an operation of x alone, which writes y and more. gradient is given what is saved for it.
func (g *Graph) unary(name string, x *gorgonia.Node, shape tensor.Shape, saves saved,
	forward func(y, x []float32) error, gradient func(dx, dy, saved []float32) error, more ...*buffer,
) (*gorgonia.Node, error) {
	o := g.newOperation(name, newBuffer(shape...), x)
	o.writes = append(o.writes, more...)
	o.does(Forward, "", func(in []gorgonia.Value) error { return forward(o.out.data, floats(in[0])) })
	o.wrt = []bool{needsGradient(x)}
	o.gradient = func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		reads := [...]gorgonia.Nodes{nothing: {dy}, input: {in[0], dy}, output: {y, dy}}[saves]
		d := o.derivative(newBuffer(x.Shape()...), reads...)
		d.does(InputGradient, "", func(in []gorgonia.Value) error {
			return gradient(d.out.data, floats(in[len(in)-1]), floats(in[0]))
		})
		return d.only()
	}
	return g.add(o)
}

// part adds a node for a second result of o, such as the gradient of weights beside that of x. node
// is o's own. The value is in of, or computed from it.
func (o *operation) part(name string, shape tensor.Shape, of *buffer, value *LazyGradient, node *gorgonia.Node) (*gorgonia.Node, error) {
	p := o.graph.newSpecial(name, shape, node)
	p.layer, p.out, p.isPart = o.layer, of, true
	if value != nil {
		p.value, value.operation = value, p
	}
	return o.graph.add(p)
}

// layerGradient is the operation that computes the gradients of a layer's inputs x, w and b in one go.
type layerGradient struct {
	*operation
	in gorgonia.Nodes // x, w, b
	dx *buffer        // nil where x is data
	dw *buffer        // or what a lazy dw is made of
	db *buffer
}

// layerGradient returns that operation for the layer o, which reads inputs. Its passes are left to be
// set.
func (o *operation) layerGradient(in gorgonia.Nodes, dw *buffer, inputs ...*gorgonia.Node) *layerGradient {
	d := &layerGradient{in: in, dw: dw, db: newBuffer(in[2].Shape()...)}
	if !o.wrt[0] {
		d.operation = o.derivative(d.db, inputs...)
		d.writes = []*buffer{dw, d.db}
		return d
	}
	d.dx = newBuffer(in[0].Shape()...)
	d.operation = o.derivative(d.dx, inputs...)
	d.writes = []*buffer{d.dx, dw, d.db}
	return d
}

// nodes adds the operation and returns the nodes of dx (nil where x is data), dw and db. dw's value
// is lazy unless that is nil.
func (d *layerGradient) nodes(lazy *LazyGradient) (gorgonia.Nodes, error) {
	node, err := d.graph.add(d.operation)
	if err != nil {
		return nil, err
	}
	weight, err := d.part("WeightGradient", d.in[1].Shape(), d.dw, lazy, node)
	if err != nil {
		return nil, err
	}
	bias, err := d.part("BiasGradient", d.in[2].Shape(), d.db, nil, node)
	if err != nil {
		return nil, err
	}
	if d.dx == nil {
		node = nil
	}
	return gorgonia.Nodes{node, weight, bias}, nil
}

// needsGradient reports whether a node's gradient is ever asked for: not if it is data.
func needsGradient(n *gorgonia.Node) bool { return n.Op() != nil }

// floats is the data of a value.
func floats(v gorgonia.Value) []float32 { return v.(*tensor.Dense).Float32s() }

func (o *operation) Arity() int           { return len(o.inputs) }
func (o *operation) ReturnsPtr() bool     { return false }
func (o *operation) CallsExtern() bool    { return false }
func (o *operation) OverwritesInput() int { return -1 }
func (o *operation) String() string       { return fmt.Sprintf("%s#%d", o.name, o.id) }

// Type is a function from the inputs' types to the output's. Gorgonia consumes the value, so
// each call makes a new one.
func (o *operation) Type() hm.Type {
	types := make([]hm.Type, 0, len(o.inputs)+1)
	for _, in := range o.inputs {
		types = append(types, typeOf(in.Shape(), in.Dtype()))
	}
	return hm.NewFnType(append(types, typeOf(o.shape, tensor.Float32))...)
}

func typeOf(shape tensor.Shape, of tensor.Dtype) hm.Type {
	if shape.IsScalar() {
		return of
	}
	return gorgonia.TensorType{Dims: shape.Dims(), Of: of}
}

func (o *operation) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return o.shape.Clone(), nil
}

// WriteHash writes a text unique to the operation, since Gorgonia merges nodes with equal hashes.
func (o *operation) WriteHash(h hash.Hash) { fmt.Fprintf(h, "vggtrain %s#%d", o.name, o.id) }

func (o *operation) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}
