package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// activationFunction is a function, its gradient, and what they should be.
type activationFunction struct {
	forward  func(p *Workers, y, x []float32) error
	gradient func(p *Workers, dx, dy, y []float32) error
	f        func(x float64) float64
	df       func(dy, y float64) float64
	units    float64 // of rounding
}

func activationFunctions() map[string]activationFunction {
	return map[string]activationFunction{
		"relu":    {ReLU, ReLUGradient, refReLU, refReLUGradient, 0},
		"sigmoid": {Sigmoid, SigmoidGradient, refSigmoid, refSigmoidGradient, 3},
	}
}

// Numbers at the ends of vectors and pieces are computed as all others, and none beside them is
// written; NaN stays NaN, infinities give the limits.
func TestActivations(t *testing.T) {
	for name, f := range activationFunctions() {
		for _, ks := range available() {
			for _, n := range []int{0, 1, 7, 16, 33, activationPiece - 1, activationPiece, 2*activationPiece + 17} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, ks.name, n), func(t *testing.T) { testActivation(t, f, ks, n) })
			}
		}
	}
}

func testActivation(t *testing.T, f activationFunction, ks *kernels, n int) {
	workers, err := newWorkers(3, ks)
	if err != nil {
		t.Fatal(err)
	}
	defer workers.Close()
	r := rand.New(rand.NewPCG(7, uint64(n)))
	x, dy := make([]float32, n+1), make([]float32, n)
	fill(r, x)
	fill(r, dy)
	sprinkle(r, x)
	y, intact := guarded(r, n)
	dx, intactToo := guarded(r, n)
	if err := f.forward(workers, y, x[:n]); err != nil {
		t.Fatal(err)
	}
	if err := f.gradient(workers, dx, dy, y); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		want := f.f(float64(x[i]))
		if !about(y[i], want, f.units*math.Abs(want)) {
			t.Fatalf("y[%d] = %v of %v, want %v", i, y[i], x[i], want)
		}
		if want = f.df(float64(dy[i]), float64(y[i])); !about(dx[i], want, f.units*math.Abs(want)) {
			t.Fatalf("dx[%d] = %v, want %v", i, dx[i], want)
		}
	}
	if !intact() || !intactToo() {
		t.Error("written past an end")
	}
}

// about reports whether got is want but for roundings of a size, or both are NaN.
func about(got float32, want, size float64) bool {
	return float64(got) == want || got != got && want != want || math.Abs(float64(got)-want) <= size/(1<<24)
}
