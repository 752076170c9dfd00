package op

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// base is the part of gorgonia.Op that all operations here have in common.
type base struct {
	ctx    *Context
	id     int
	name   string
	layer  string // see Context.SetLayer
	inputs []*gorgonia.Node
	shape  tensor.Shape
	work   *buffer // see reserve; nil: none
}

// newBase returns the base of a new operation on inputs with an output of the given shape.
func (c *Context) newBase(name string, shape tensor.Shape, inputs ...*gorgonia.Node) base {
	c.operations++
	return base{ctx: c, id: c.operations, name: name, layer: c.layer, inputs: inputs, shape: shape}
}

func (b *base) children() []*gorgonia.Node { return b.inputs }

// reserve asks Plan for n floats of work space: memory of the operation's own while it runs.
func (b *base) reserve(n int) { b.work = newBuffer(n) }

func (b *base) scratch() []*buffer {
	if b.work == nil {
		return nil
	}
	return []*buffer{b.work}
}

func (b *base) Arity() int           { return len(b.inputs) }
func (b *base) ReturnsPtr() bool     { return false }
func (b *base) CallsExtern() bool    { return false }
func (b *base) OverwritesInput() int { return -1 }
func (b *base) String() string       { return fmt.Sprintf("%s#%d", b.name, b.id) }

// Type is a function from the inputs' types to the output's. Gorgonia consumes the value, so
// each call makes a new one.
func (b *base) Type() hm.Type {
	types := make([]hm.Type, 0, len(b.inputs)+1)
	for _, in := range b.inputs {
		types = append(types, typeOf(in.Shape(), in.Dtype()))
	}
	return hm.NewFnType(append(types, typeOf(b.shape, tensor.Float32))...)
}

func typeOf(shape tensor.Shape, of tensor.Dtype) hm.Type {
	if shape.IsScalar() {
		return of
	}
	return gorgonia.TensorType{Dims: shape.Dims(), Of: of}
}

func (b *base) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return b.shape.Clone(), nil }

// WriteHash is unique to the operation: Gorgonia merges nodes whose hashes are equal.
func (b *base) WriteHash(h hash.Hash) { fmt.Fprintf(h, "vggtrain %s#%d", b.name, b.id) }

func (b *base) Hashcode() uint32 {
	h := fnv.New32a()
	b.WriteHash(h)
	return h.Sum32()
}

// guard turns a panic into an error: Gorgonia runs operations on a goroutine of its own, where
// a panic would end the process.
func (b *base) guard(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%v: %v", b, r)
	}
}

// floats is the data of a value.
func floats(v gorgonia.Value) []float32 {
	return v.(*tensor.Dense).Float32s()
}

// needsGradient reports whether a node's gradient is ever asked for: not if it is data.
func needsGradient(n *gorgonia.Node) bool { return n.Op() != nil }

// part hands out a further result of an operation that computes several: the node of dw and
// db beside dx.
type part struct {
	base
	of   *buffer
	lazy *LazyGradient // made of the buffer, the result instead of it; nil: the buffer is
}

func (c *Context) newPart(name string, of *buffer, node *gorgonia.Node) (*gorgonia.Node, error) {
	return c.add(&part{base: c.newBase(name, of.shape, node), of: of})
}

func (p *part) Do(...gorgonia.Value) (gorgonia.Value, error) {
	if p.lazy != nil {
		return p.lazy, nil
	}
	return p.of.value, nil
}

func (p *part) result() *buffer    { return p.of }
func (p *part) buffers() []*buffer { return nil }
