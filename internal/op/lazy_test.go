package op

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// The weight gradient of a dense layer is a value like others, whatever it takes to make it one.
func TestLazyGradient(t *testing.T) {
	p, _, params := small(t, 2, 4)
	if err := p.run(); err != nil {
		t.Fatal(err)
	}
	lazy := 0
	for _, n := range params {
		v, err := n.Grad()
		if err != nil {
			t.Fatal(err)
		}
		if !v.Shape().Eq(n.Shape()) || v.Dtype() != tensor.Float32 || v.Size() != n.Shape().TotalSize() {
			t.Errorf("%v of shape %v: gradient of shape %v, %v, %d elements", n, n.Shape(), v.Shape(), v.Dtype(), v.Size())
		}
		g, ok := v.(*LazyGradient)
		if !ok {
			continue
		}
		lazy++
		testLazyGradient(t, g, v.Data().([]float32))
	}
	if lazy != 2 {
		t.Errorf("%d lazy gradients, want those of 2 dense layers", lazy)
	}
}

func testLazyGradient(t *testing.T, g *LazyGradient, whole []float32) {
	t.Helper()
	seen, zeros := make([]float32, g.Size()), 0
	if err := g.Stream(nil, func(from int, dw []float32) { copy(seen[from:], dw) }); err != nil {
		t.Fatal(err)
	}
	if d := equal(seen, whole); d != "" {
		t.Errorf("%v: streamed and whole differ: %s", g, d)
	}
	sum := 0.0
	for _, x := range whole {
		sum += float64(x) * float64(x)
		if x == 0 {
			zeros++
		}
	}
	if zeros == len(whole) {
		t.Errorf("%v is all zeros", g)
	}
	const ulp = 1.0 / (1 << 52)
	if squares, err := g.SumSquares(); err != nil || squares < sum*(1-float64(len(whole))*ulp) || squares > sum*(1+float64(len(whole))*ulp) {
		t.Errorf("%v: sum of squares %v (%v), want %v", g, squares, err, sum)
	}
	if got, want := fmt.Sprintf("%v", gorgonia.Value(g)), fmt.Sprintf("%s of %v", g.String(), g.Shape()); got != want {
		t.Errorf("formatted as %q, want %q", got, want)
	}
}
