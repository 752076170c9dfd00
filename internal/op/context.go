// Package op holds the Gorgonia operations of a VGG network: convolution, pooling, dense
// layers, dropout and the loss, each with its gradient by SymDiff.
//
// Shape letters: N rows of the batch, H×W pixels, C channels, F features. Activations are
// float32 tensors N×H×W×C or N×F; matrices of weights are stored in panels (kernel.PanelIndex).
//
// Every operation belongs to a Context and writes to buffers that Context.Allocate gave it, so
// running a graph allocates nothing that grows with the batch. A graph is built for the full
// batch; with Context.SetRows fewer rows count and the others hold whatever they held before.
package op

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// ErrNotFinite is the error of a loss that is NaN or infinite. The gradients were not taken.
var ErrNotFinite = errors.New("the loss is not finite")

// Context is what the operations of one graph share: the workers, the buffers, and the state
// of the current step.
type Context struct {
	workers *kernel.Workers
	batch   int
	seed    uint64

	step    uint64
	rows    int
	loss    float64
	weights uint64 // see SetWeights

	observer func(Timing) // nil: nobody watches
	layer    string       // of the operations being added

	operations int // made so far: the next one's id
	dropouts   int
	buffers    []*buffer // of all operations, as planned
	arena      int       // their floats
}

// NewContext returns the context of a graph for batches of the given number of rows. The seed
// decides the dropout masks.
func NewContext(workers *kernel.Workers, batch int, seed uint64) *Context {
	return &Context{workers: workers, batch: batch, rows: batch, seed: seed}
}

// SetStep sets the number of the training step, from which dropout draws its masks.
func (c *Context) SetStep(step uint64) { c.step = step }

// SetRows sets how many rows of the batch count from now on: 1 to the batch size.
func (c *Context) SetRows(rows int) error {
	if rows < 1 || rows > c.batch {
		return fmt.Errorf("op: %d rows in a batch of %d", rows, c.batch)
	}
	c.rows = rows
	return nil
}

// SetWeights numbers the version of the weights. Operations keep what they derive from weights, such
// as transformed filters, until it is another.
func (c *Context) SetWeights(version uint64) { c.weights = version }

// Loss is the latest value of the loss operation, before its rounding to float32.
func (c *Context) Loss() float64 { return c.loss }

// PlannedBytes is the memory of the buffers that Plan has planned.
func (c *Context) PlannedBytes() int64 { return 4 * int64(c.arena) }

// operation is what all operations here are, by their base.
type operation interface {
	gorgonia.Op
	children() []*gorgonia.Node // the inputs
	scratch() []*buffer         // work space
}

// add puts an operation into the graph.
func (c *Context) add(o operation) (*gorgonia.Node, error) {
	node, err := gorgonia.ApplyOp(o, o.children()...)
	if err != nil {
		return nil, fmt.Errorf("op: %v: %w", o, err)
	}
	return node, nil
}
