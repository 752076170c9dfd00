package solver

import (
	"errors"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// streamed is a stored gradient that is handed out as a Stream, in blocks that fit no piece.
type streamed struct {
	*tensor.Dense
	beside [2][]float32 // of the latest Stream
}

func (s *streamed) Stream(beside [2][]float32, use func(from int, grad []float32)) error {
	s.beside = beside
	const block = 1000
	g := s.Float32s()
	for from := (len(g) - 1) / block * block; from >= 0; from -= block {
		use(from, g[from:min(from+block, len(g))])
	}
	return nil
}

func (s *streamed) SumSquares() (float64, error) {
	sum := 0.0
	for _, x := range s.Float32s() {
		sum += float64(x) * float64(x)
	}
	return sum, nil
}

type streamedParam struct {
	value *tensor.Dense
	grad  *streamed
}

func (p streamedParam) Value() gorgonia.Value         { return p.value }
func (p streamedParam) Grad() (gorgonia.Value, error) { return p.grad, nil }

// A gradient that is streamed gives the bits of the same gradient stored. ClipNorm is left out:
// its norm may round otherwise.
func TestSGDStreams(t *testing.T) {
	for _, config := range []SGDConfig{{}, {WeightDecay: 1e-3}, {Momentum: 0.9, WeightDecay: 1e-3, Nesterov: true}} {
		stored, model := large(3), large(3)
		for i, p := range model {
			if i%2 == 1 {
				model[i] = streamedParam{p.(param).value, &streamed{Dense: p.(param).grad}}
			}
		}
		var solvers [2]*SGD
		for i, m := range [][]gorgonia.ValueGrad{stored, model} {
			s, err := NewSGD(newPool(t, 2), config)
			if err != nil {
				t.Fatal(err)
			}
			s.SetLR(0.1)
			for range 3 {
				if err := s.Step(m); err != nil {
					t.Fatal(err)
				}
			}
			solvers[i] = s
		}
		for i, p := range model {
			if !slices.Equal(p.Value().(*tensor.Dense).Float32s(), stored[i].(param).value.Float32s()) {
				t.Errorf("%+v: tensor %d: other weights than of stored gradients", config, i)
			}
			if config.Momentum > 0 && !slices.Equal(solvers[0].State()[i], solvers[1].State()[i]) {
				t.Errorf("%+v: tensor %d: other momenta than of stored gradients", config, i)
			}
			if s, ok := p.(streamedParam); ok && (&s.grad.beside[0][0] != &s.value.Float32s()[0] || (s.grad.beside[1] != nil) != (config.Momentum > 0)) {
				t.Errorf("%+v: tensor %d: streamed beside other slices than weights and momenta", config, i)
			}
		}
	}
}

func TestSGDClipsStreams(t *testing.T) {
	weights, grad := vector([]float32{1, 1, 1, 1}), &streamed{Dense: vector([]float32{2, 0, 0, -2})}
	model := []gorgonia.ValueGrad{streamedParam{weights, grad}, param{vector([]float32{1}), vector([]float32{1})}}
	s, err := NewSGD(newPool(t, 1), SGDConfig{ClipNorm: 1.5})
	if err != nil {
		t.Fatal(err)
	}
	s.SetLR(1)
	if err := s.Step(model); err != nil {
		t.Fatal(err)
	}
	if s.GradNorm() != 3 {
		t.Errorf("norm %v, want 3", s.GradNorm())
	}
	near(t, weights.Float32s(), []float32{0, 1, 1, 2})
	near(t, model[1].(param).value.Float32s(), []float32{0.5})

	before := slices.Clone(weights.Float32s())
	grad.Float32s()[2] = float32(math.NaN())
	if err := s.Step(model); !errors.Is(err, ErrNotFinite) || !slices.Equal(weights.Float32s(), before) {
		t.Errorf("error %v, weights %v; want ErrNotFinite and %v", err, weights, before)
	}
}

func TestSGDShortStream(t *testing.T) {
	model := []gorgonia.ValueGrad{streamedParam{vector([]float32{1, 2}), &streamed{Dense: vector([]float32{1})}}}
	s, err := NewSGD(newPool(t, 1), SGDConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Step(model); err == nil {
		t.Error("2 weights were updated from a gradient of 1")
	}
}
