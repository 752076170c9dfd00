package model

import (
	"fmt"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/op"
)

// ErrLossNotFinite is returned by Trainer.Step if the loss is NaN or infinite.
var ErrLossNotFinite = op.ErrNotFinite

// TrainerOptions are the settings of a Trainer.
type TrainerOptions struct {
	Batch          int     // images of a full batch
	LabelSmoothing float64 // in [0, 1)
	Dropout        bool    // whether Dropout layers drop
	Seed           uint64  // of the dropout masks
}

// Trainer computes a network's loss and gradients for batches of images. It is not safe for
// concurrent use; its workers run the operations.
type Trainer struct {
	graph  *graph
	labels *gorgonia.Node
	params Params               // the learned ones
	nodes  []gorgonia.ValueGrad // these, with their gradients
	step   uint64               // the last one
}

// NewTrainer returns a trainer of the layers' parameters ps. Gorgonia derives the gradients on its
// graph. It allocates all memory of the steps.
func NewTrainer(workers *Workers, layers []Layer, ps Params, o TrainerOptions) (*Trainer, error) {
	t, err := planTrainer(workers, layers, ps, o)
	if err != nil {
		return nil, err
	}
	return t, t.graph.start()
}

// planTrainer is like NewTrainer, without allocating. ps need no Data.
func planTrainer(workers *Workers, layers []Layer, ps Params, o TrainerOptions) (*Trainer, error) {
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

// Step computes the mean loss of the first rows images of a batch, and its gradients for an
// Optimizer. images are Batch×H×W×C, labels Batch; step, from 1, numbers the dropout masks and the
// optimiser's step. The error is ErrLossNotFinite if the loss is NaN or infinite. The gradients are
// stale then: an earlier step's.
func (t *Trainer) Step(step uint64, images []float32, labels []int32, rows int) (loss float64, err error) {
	if want := t.graph.shape[0]; len(labels) != want {
		return 0, fmt.Errorf("%d labels for a batch of %d", len(labels), want)
	}
	if err := gorgonia.Let(t.labels, tensor.New(tensor.WithShape(len(labels)), tensor.WithBacking(labels))); err != nil {
		return 0, err
	}
	t.step = step
	t.graph.ops.SetStep(step)
	if err := t.graph.run(images, rows); err != nil {
		return 0, err
	}
	return t.graph.ops.Loss(), nil
}

// LossLayer is Timing.Layer of the loss.
const LossLayer = "loss"

// Timing is the duration of one pass of one layer.
type Timing struct {
	Layer     string // Layer.Name, or LossLayer
	Pass      string // Forward, InputGradient or WeightGradient
	Algorithm string // empty if the pass has only one
	Took      time.Duration
}

// The passes of a layer. Layers without weights have no WeightGradient.
const (
	Forward        = op.Forward
	InputGradient  = op.InputGradient
	WeightGradient = op.WeightGradient
)

// Observe calls f after each pass of each layer from now on. A nil f ends that.
func (t *Trainer) Observe(f func(Timing)) {
	if f == nil {
		t.graph.ops.Observe(nil)
		return
	}
	t.graph.ops.Observe(func(timing op.Timing) { f(Timing(timing)) })
}

// Gradient returns the last step's gradient of the i-th of Params.Learned, with its name, shape and
// layout. It is valid until the next step. A dense layer's weight gradient is not stored: this call
// computes it. It is an error before the first step.
func (t *Trainer) Gradient(i int) (*Param, error) {
	p := t.params[i]
	value, err := t.nodes[i].Grad()
	if err != nil || value == nil {
		return nil, fmt.Errorf("%s has no gradient before the first step", p.Name)
	}
	return &Param{ParamSpec: p.ParamSpec, Data: value.Data().([]float32)}, nil
}

// PlannedBytes is the size of the graph's buffers: activations and gradients, not weights.
func (t *Trainer) PlannedBytes() int64 { return t.graph.ops.PlannedBytes() }

// Close releases the trainer. It does not close the workers.
func (t *Trainer) Close() error { return t.graph.tape.Close() }
