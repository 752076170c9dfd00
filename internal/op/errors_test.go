package op

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
)

func TestLossNotFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		p, _, _ := small(t, 2, 2)
		for _, n := range p.inputs {
			if n.Name() == "images" {
				floats(n.Value())[5] = float32(bad)
			}
		}
		// Gorgonia's machine wraps the error in one that hides it from errors.Is.
		if err := p.run(); err == nil || !strings.HasSuffix(err.Error(), ErrNotFinite.Error()) {
			t.Errorf("an image with %v: error %v, want ErrNotFinite", bad, err)
		}
	}
}

func TestLabelOutOfRange(t *testing.T) {
	p, _, _ := small(t, 2, 2)
	for _, n := range p.inputs {
		if n.Name() == "labels" {
			n.Value().(*tensor.Dense).Int32s()[1] = 5
		}
	}
	if err := p.run(); err == nil || !strings.Contains(err.Error(), "row 1 has label 5: the network has classes 0 to 4") {
		t.Errorf("error = %v", err)
	}
}

func TestShapesThatDoNotFit(t *testing.T) {
	p := newProbe(t, kernel.Generic, 1, 2)
	x := p.input("x", make([]float32, 2*4*4*3), 2, 4, 4, 3)
	flat := p.input("flat", make([]float32, 2*6), 2, 6)
	w, b := p.input("w", make([]float32, 27*5), 27, 5), p.input("b", make([]float32, 5), 5)
	labels := p.input("labels", make([]int32, 2), 2)
	for name, err := range map[string]error{
		"kernel":     second(p.ops.Conv(x, w, b, ConvConfig{Kernel: 2, Stride: 1})),
		"stride":     second(p.ops.Conv(x, w, b, ConvConfig{Kernel: 3})),
		"too small":  second(p.ops.Conv(x, w, b, ConvConfig{Kernel: 3, Stride: 2, Pool: true})),
		"bias":       second(p.ops.Conv(x, w, flat, ConvConfig{Kernel: 3, Stride: 1})),
		"dense":      second(p.ops.Dense(flat, w, b, true)),
		"pool":       second(p.ops.MaxPool(x, 5, 1)),
		"mean":       second(p.ops.AvgPool(x, 5, 1)),
		"mean step":  second(p.ops.AvgPool(x, 2, 0)),
		"mean row":   second(p.ops.AvgPool(flat, 1, 1)),
		"relu":       second(p.ops.ReLU(w)),
		"sigmoid":    second(p.ops.Sigmoid(b)),
		"dropout":    second(p.ops.Dropout(flat, 1)),
		"smoothing":  second(p.ops.CrossEntropy(flat, labels, 1)),
		"labels":     second(p.ops.CrossEntropy(flat, b, 0)),
		"rows":       p.ops.SetRows(3),
		"no row":     p.ops.SetRows(0),
		"other rows": second(p.ops.Flatten(w)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }
