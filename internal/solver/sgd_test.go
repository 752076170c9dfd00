package solver

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"vggtrain/internal/kernel"
)

// param is a parameter with a stored gradient.
func param(weights, gradient []float32) Param {
	return Param{Name: "w", Weights: weights, Gradient: gradient}
}

// newOptimizer makes an optimiser with workers of its own.
func newOptimizer(t testing.TB, threads int, s Settings, params []Param) *Optimizer {
	t.Helper()
	o, err := New(newWorkers(t, threads), s, params)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func newWorkers(t testing.TB, threads int) *kernel.Workers {
	t.Helper()
	workers, err := kernel.NewWorkers(threads, kernel.Generic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Close)
	return workers
}

// golden is testdata/sgd.json, made by scripts/golden_sgd.py.
type golden struct {
	MadeBy   string        `json:"made_by"`
	Rates    []float64     `json:"rates"`
	Start    [][]float32   `json:"start"`
	Grads    [][][]float32 `json:"grads"`
	Variants map[string]struct {
		Momentum    float64       `json:"momentum"`
		WeightDecay float64       `json:"weight_decay"`
		Nesterov    bool          `json:"nesterov"`
		ClipNorm    float64       `json:"clip_norm"`
		Weights     [][][]float32 `json:"weights"`
		Norms       []float64     `json:"norms"`
		Momenta     [][]float32   `json:"momenta"`
	} `json:"variants"`
}

func readGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/sgd.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// A step rounds at most 6 times (clip, decay, two for the buffer, two for the
// weight) where PyTorch may round less often, as it fuses; the numbers here stay
// below 8 in magnitude, and what a step gets wrong in the buffer, later steps of
// momentum 0.9 add at most ten times.
const epsilon = 6 * 8 * 10.0 / (1 << 24)

func TestSGDEqualsPyTorch(t *testing.T) {
	g := readGolden(t)
	if len(g.Variants) == 0 {
		t.Fatal("no variants in testdata/sgd.json")
	}
	for name, v := range g.Variants {
		t.Run(name, func(t *testing.T) {
			var model []Param
			for _, w := range g.Start {
				model = append(model, param(slices.Clone(w), make([]float32, len(w))))
			}
			o := newOptimizer(t, 2, Settings{"sgd", v.Momentum, v.Nesterov, v.WeightDecay, v.ClipNorm}, model)
			for step, rate := range g.Rates {
				for i, p := range model {
					copy(p.Gradient, g.Grads[step][i])
				}
				if err := o.Step(model, uint64(step+1), rate); err != nil {
					t.Fatal(err)
				}
				for i, p := range model {
					near(t, p.Weights, v.Weights[step][i])
				}
				if v.ClipNorm > 0 && !(math.Abs(o.GradNorm()-v.Norms[step]) <= epsilon) {
					t.Errorf("step %d: norm %v, PyTorch %v", step+1, o.GradNorm(), v.Norms[step])
				}
			}
			if v.Momenta == nil {
				if len(o.State()) > 0 {
					t.Errorf("%d slots, PyTorch keeps nothing", len(o.State()))
				}
				return
			}
			if len(o.State()) != 1 || o.State()[0].Name != "momentum" || len(o.State()[0].Values) != len(v.Momenta) {
				t.Fatalf("state %v, want the slot momentum of %d parameters", o.State(), len(v.Momenta))
			}
			for i, m := range o.State()[0].Values {
				near(t, m, v.Momenta[i])
			}
		})
	}
}

func near(t *testing.T, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d elements, want %d", len(got), len(want))
	}
	for i, x := range got {
		if d := math.Abs(float64(x - want[i])); !(d <= epsilon) {
			t.Fatalf("element %d: %v, PyTorch has %v", i, x, want[i])
		}
	}
}

// large is a model whose tensors need several pieces, with ends that fit no piece.
func large(seed uint64) []Param {
	rng := rand.New(rand.NewPCG(seed, 1))
	var model []Param
	for _, n := range []int{1, pieceSize - 1, pieceSize, 2*pieceSize + 17} {
		w, g := make([]float32, n), make([]float32, n)
		for i := range w {
			w[i], g[i] = float32(rng.NormFloat64()), float32(rng.NormFloat64())
		}
		model = append(model, param(w, g))
	}
	return model
}

func TestSGDSameBitsForEveryThreadCount(t *testing.T) {
	settings := Settings{Momentum: 0.9, WeightDecay: 1e-3, Nesterov: true, ClipNorm: 1}
	var want []Param
	for _, threads := range []int{1, 2, 5} {
		model := large(7)
		o := newOptimizer(t, threads, settings, model)
		for range 3 {
			if err := o.Step(model, 1, 0.1); err != nil {
				t.Fatal(err)
			}
		}
		if want == nil {
			want = model
			continue
		}
		for i, p := range model {
			if !slices.Equal(p.Weights, want[i].Weights) {
				t.Errorf("%d threads: parameter %d differs from 1 thread's", threads, i)
			}
		}
	}
}

