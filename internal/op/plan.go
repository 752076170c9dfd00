package op

import (
	"fmt"
	"math/big"
	"slices"
	"unsafe"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/memory"
)

// buffer is memory that an operation writes and that later operations read.
type buffer struct {
	shape tensor.Shape
	bytes bool // one byte an element instead of a float32
	kept  bool // read after the graph has run, as the values of unread nodes are

	lasting bool // read by later runs, too: shares its memory with no other

	data  []float32
	arg   []byte
	value *tensor.Dense // nil for bytes

	until *buffer // work space: not needed any more when the same operation writes that buffer

	// Filled by Plan.
	maker  int   // index of the node that writes it
	uses   []int // indices of the nodes that read it
	output bool  // read after the graph has run
	offset int   // in the arena, in floats
}

func newBuffer(shape ...int) *buffer { return &buffer{shape: shape} }

// floats is the memory that the buffer takes, in floats, rounded up to a cache line.
func (b *buffer) floats() int {
	n := b.shape.TotalSize()
	if b.bytes {
		n = (n + 3) / 4
	}
	return (n + 15) &^ 15
}

// place gives the buffer its memory.
func (b *buffer) place(arena []float32) {
	n := b.shape.TotalSize()
	if b.bytes {
		b.arg = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(arena[b.offset:]))), n)
		return
	}
	b.data = arena[b.offset : b.offset+n : b.offset+n]
	b.value = tensor.New(tensor.WithShape(b.shape...), tensor.WithBacking(b.data))
}

// planned is what an operation tells Plan: the buffers that it writes for others to read, and
// the one that its node's value is (which may be another operation's).
type planned interface {
	buffers() []*buffer
	result() *buffer
}

// Plan finds a place for the buffers of all operations of the graph. Two buffers share memory
// where the graph's edges alone prove that one is dead before the other is written: every reader
// of the one is needed by the writer of the other. Call it once, when the graph is whole: after
// gorgonia.Grad. No memory is taken before Allocate.
func (c *Context) Plan(g *gorgonia.ExprGraph) error {
	sorted, err := gorgonia.Sort(g)
	if err != nil {
		return fmt.Errorf("op: %w", err)
	}
	slices.Reverse(sorted) // inputs first
	if c.buffers, err = lifetimes(sorted); err != nil {
		return err
	}
	c.arena = pack(c.buffers, ancestors(sorted))
	return nil
}

// Allocate takes the memory that Plan has planned. Call it once, before the first run.
func (c *Context) Allocate() {
	arena := memory.Floats(c.arena)
	for _, b := range c.buffers {
		b.place(arena)
	}
}

// lifetimes lists the buffers of the nodes with who makes and who reads them.
func lifetimes(sorted gorgonia.Nodes) ([]*buffer, error) {
	var list []*buffer
	index := make(map[int64]int, len(sorted))
	for i, n := range sorted {
		index[n.ID()] = i
	}
	owned := make([][]*buffer, len(sorted)) // what reading a node's value may read
	for i, n := range sorted {
		o, ok := n.Op().(planned)
		if !ok {
			continue
		}
		for _, b := range o.buffers() {
			b.maker, b.output = i, b.kept
			list = append(list, b)
		}
		for _, b := range n.Op().(operation).scratch() {
			b.maker = i
			list = append(list, b)
		}
		owned[i] = o.buffers()
		if r := o.result(); r != nil && !slices.Contains(owned[i], r) {
			owned[i] = append(slices.Clone(owned[i]), r)
		}
		for _, child := range nodesOf(n) {
			at, ok := index[child.ID()]
			if !ok {
				return nil, fmt.Errorf("op: %v reads a node outside the graph", n)
			}
			for _, b := range owned[at] {
				if p, ok := n.Op().(*part); !ok || b == p.of { // a part reads no other
					b.uses = append(b.uses, i)
				}
			}
		}
	}
	read := make([]bool, len(sorted))
	for _, n := range sorted {
		for _, child := range nodesOf(n) {
			read[index[child.ID()]] = true
		}
	}
	for i, n := range sorted {
		if o, ok := n.Op().(planned); ok && !read[i] {
			if r := o.result(); r != nil {
				r.output = true
			}
		}
	}
	return list, nil
}

// nodesOf is the inputs of a node that one of our operations made.
func nodesOf(n *gorgonia.Node) []*gorgonia.Node {
	if o, ok := n.Op().(operation); ok {
		return o.children()
	}
	return nil
}

// ancestors returns, for each node, the set of nodes that it needs, directly or not: bit i stands
// for the i-th node.
func ancestors(sorted gorgonia.Nodes) []*big.Int {
	index := make(map[int64]int, len(sorted))
	sets := make([]*big.Int, len(sorted))
	for i, n := range sorted {
		index[n.ID()] = i
		sets[i] = new(big.Int)
		for _, child := range nodesOf(n) {
			at := index[child.ID()]
			sets[i].SetBit(sets[i].Or(sets[i], sets[at]), at, 1)
		}
	}
	return sets
}

// deadBefore reports whether a is never read again once b's maker runs.
func deadBefore(a, b *buffer, needs []*big.Int) bool {
	if a.output || a.lasting || b.lasting {
		return false
	}
	if a.until == b {
		return true
	}
	if len(a.uses) == 0 {
		return needs[b.maker].Bit(a.maker) == 1
	}
	for _, use := range a.uses {
		if needs[b.maker].Bit(use) == 0 {
			return false
		}
	}
	return true
}

// pack sets the buffers' offsets, largest first, each at the lowest place that no buffer alive
// at the same time takes, and returns the size of the whole in floats.
func pack(list []*buffer, needs []*big.Int) int {
	order := slices.Clone(list)
	slices.SortStableFunc(order, func(a, b *buffer) int { return b.floats() - a.floats() })
	size := 0
	var taken []*buffer
	for i, b := range order {
		taken = taken[:0]
		for _, other := range order[:i] {
			if !deadBefore(other, b, needs) && !deadBefore(b, other, needs) {
				taken = append(taken, other)
			}
		}
		slices.SortFunc(taken, func(x, y *buffer) int { return x.offset - y.offset })
		b.offset = 0
		for _, other := range taken {
			if b.offset+b.floats() <= other.offset {
				break
			}
			b.offset = max(b.offset, other.offset+other.floats())
		}
		size = max(size, b.offset+b.floats())
	}
	return size
}
