package model

import (
	"path/filepath"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"vggtrain/blocks"
	"vggtrain/checkpoint"
	"vggtrain/internal/rng"
)

// Centred is two dense layers with one running mean for their biases, which no gradient changes. The
// second begins with constants.
type Centred struct{ Out int }

func (l Centred) Output(in []int) ([]int, error) { return blocks.Linear(l).Output(in) }

func (l Centred) Params(in []int) []blocks.Param {
	weight := blocks.Linear(l).Params(in)[0]
	return []blocks.Param{
		{Name: "running_mean", Shape: []int{l.Out}, Init: blocks.Init{Value: 0.75}, Running: true},
		weight,
		{Name: "gain", Shape: []int{l.Out, l.Out}, Init: blocks.Init{Value: 0.25}},
	}
}

// addCentred makes Centred known for the time of a test.
func addCentred(t *testing.T) {
	t.Helper()
	before := kinds
	t.Cleanup(func() { kinds = before })
	kinds = append(slices.Clone(kinds), define(kind{word: "centred", takes: row, mixes: true},
		func(_ Centred, g *lowering) (*gorgonia.Node, error) {
			x, err := g.Dense(g.x, g.params[1], g.params[0], false)
			if err != nil {
				return nil, err
			}
			return g.Dense(x, g.params[2], g.params[0], false)
		},
		func(Centred) (Operation, error) { return Operation{Operator: "Gemm"}, nil },
	))
}

// State that is saved but has no gradient goes the whole way of parameters: shapes and counts,
// first values, graphs, a checkpoint and back. Only the learned ones have gradients, and the draws
// of those do not move for it.
func TestRunningState(t *testing.T) {
	addCentred(t)
	layers, err := ResolveLayers("running", []blocks.Layer{blocks.Flatten{}, Centred{40}, blocks.Linear{Out: 3}}, 2, 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	if got := layers[1]; got.Params != 40*30+40*40 || got.MACs != 40*30 {
		t.Errorf("%d parameters, %d multiply-adds", got.Params, got.MACs)
	}
	s, err := SummarizeLayers("running", layers, 4)
	if err != nil {
		t.Fatal(err)
	}
	if s.WeightBytes != 4*(s.Params+40) {
		t.Errorf("%d bytes of %d parameters and 40 means", s.WeightBytes, s.Params)
	}
	ps := mustParams(t, layers)
	if err := ps.Init("xavier", 7); err != nil {
		t.Fatal(err)
	}
	mean, weight, gain := ps[0], ps[1], ps[2]
	if mean.Name != "classifier.0.running_mean" || !slices.Equal(mean.Data, slices.Repeat([]float32{0.75}, 40)) || gain.Data[1599] != 0.25 {
		t.Errorf("%s begins with %v, %s with %v", mean.Name, mean.Data, gain.Name, gain.Data)
	}
	first := float32(width("xavier", weight.Init) * (2*rng.New(7, rng.Init, 0).Split(0).Float64(0) - 1))
	if weight.Data[0] != first {
		t.Errorf("the first learned parameter begins with %v, want %v", weight.Data[0], first)
	}
	t.Run("graphs", func(t *testing.T) { testRunningGraphs(t, layers, ps) })
	t.Run("checkpoint", func(t *testing.T) { testRunningCheckpoint(t, layers, ps) })
}

func testRunningGraphs(t *testing.T, layers []Layer, ps Params) {
	workers := newWorkers(t, 2)
	head := layers[:2] // whose output for 0 is 40 · 0.25 · mean + mean
	images := make([]float32, 4*2*3*5)
	evaluator, err := NewEvaluator(workers, head, ps, 4)
	if err != nil {
		t.Fatal(err)
	}
	logits, err := evaluator.Logits(images, 4)
	if err != nil || !slices.Equal(logits, slices.Repeat([]float32{8.25}, 4*40)) {
		t.Errorf("of black images %v, %v", logits, err)
	}
	var names []string
	for _, p := range ps.Learned() {
		names = append(names, p.Name)
	}
	if want := []string{"classifier.0.weight", "classifier.0.gain", "classifier.1.weight", "classifier.1.bias"}; !slices.Equal(names, want) {
		t.Errorf("learned are %v, want %v", names, want)
	}
	trainer, err := NewTrainer(workers, layers, ps, TrainerOptions{Batch: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = trainer.Close() }()
	for i := range images {
		images[i] = float32(i%7) / 7
	}
	if _, err := trainer.Step(1, images, []int32{0, 1, 2, 0}, 4); err != nil {
		t.Fatal(err)
	}
	if got := trainer.nodes; len(got) != 4 || trainer.graph.nodes[0].Name() != "classifier.0.weight" {
		t.Errorf("%d gradients, the first of %v", len(got), trainer.graph.nodes[0])
	}
	if !slices.Equal(ps[0].Data, slices.Repeat([]float32{0.75}, 40)) {
		t.Error("a step has changed the running mean")
	}
}

func testRunningCheckpoint(t *testing.T, layers []Layer, ps Params) {
	file := filepath.Join(t.TempDir(), "running.bin")
	var state checkpoint.State
	for i, p := range ps {
		p.Data[0] = float32(i) + 0.5
		data := make([]float32, p.Len())
		mustExport(t, newWorkers(t, 1), p, data)
		state.Tensors = append(state.Tensors, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: data})
	}
	if err := checkpoint.Write(file, &state); err != nil {
		t.Fatal(err)
	}
	read, err := checkpoint.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	again := mustParams(t, layers)
	if err := again.Load(read.Weights()); err != nil {
		t.Fatal(err)
	}
	for i, p := range again {
		if !slices.Equal(p.Data, ps[i].Data) {
			t.Errorf("%s is read back otherwise", p.Name)
		}
	}
	if err := CheckWeights(layers, read.Weights()[1:]); err == nil {
		t.Error("weights without one of them are accepted")
	}
}
