// Package op holds the Gorgonia operations of a network: convolution, pooling, dense layers,
// activations, dropout and the loss, each with its gradient by SymDiff.
//
// Shape letters: N rows of the batch, H×W pixels, C channels, F features. Activations are
// float32 tensors N×H×W×C or N×F; matrices of weights are stored in panels (kernel.PanelIndex).
//
// Every operation belongs to a Graph and writes to buffers that Graph.Allocate gave it, so running
// it allocates nothing that grows with the batch. A graph is built for the full batch; with
// Graph.SetRows fewer rows count and the others hold whatever they held before.
package op

import (
	"errors"
	"fmt"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
)

// ErrNotFinite is the error of a loss that is NaN or infinite. The gradients were not taken.
var ErrNotFinite = errors.New("the loss is not finite")

// Graph adds operations to a graph of Gorgonia's. It holds what they share: the workers, the
// buffers, and the state of the current step.
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

// NewGraph returns a graph for batches of the given number of rows. With training, its operations
// keep what their gradients need. The seed decides the dropout masks.
func NewGraph(workers *kernel.Workers, batch int, training bool, seed uint64) *Graph {
	return &Graph{workers: workers, batch: batch, rows: batch, training: training, seed: seed}
}

// SetStep sets the number of the training step, from which dropout draws its masks.
func (g *Graph) SetStep(step uint64) { g.step = step }

// SetRows sets how many rows of the batch count from now on: 1 to the batch size.
func (g *Graph) SetRows(rows int) error {
	if rows < 1 || rows > g.batch {
		return fmt.Errorf("op: %d rows in a batch of %d", rows, g.batch)
	}
	g.rows = rows
	return nil
}

// SetWeights numbers the version of the weights. Without training, operations keep what they derive
// from weights, such as transformed filters, until it is another.
func (g *Graph) SetWeights(version uint64) { g.weights = version }

// SetLayer names the layer of the operations that are added from now on.
func (g *Graph) SetLayer(name string) { g.layer = name }

// Loss is the latest value of the loss operation, before its rounding to float32.
func (g *Graph) Loss() float64 { return g.loss }

// PlannedBytes is the memory of the buffers that Plan has planned.
func (g *Graph) PlannedBytes() int64 { return 4 * int64(g.arena) }

// newOperation returns an operation on inputs whose value is in out. What it does is left to be
// set, and then add puts it into the graph.
func (g *Graph) newOperation(name string, out *buffer, inputs ...*gorgonia.Node) *operation {
	o := g.newSpecial(name, out.shape, inputs...)
	o.out, o.writes = out, []*buffer{out}
	return o
}

// newSpecial returns an operation whose value is in no buffer of its own.
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

// The passes of a layer. Those without weights know two of them.
const (
	Forward        = "forward"
	InputGradient  = "input gradient"
	WeightGradient = "weight gradient"
)

// Timing is how long one pass of one layer took. Algorithm is empty where there is no choice.
type Timing struct {
	Layer     string // by SetLayer
	Pass      string
	Algorithm string
	Took      time.Duration
}

// Observe calls f after each pass from now on, on the goroutine that runs it. A nil f ends that.
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
