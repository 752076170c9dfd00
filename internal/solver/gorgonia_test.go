package solver

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// graph is Gorgonia's own: a cost of stock operations, Σ (w − 3)², and its gradient.
func graph(t *testing.T, dtype tensor.Dtype, weights any) gorgonia.Nodes {
	t.Helper()
	g := gorgonia.NewGraph()
	w := gorgonia.NewVector(g, dtype, gorgonia.WithShape(2), gorgonia.WithName("w"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(2), tensor.WithBacking(weights))))
	three := gorgonia.NewConstant(tensor.New(tensor.WithShape(2), tensor.WithBacking(tensor.Range(dtype, 3, 5))))
	cost := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(w, three))))))
	if _, err := gorgonia.Grad(cost, w); err != nil {
		t.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(w))
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	return gorgonia.Nodes{w}
}

// A Gorgonia program can use the optimiser as it uses Gorgonia's.
func TestGorgoniaSolver(t *testing.T) {
	ours, theirs := []float32{1, 2}, []float32{1, 2}
	o := newOptimizer(t, 1, Settings{}, []Param{{Name: "w", Weights: ours}})
	for solver, weights := range map[gorgonia.Solver][]float32{
		&Gorgonia{Optimizer: o, LR: 0.25}:                       ours,
		gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.25)): theirs,
	} {
		if err := solver.Step(gorgonia.NodesToValueGrads(graph(t, tensor.Float32, weights))); err != nil {
			t.Fatal(err)
		}
	}
	if want := []float32{2, 3}; !slices.Equal(ours, want) || !slices.Equal(theirs, want) {
		t.Errorf("weights %v, Gorgonia's own solver %v, want %v", ours, theirs, want)
	}
}

func TestGorgoniaSolverTakesFloat32(t *testing.T) {
	o := newOptimizer(t, 1, Settings{}, []Param{{Name: "w", Weights: make([]float32, 2)}})
	model := gorgonia.NodesToValueGrads(graph(t, tensor.Float64, []float64{1, 2}))
	if err := (&Gorgonia{Optimizer: o}).Step(model); err == nil || !strings.Contains(err.Error(), "no tensor of float32") {
		t.Errorf("error %v", err)
	}
}
