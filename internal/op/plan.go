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

// buffer is memory that an operation writes.
type buffer struct {
	shape      tensor.Shape
	ofBytes    bool    // one byte an element instead of a float32
	liveOut    bool    // read after the graph has run, as the values of unread nodes are
	persistent bool    // read by later runs: shares its memory with no other
	freedBy    *buffer // work space: dead when the same operation writes that buffer

	// Filled by place.
	data  []float32
	bytes []byte
	value *tensor.Dense // of data

	// Filled by Plan.
	maker  int   // index of the node that writes it
	uses   []int // indices of the nodes that read it
	offset int   // in the arena, in floats
}

func newBuffer(shape ...int) *buffer { return &buffer{shape: shape} }

func newByteBuffer(shape ...int) *buffer { return &buffer{shape: shape, ofBytes: true} }

// floats is the buffer's memory in floats, rounded up to a cache line.
func (b *buffer) floats() int {
	n := b.shape.TotalSize()
	if b.ofBytes {
		n = (n + 3) / 4
	}
	return (n + 15) &^ 15
}

// place gives the buffer its memory.
func (b *buffer) place(arena []float32) {
	n := b.shape.TotalSize()
	if b.ofBytes {
		b.bytes = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(arena[b.offset:]))), n)
		return
	}
	b.data = arena[b.offset : b.offset+n : b.offset+n]
	b.value = tensor.New(tensor.WithShape(b.shape...), tensor.WithBacking(b.data))
}

// Plan assigns offsets to the buffers of all operations of the graph. Two buffers share memory if the
// graph's edges alone prove that one is dead before the other is written: every reader of the one is
// needed by the writer of the other. Call it once, on the complete graph: after gorgonia.Grad. It
// allocates nothing.
func (g *Graph) Plan(expr *gorgonia.ExprGraph) error {
	sorted, err := gorgonia.Sort(expr)
	if err != nil {
		return fmt.Errorf("op: %w", err)
	}
	slices.Reverse(sorted) // inputs first
	if g.buffers, err = lifetimes(sorted); err != nil {
		return err
	}
	g.arena = pack(g.buffers, ancestors(sorted))
	return nil
}

// Allocate allocates the memory of the plan. Call it once, before the first run.
func (g *Graph) Allocate() error {
	arena, err := memory.Floats(g.arena)
	if err != nil {
		return err
	}
	for _, b := range g.buffers {
		b.place(arena)
	}
	return nil
}

// lifetimes lists the buffers of the nodes with who makes and who reads them.
func lifetimes(sorted gorgonia.Nodes) ([]*buffer, error) {
	var list []*buffer
	index := make(map[int64]int, len(sorted))
	for i, n := range sorted {
		index[n.ID()] = i
	}
	read := make([]bool, len(sorted))
	for i, n := range sorted {
		o, ok := n.Op().(*operation)
		if !ok {
			continue
		}
		for _, b := range slices.Concat(o.writes, o.work) {
			b.maker = i
			list = append(list, b)
		}
		for _, child := range o.inputs {
			at, ok := index[child.ID()]
			if !ok {
				return nil, fmt.Errorf("op: %v reads a node outside the graph", n)
			}
			read[at] = true
			for _, b := range o.reads(child) {
				b.uses = append(b.uses, i)
			}
		}
	}
	for i, n := range sorted {
		if o, ok := n.Op().(*operation); ok && !read[i] && o.out != nil {
			o.out.liveOut = true
		}
	}
	return list, nil
}

// reads lists the buffers that o may read of an input.
func (o *operation) reads(input *gorgonia.Node) []*buffer {
	from, ok := input.Op().(*operation)
	switch {
	case !ok:
		return nil
	case o.isPart:
		return []*buffer{o.out}
	case from.out == nil || slices.Contains(from.writes, from.out):
		return from.writes
	}
	return append(slices.Clone(from.writes), from.out)
}

// ancestors returns, for each node, the set of nodes that it needs, directly or not: bit i stands
// for the i-th node.
func ancestors(sorted gorgonia.Nodes) []*big.Int {
	index := make(map[int64]int, len(sorted))
	sets := make([]*big.Int, len(sorted))
	for i, n := range sorted {
		index[n.ID()] = i
		sets[i] = new(big.Int)
		o, ok := n.Op().(*operation)
		if !ok {
			continue
		}
		for _, child := range o.inputs {
			at := index[child.ID()]
			sets[i].SetBit(sets[i].Or(sets[i], sets[at]), at, 1)
		}
	}
	return sets
}

// deadBefore reports whether a is never read again once b's maker runs.
func deadBefore(a, b *buffer, needs []*big.Int) bool {
	if a.liveOut || a.persistent || b.persistent {
		return false
	}
	if a.freedBy == b {
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