func TestSGDAllocatesNothing(t *testing.T) {
	model := large(1)
	o := newOptimizer(t, 2, Settings{Momentum: 0.9, ClipNorm: 1}, model)
	if n := testing.AllocsPerRun(10, func() {
		if err := o.Step(model, 1, 0.01); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a step, want none", n)
	}
}

func TestSGDGradientNotFinite(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(-1))} {
		model := []Param{param([]float32{1, 2}, []float32{0, bad})}
		if err := newOptimizer(t, 1, Settings{ClipNorm: 1}, model).Step(model, 1, 1); !errors.Is(err, ErrNotFinite) {
			t.Errorf("gradient %v: error %v, want ErrNotFinite", bad, err)
		}
		if w := model[0].Weights; w[0] != 1 || w[1] != 2 {
			t.Errorf("gradient %v: weights became %v", bad, w)
		}
	}
}

func TestSettingsErrors(t *testing.T) {
	for _, c := range []struct {
		settings Settings
		want     string
	}{
		{Settings{Kind: "adam"}, `unknown optimiser "adam"; use one of ["sgd"]`},
		{Settings{Momentum: 1}, "momentum 1"},
		{Settings{Momentum: math.NaN()}, "momentum NaN"},
		{Settings{WeightDecay: -1}, "weight decay -1"},
		{Settings{Nesterov: true}, "nesterov needs a momentum"},
		{Settings{ClipNorm: math.Inf(1)}, "clip norm +Inf"},
	} {
		if _, err := New(nil, c.settings, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one with %q", c.settings, err, c.want)
		}
	}
}

func TestSettingsInWords(t *testing.T) {
	for want, s := range map[string]Settings{
		"":                   {},
		"momentum 0.5":       {Momentum: 0.5},
		"weight decay 0.001": {Kind: "sgd", WeightDecay: 1e-3},
		"Nesterov momentum 0.9, weight decay 0.001, clip norm 2": {Momentum: 0.9, Nesterov: true, WeightDecay: 1e-3, ClipNorm: 2},
	} {
		if got := strings.Join(s.Details(), ", "); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}

func TestStepOfAnotherModel(t *testing.T) {
	two := param([]float32{1, 2}, []float32{0, 0})
	o := newOptimizer(t, 1, Settings{}, []Param{two})
	for name, c := range map[string]struct {
		model []Param
		want  string
	}{
		"more parameters": {[]Param{two, two}, "made for 1 parameters, stepped with 2"},
		"other size":      {[]Param{param([]float32{1}, []float32{1})}, "w: optimiser made for 2 weights, stepped with 1"},
		"short gradient":  {[]Param{param(two.Weights, []float32{1})}, "stepped with 2 and 1 gradients"},
		"no gradient":     {[]Param{param(two.Weights, nil)}, "stepped with 2 and 0 gradients"},
	} {
		if err := o.Step(c.model, 1, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	if two.Weights[0] != 1 || two.Weights[1] != 2 {
		t.Errorf("weights became %v", two.Weights)
	}
}

func BenchmarkSGD(b *testing.B) {
	const n = 25_694_208 // vgg11-small's first dense layer at 224
	model := []Param{param(make([]float32, n), make([]float32, n))}
	for name, settings := range map[string]Settings{
		"plain":          {},
		"momentum-decay": {Momentum: 0.9, WeightDecay: 5e-4},
		"clip":           {ClipNorm: 1},
	} {
		b.Run(name, func(b *testing.B) {
			o := newOptimizer(b, 2, settings, model)
			b.SetBytes(4 * n)
			for b.Loop() {
				if err := o.Step(model, 1, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A rule is told the step, and finds its own slots first: those behind them are others'.
func TestRuleIsGiven(t *testing.T) {
	model := []Param{param([]float32{1, 2, 3}, []float32{1, 1, 1})}
	o := newOptimizer(t, 1, Settings{Momentum: 0.5}, model)
	own := o.rule
	o.rule = func(u update) {
		if u.step != 5 || &u.slot(0)[0] != &o.State()[0].Values[0][0] {
			t.Errorf("step %d, slots %v", u.step, u.slots)
		}
		own(u)
	}
	if err := o.Step(model, 5, 1); err != nil {
		t.Fatal(err)
	}
	near(t, o.State()[0].Values[0], []float32{1, 1, 1})

	average := []float32{9}
	weights := []float32{1}
	sgd.rule(Settings{})(update{workers: newWorkers(t, 1), step: 1, lr: 0.5, clip: 1, weights: weights, slots: [][]float32{average}, grad: []float32{1}})
	near(t, append(weights, average...), []float32{0.5, 9})
}
