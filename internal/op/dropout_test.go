package op

import (
	"math"
	"slices"
	"testing"

	"vggtrain/internal/kernel"
)

// dropped runs a dropout of ones and returns its output and the gradient of ones.
func dropped(t *testing.T, p float64, batch, features, rows int, step uint64) (y, dx []float32) {
	t.Helper()
	probe := newProbe(t, kernel.Generic, 2, batch)
	ones := slices.Repeat([]float32{1}, batch*features)
	x := probe.activation(probe.input("x", ones, batch, features))
	node := probe.must(probe.ops.Dropout(x, p))
	probe.plan(probe.cost(node, slices.Clone(ones)), probe.inputs[0])
	probe.ops.SetStep(step)
	if err := probe.ops.SetRows(rows); err != nil {
		t.Fatal(err)
	}
	if err := probe.run(); err != nil {
		t.Fatal(err)
	}
	return floats(node.Value())[:rows*features], probe.gradient(probe.inputs[0])[:rows*features]
}

// The share of zeros is binomial: five standard deviations are a one-in-two-million miss.
func TestDropout(t *testing.T) {
	for _, p := range []float64{0, 0.1, 0.5, 0.9} {
		y, dx := dropped(t, p, 33, 1001, 33, 4)
		zeros := 0
		for _, v := range y {
			switch v {
			case 0:
				zeros++
			case float32(1 / (1 - p)):
			default:
				t.Fatalf("p=%v: 1 became %v", p, v)
			}
		}
		n := float64(len(y))
		if !(math.Abs(float64(zeros)-p*n) <= 5*math.Sqrt(n*p*(1-p))) {
			t.Errorf("p=%v: %d of %v are zero", p, zeros, n)
		}
		if d := equal(y, dx); d != "" {
			t.Errorf("p=%v: the gradient has another mask: %s", p, d)
		}
	}
}

func TestDropoutMask(t *testing.T) {
	y, _ := dropped(t, 0.5, 5, 64, 5, 1)
	again, _ := dropped(t, 0.5, 5, 64, 5, 1)
	if !slices.Equal(y, again) {
		t.Error("the same step has another mask")
	}
	if next, _ := dropped(t, 0.5, 5, 64, 5, 2); slices.Equal(y, next) {
		t.Error("the next step has the same mask")
	}
	if short, _ := dropped(t, 0.5, 5, 64, 3, 1); !slices.Equal(y[:3*64], short) {
		t.Error("a short batch has another mask")
	}
}
