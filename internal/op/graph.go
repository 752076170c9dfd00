// Package op holds the Gorgonia operations of a network: convolution, pooling, dense layers,
// activations, dropout and the loss, each with its gradient by SymDiff.
//
// Shape letters: N rows of the batch, H×W pixels, C channels, F features. Activations are
// float32 tensors N×H×W×C or N×F; matrices of weights are stored in panels (kernel.PanelIndex).
//
// Every operation belongs to a Graph and writes to buffers from Graph.Allocate, so running it
// allocates nothing that grows with the batch. A graph is built for the full batch. Graph.SetRows
// limits it to the first rows; the others keep stale values.
package op

import (
	"errors"
	"fmt"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
)

// ErrNotFinite is the error of a loss that is NaN or infinite. The gradients are not computed then.
var ErrNotFinite = errors.New("the loss is not finite")

// Graph adds operations to a graph of Gorgonia's. It holds their shared state: the workers, the
// buffers and the current step.
type Graph struct {
	workers  *kernel.Workers
	batch    int
	seed     uint64
	training bool

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

// NewGraph returns a graph for batches of the given number of rows. With training, operations keep
// the values needed by their gradients. The seed is of the dropout masks.
func NewGraph(workers *kernel.Workers, batch int, training bool, seed uint64) *Graph {
	return &Graph{workers: workers, batch: batch, rows: batch, training: training, seed: seed}
}

// SetStep sets the number of the training step, for the dropout masks.
func (g *Graph) SetStep(step uint64) { g.step = step }

// SetRows sets the number of valid rows of the batch: 1 to the batch size.
func (g *Graph) SetRows(rows int) error {
	if rows < 1 || rows > g.batch {
		return fmt.Errorf("op: %d rows in a batch of %d", rows, g.batch)
	}
	g.rows = rows
	return nil
}

// SetWeights sets the version of the weights. Without training, operations cache values derived from
// weights, such as transformed filters, until it changes.
func (g *Graph) SetWeights(version uint64) { g.weights = version }

// SetLayer sets the layer's name for operations added from now on.
func (g *Graph) SetLayer(name string) { g.layer = name }

// Loss is the latest value of the loss operation, before its rounding to float32.
func (g *Graph) Loss() float64 { return g.loss }

// PlannedBytes is the size of the buffers after Plan.
func (g *Graph) PlannedBytes() int64 { return 4 * int64(g.arena) }

// newOperation returns an operation on inputs with its value in out. What it does is left to be set,
// and then add puts it into the graph.
func (g *Graph) newOperation(name string, out *buffer, inputs ...*gorgonia.Node) *operation {
	o := g.newSpecial(name, out.shape, inputs...)
	o.out, o.writes = out, []*buffer{out}
	return o
}

// newSpecial returns an operation without a buffer of its own.
func (g *Graph) newSpecial(name string, shape tensor.Shape, inputs ...*gorgonia.Node) *operation {
	g.operations++
	return &operation{graph: g, id: g.operations, name: name, layer: g.layer, inputs: inputs, shape: shape}
}

func (g *Graph) add(o *operation) (*gorgonia.Node, error) {
	node, err := gorgonia.ApplyOp(o, o.inputs...)
	if err != nil {
		return nil, fmt.Errorf("op: %v: %w", o, err)
	}
	return node, nil
}

// The passes of a layer. Layers without weights have no WeightGradient.
const (
	Forward        = "forward"
	InputGradient  = "input gradient"
	WeightGradient = "weight gradient"
)

// Timing is the duration of one pass of one layer. Algorithm is empty if the pass has only one.
type Timing struct {
	Layer     string // by SetLayer
	Pass      string
	Algorithm string
	Took      time.Duration
}

// Observe calls f after each pass from now on, on the pass's goroutine. A nil f ends that.
func (g *Graph) Observe(f func(Timing)) { g.observer = f }

// clock returns the time, or zero without an observer.
func (o *operation) clock() time.Time {
	if o.graph.observer == nil {
		return time.Time{}
	}
	return time.Now()
}

// report tells the observer of a pass that began at start and ends now.
func (o *operation) report(pass string, algorithm string, start time.Time) {
	if o.graph.observer != nil && pass != "" && !start.IsZero() {
		o.graph.observer(Timing{Layer: o.layer, Pass: pass, Algorithm: algorithm, Took: time.Since(start)})
	}
}
