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

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
)

// param is a gorgonia.ValueGrad of two tensors.
type param struct{ value, grad *tensor.Dense }

func (p param) Value() gorgonia.Value         { return p.value }
func (p param) Grad() (gorgonia.Value, error) { return p.grad, nil }

func vector(data []float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(data)), tensor.WithBacking(data))
}

func newPool(t testing.TB, threads int) *kernel.Workers {
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
			s, err := NewSGD(newPool(t, 2), SGDConfig{v.Momentum, v.WeightDecay, v.Nesterov, v.ClipNorm})
			if err != nil {
				t.Fatal(err)
			}
			model := make([]gorgonia.ValueGrad, len(g.Start))
			for i, w := range g.Start {
				model[i] = param{vector(slices.Clone(w)), vector(make([]float32, len(w)))}
			}
			for step, rate := range g.Rates {
				for i, p := range model {
					copy(p.(param).grad.Float32s(), g.Grads[step][i])
				}
				s.SetLR(rate)
				if err := s.Step(model); err != nil {
					t.Fatal(err)
				}
				for i, p := range model {
					near(t, p.(param).value.Float32s(), v.Weights[step][i])
				}
				if v.ClipNorm > 0 && !(math.Abs(s.GradNorm()-v.Norms[step]) <= epsilon) {
					t.Errorf("step %d: norm %v, PyTorch %v", step+1, s.GradNorm(), v.Norms[step])
				}
			}
			if len(s.State()) != len(v.Momenta) {
				t.Fatalf("%d momentum buffers, PyTorch has %d", len(s.State()), len(v.Momenta))
			}
			for i, m := range s.State() {
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
func large(seed uint64) []gorgonia.ValueGrad {
	rng := rand.New(rand.NewPCG(seed, 1))
	var model []gorgonia.ValueGrad
	for _, n := range []int{1, pieceSize - 1, pieceSize, 2*pieceSize + 17} {
		w, g := make([]float32, n), make([]float32, n)
		for i := range w {
			w[i], g[i] = float32(rng.NormFloat64()), float32(rng.NormFloat64())
		}
		model = append(model, param{vector(w), vector(g)})
	}
	return model
}

func TestSGDSameBitsForEveryThreadCount(t *testing.T) {
	config := SGDConfig{Momentum: 0.9, WeightDecay: 1e-3, Nesterov: true, ClipNorm: 1}
	var want []gorgonia.ValueGrad
	for _, threads := range []int{1, 2, 5} {
		s, err := NewSGD(newPool(t, threads), config)
		if err != nil {
			t.Fatal(err)
		}
		model := large(7)
		s.SetLR(0.1)
		for range 3 {
			if err := s.Step(model); err != nil {
				t.Fatal(err)
			}
		}
		if want == nil {
			want = model
			continue
		}
		for i, p := range model {
			if !slices.Equal(p.(param).value.Float32s(), want[i].(param).value.Float32s()) {
				t.Errorf("%d threads: tensor %d differs from 1 thread's", threads, i)
			}
		}
	}
}

func TestSGDAllocatesNothing(t *testing.T) {
	s, err := NewSGD(newPool(t, 2), SGDConfig{Momentum: 0.9, ClipNorm: 1})
	if err != nil {
		t.Fatal(err)
	}
	model := large(1)
	s.SetLR(0.01)
	if n := testing.AllocsPerRun(10, func() {
		if err := s.Step(model); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a step, want none", n)
	}
}

func TestSGDGradientNotFinite(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(-1))} {
		model := []gorgonia.ValueGrad{param{vector([]float32{1, 2}), vector([]float32{0, bad})}}
		s, err := NewSGD(newPool(t, 1), SGDConfig{ClipNorm: 1})
		if err != nil {
			t.Fatal(err)
		}
		s.SetLR(1)
		if err := s.Step(model); !errors.Is(err, ErrNotFinite) {
			t.Errorf("gradient %v: error %v, want ErrNotFinite", bad, err)
		}
		if w := model[0].(param).value.Float32s(); w[0] != 1 || w[1] != 2 {
			t.Errorf("gradient %v: weights became %v", bad, w)
		}
	}
}

func TestSGDConfigErrors(t *testing.T) {
	for _, c := range []struct {
		config SGDConfig
		want   string
	}{
		{SGDConfig{Momentum: 1}, "momentum 1"},
		{SGDConfig{Momentum: math.NaN()}, "momentum NaN"},
		{SGDConfig{WeightDecay: -1}, "weight decay -1"},
		{SGDConfig{Nesterov: true}, "nesterov needs a momentum"},
		{SGDConfig{ClipNorm: math.Inf(1)}, "clip norm +Inf"},
	} {
		if _, err := NewSGD(nil, c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one with %q", c.config, err, c.want)
		}
	}
}

func TestSGDOtherModel(t *testing.T) {
	s, err := NewSGD(newPool(t, 1), SGDConfig{})
	if err != nil {
		t.Fatal(err)
	}
	two := param{vector([]float32{1, 2}), vector([]float32{0, 0})}
	if err := s.Step([]gorgonia.ValueGrad{two}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		model []gorgonia.ValueGrad
		want  string
	}{
		"more parameters": {[]gorgonia.ValueGrad{two, two}, "bound to 1 parameters, stepped with 2"},
		"other size":      {[]gorgonia.ValueGrad{param{vector([]float32{1}), vector([]float32{1})}}, "bound to 2 elements"},
		"short gradient":  {[]gorgonia.ValueGrad{param{two.value, vector([]float32{1})}}, "2 weights, 1 gradients"},
	} {
		if err := s.Step(c.model); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func BenchmarkSGD(b *testing.B) {
	const n = 25_694_208 // vgg11-small's first dense layer at 224
	model := []gorgonia.ValueGrad{param{vector(make([]float32, n)), vector(make([]float32, n))}}
	for name, config := range map[string]SGDConfig{
		"plain":          {},
		"momentum-decay": {Momentum: 0.9, WeightDecay: 5e-4},
		"clip":           {ClipNorm: 1},
	} {
		b.Run(name, func(b *testing.B) {
			s, err := NewSGD(newPool(b, 2), config)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(4 * n)
			for b.Loop() {
				if err := s.Step(model); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
