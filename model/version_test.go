package model

import (
	"slices"
	"testing"

	"vggtrain/blocks"
	"vggtrain/internal/kernel"
)

// An evaluator transforms the filters of a convolution once for each version of the weights: it
// sees what Changed and those that call it tell of, and nothing else.
func TestEvaluatorKeepsFilters(t *testing.T) {
	const batch, side = 8, 16
	workers := newWorkers(t, 2)
	conv := blocks.Conv2d{Out: 32, Kernel: 3, Stride: 1, Padding: 1}
	list := []blocks.Layer{blocks.Conv2d{Out: 16, Kernel: 3, Stride: 1, Padding: 1}, conv, blocks.Flatten{}, blocks.Linear{Out: 4}}
	layers, err := ResolveLayers("two", list, 1, side, side)
	if err != nil {
		t.Fatal(err)
	}
	shape := kernel.Conv{N: batch, H: side, W: side, C: 16, OC: conv.Out, Kernel: 3, Stride: 1, Padding: 1}
	if shape.FilterSize(workers.threads()) == 0 {
		t.Fatal("the second convolution has no transformed filters")
	}
	ps, err := NewParams(layers)
	if err != nil {
		t.Fatal(err)
	}
	if err := ps.Init("kaiming", 1); err != nil {
		t.Fatal(err)
	}
	newEvaluator := func() *Evaluator {
		t.Helper()
		e, err := NewEvaluator(workers, layers, ps, batch)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	images, labels := make([]float32, batch*side*side), make([]int32, batch)
	for i := range images {
		images[i] = float32(i%7) / 7
	}
	logits := func(e *Evaluator) []float32 {
		t.Helper()
		logits, err := e.Logits(images, batch)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(logits)
	}
	evaluator := newEvaluator()
	before, weight := logits(evaluator), ps[2]
	weight.Data[5]++
	if !slices.Equal(logits(evaluator), before) {
		t.Error("filters were transformed though nothing said that the weights have changed")
	}
	trainer, err := NewTrainer(workers, layers, ps, TrainerOptions{Batch: batch})
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	optimizer, err := NewOptimizer(trainer, OptimizerOptions{Momentum: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	tensors, err := ps.Tensors(workers)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func() error
	}{
		{"Changed", func() error { weight.Changed(); return nil }},
		{"Optimizer.Step", func() error {
			if _, err := trainer.Step(7, images, labels, batch); err != nil {
				return err
			}
			momentum := optimizer.State()[0].Values[0]
			was := momentum.version
			err := optimizer.Step(0.01)
			if momentum.version == was || optimizer.solver.Number != 7 {
				t.Errorf("step 7 of the trainer was the optimiser's step %d; momentum marked: %t", optimizer.solver.Number, momentum.version != was)
			}
			return err
		}},
		{"Load", func() error { return ps.Load(tensors) }},
		{"Import", func() error { weight.Import(make([]float32, weight.Len())); return nil }},
		{"Init", func() error { return ps.Init("xavier", 2) }},
	} {
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(logits(evaluator), logits(newEvaluator())) {
			t.Errorf("%s is not seen: a new evaluator has other logits", c.name)
		}
	}
}
