package model

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
	"vggtrain/internal/op"
)

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
	grads  []gorgonia.ValueGrad
}

// NewTrainer lowers layers over ps to a graph, lets Gorgonia derive the gradients on it, and
// allocates all buffers that steps will use.
func NewTrainer(workers *kernel.Workers, layers []Layer, ps Params, o Options) (*Trainer, error) {
	t, err := planTrainer(workers, layers, ps, o)
	if err != nil {
		return nil, err
	}
	t.graph.start()
	return t, nil
}

// planTrainer is like NewTrainer, without allocating. ps need no values.
func planTrainer(workers *kernel.Workers, layers []Layer, ps Params, o Options) (*Trainer, error) {
	if err := check(layers, o.Batch); err != nil {
		return nil, err
	}
	stages := fuse(layers)
	g, err := lower(workers, stages, ps, o.Batch, o.Dropout, o.Seed)
	if err != nil {
		return nil, err
	}
	t := &Trainer{graph: g, grads: gorgonia.NodesToValueGrads(g.params)}
	t.labels = gorgonia.NewVector(g.expr, tensor.Int32, gorgonia.WithShape(o.Batch), gorgonia.WithName("labels"))
	g.ctx.SetLayer(LossLayer)
	loss, err := g.ctx.CrossEntropy(g.output, t.labels, o.LabelSmoothing)
	if err != nil {
		return nil, err
	}
	if _, err := gorgonia.Grad(loss, g.params...); err != nil {
		return nil, fmt.Errorf("gradients: %w", err)
	}
	return t, g.plan()
}

// Step computes the mean loss of the first rows images of a batch, and its gradients, which
// Grads then gives. images are Batch×H×W×C, labels Batch; step numbers the dropout masks. The
// error is op.ErrNotFinite if the loss is NaN or infinite; the gradients are then an earlier step's.
func (t *Trainer) Step(step uint64, images []float32, labels []int32, rows int) (loss float64, err error) {
	if want := t.graph.shape[0]; len(labels) != want {
		return 0, fmt.Errorf("%d labels for a batch of %d", len(labels), want)
	}
	if err := gorgonia.Let(t.labels, tensor.New(tensor.WithShape(len(labels)), tensor.WithBacking(labels))); err != nil {
		return 0, err
	}
	t.graph.ctx.SetStep(step)
	t.graph.ctx.WeightsChanged()
	if err := t.graph.run(images, rows); err != nil {
		return 0, err
	}
	return t.graph.ctx.Loss(), nil
}

// LossLayer is the name of the loss among the layers that Observe's f is told of.
const LossLayer = "loss"

// Observe has f told of every pass of every layer from now on, as it ends; the others' names
// are Layer.Name. nil ends that.
func (t *Trainer) Observe(f func(op.Timing)) { t.graph.ctx.Observe(f) }

// Grads are the learned parameters, in the order of Params.Learned: Value is Param.Value, Grad the last step's
// gradient in the same stored layout, nil before the first step: an *op.LazyGradient of a dense
// layer's weights, else a *tensor.Dense.
func (t *Trainer) Grads() []gorgonia.ValueGrad { return t.grads }

// PlannedBytes is the memory of the graph's buffers: activations and gradients, not weights.
func (t *Trainer) PlannedBytes() int64 { return t.graph.ctx.PlannedBytes() }

// Close releases the machine. The pool stays open.
func (t *Trainer) Close() error { return t.graph.machine.Close() }
