package solver

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// streamed is a stored gradient that is handed out as a Stream, in blocks that fit no piece.
type streamed struct {
	grad   []float32
	beside [][]float32 // of the latest Stream
}

func (s *streamed) Size() int { return len(s.grad) }

func (s *streamed) Stream(beside [][]float32, use func(from int, grad []float32)) error {
	s.beside = beside
	const block = 1000
	for from := (len(s.grad) - 1) / block * block; from >= 0; from -= block {
		use(from, s.grad[from:min(from+block, len(s.grad))])
	}
	return nil
}

func (s *streamed) SumSquares() (float64, error) {
	sum := 0.0
	for _, x := range s.grad {
		sum += float64(x) * float64(x)
	}
	return sum, nil
}

// A gradient that is streamed gives the bits of the same gradient stored. ClipNorm is left out:
// its norm may round otherwise.
func TestSGDStreams(t *testing.T) {
	for _, settings := range []Settings{{}, {WeightDecay: 1e-3}, {Momentum: 0.9, WeightDecay: 1e-3, Nesterov: true}} {
		stored, model := large(3), large(3)
		for i := range model {
			if p := &model[i]; i%2 == 1 {
				p.Stream, p.Gradient = &streamed{grad: p.Gradient}, nil
			}
		}
		var optimizers [2]*Optimizer
		for i, m := range [][]Param{stored, model} {
			optimizers[i] = newOptimizer(t, 2, settings, m)
			for range 3 {
				if err := optimizers[i].Step(m, 1, 0.1); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i, p := range model {
			if !slices.Equal(p.Weights, stored[i].Weights) {
				t.Errorf("%+v: parameter %d: other weights than of stored gradients", settings, i)
			}
			want := [][]float32{p.Weights}
			for j, slot := range optimizers[1].State() {
				want = append(want, slot.Values[i])
				if !slices.Equal(slot.Values[i], optimizers[0].State()[j].Values[i]) {
					t.Errorf("%+v: parameter %d: other %s than of stored gradients", settings, i, slot.Name)
				}
			}
			if s, ok := p.Stream.(*streamed); ok && !slices.EqualFunc(s.beside, want, func(a, b []float32) bool { return &a[0] == &b[0] }) {
				t.Errorf("%+v: parameter %d: streamed beside other slices than weights and state", settings, i)
			}
		}
	}
}

func TestSGDClipsStreams(t *testing.T) {
	grad := &streamed{grad: []float32{2, 0, 0, -2}}
	model := []Param{{Weights: []float32{1, 1, 1, 1}, Stream: grad}, param([]float32{1}, []float32{1})}
	o := newOptimizer(t, 1, Settings{ClipNorm: 1.5}, model)
	if err := o.Step(model, 1, 1); err != nil {
		t.Fatal(err)
	}
	if o.GradNorm() != 3 {
		t.Errorf("norm %v, want 3", o.GradNorm())
	}
	near(t, model[0].Weights, []float32{0, 1, 1, 2})
	near(t, model[1].Weights, []float32{0.5})

	before := slices.Clone(model[0].Weights)
	grad.grad[2] = float32(math.NaN())
	if err := o.Step(model, 1, 1); !errors.Is(err, ErrNotFinite) || !slices.Equal(model[0].Weights, before) {
		t.Errorf("error %v, weights %v; want ErrNotFinite and %v", err, model[0].Weights, before)
	}
}

func TestShortStream(t *testing.T) {
	model := []Param{{Name: "w", Weights: []float32{1, 2}, Stream: &streamed{grad: []float32{1}}}}
	err := newOptimizer(t, 1, Settings{}, model).Step(model, 1, 1)
	if err == nil || !strings.Contains(err.Error(), "w: optimiser made for 2 weights, stepped with 2 and 1 gradients") {
		t.Errorf("2 weights were updated from a gradient of 1: error %v", err)
	}
}
