package model

import (
	"fmt"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/op"
)

// ErrLossNotFinite is the error of Trainer.Step if the loss is NaN or infinite.
var ErrLossNotFinite = op.ErrNotFinite

// Options are the settings of a training graph.
type Options struct {
	Batch          int     // images of a full batch
	LabelSmoothing float64 // in [0, 1)
	Dropout        bool    // whether Dropout layers drop
	Seed           uint64  // of the dropout masks
}

// Trainer computes a network's loss and gradients for batches of images. It is for one
// goroutine; the pool runs its operations on many.
type Trainer struct {
	graph  *graph
	labels *gorgonia.Node
	params Params               // the learned ones
	nodes  []gorgonia.ValueGrad // these, with their gradients
}

// NewTrainer lowers layers over ps to a graph, lets Gorgonia derive the gradients on it, and
// allocates all buffers that steps will use.
func NewTrainer(workers *Workers, layers []Layer, ps Params, o Options) (*Trainer, error) {
	t, err := planTrainer(workers, layers, ps, o)
	if err != nil {
		return nil, err
	}
	t.graph.start()
	return t, nil
}

// planTrainer is like NewTrainer, without allocating. ps need no values.
func planTrainer(workers *Workers, layers []Layer, ps Params, o Options) (*Trainer, error) {
	if err := check(layers, o.Batch); err != nil {
		return nil, err
	}
	stages := fuse(layers)
	g, err := lower(workers, stages, ps, o, true)
	if err != nil {
		return nil, err
	}
	t := &Trainer{graph: g, params: ps.Learned(), nodes: gorgonia.NodesToValueGrads(g.nodes)}
	t.labels = gorgonia.NewVector(g.expr, tensor.Int32, gorgonia.WithShape(o.Batch), gorgonia.WithName("labels"))
	g.ops.SetLayer(LossLayer)
	loss, err := g.ops.CrossEntropy(g.output, t.labels, o.LabelSmoothing)
	if err != nil {
		return nil, err
	}
	if _, err := gorgonia.Grad(loss, g.nodes...); err != nil {
		return nil, fmt.Errorf("gradients: %w", err)
	}
	return t, g.plan()
}

// Step computes the mean loss of the first rows images of a batch, and its gradients, which
// an Optimizer then takes. images are Batch×H×W×C, labels Batch; step numbers the dropout masks. The
// error is ErrLossNotFinite if the loss is NaN or infinite; the gradients are then an earlier step's.
func (t *Trainer) Step(step uint64, images []float32, labels []int32, rows int) (loss float64, err error) {
	if want := t.graph.shape[0]; len(labels) != want {
		return 0, fmt.Errorf("%d labels for a batch of %d", len(labels), want)
	}
	if err := gorgonia.Let(t.labels, tensor.New(tensor.WithShape(len(labels)), tensor.WithBacking(labels))); err != nil {
		return 0, err
	}
	t.graph.ops.SetStep(step)
	if err := t.graph.run(images, rows); err != nil {
		return 0, err
	}
	return t.graph.ops.Loss(), nil
}

// LossLayer is the name of the loss among the layers that Observe's f is told of.
const LossLayer = "loss"

// Timing is how long one pass of one layer took.
type Timing struct {
	Layer     string // Layer.Name, or LossLayer
	Pass      string // Forward, InputGradient or WeightGradient
	Algorithm string // how it was computed; empty where there is no choice
	Took      time.Duration
}

// The passes of a layer. Those without weights know the first two.
const (
	Forward        = op.Forward
	InputGradient  = op.InputGradient
	WeightGradient = op.WeightGradient
)

// Observe has f told of every pass of every layer from now on, as it ends. nil ends that.
func (t *Trainer) Observe(f func(Timing)) {
	if f == nil {
		t.graph.ops.Observe(nil)
		return
	}
	t.graph.ops.Observe(func(timing op.Timing) { f(Timing(timing)) })
}

// Gradient is the last step's gradient of the i-th of Params.Learned, in the layout of its Data, to be read
// until the next step. That of a dense layer's weights is computed by this call. An error says that
// there has been no step.
func (t *Trainer) Gradient(i int) ([]float32, error) {
	value, err := t.nodes[i].Grad()
	if err != nil {
		return nil, err
	}
	return value.Data().([]float32), nil
}

// PlannedBytes is the memory of the graph's buffers: activations and gradients, not weights.
func (t *Trainer) PlannedBytes() int64 { return t.graph.ops.PlannedBytes() }

// Close releases the machine. The pool stays open.
func (t *Trainer) Close() error { return t.graph.machine.Close() }
