package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The mean loss and its gradient, of rows on both sides of a piece's end; rows past the batch's
// are left alone.
func TestCrossEntropy(t *testing.T) {
	p, err := NewWorkers(2, Generic)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r := rand.New(rand.NewPCG(1, 3))
	for _, smoothing := range []float64{0, 0.1} {
		for _, rows := range []int{1, lossRows, lossRows + 1} {
			c := CrossEntropy{N: rows + 1, Classes: 7, Smoothing: smoothing}
			logits, labels := make([]float32, c.N*c.Classes), make([]int32, c.N)
			fill(r, logits)
			for n := range labels {
				labels[n] = int32(r.IntN(c.Classes))
			}
			gradient, intact := guarded(r, rows*c.Classes)
			loss, err := c.Forward(p, logits, labels, make([]float64, c.N), rows)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Gradient(p, gradient, logits, labels, 2, rows); err != nil {
				t.Fatal(err)
			}
			mean := 0.0
			for n := range rows {
				one, dlogits := refCrossEntropy(wide(logits[n*c.Classes:][:c.Classes]), int(labels[n]), smoothing)
				mean += one / float64(rows)
				for i, g := range dlogits {
					if got := gradient[n*c.Classes+i]; !about(got, 2*g/float64(rows), 2*math.Abs(g)/float64(rows)+1e-8) {
						t.Fatalf("%+v: gradient (%d, %d) is %v, want %v", c, n, i, got, 2*g/float64(rows))
					}
				}
			}
			if math.Abs(loss-mean) > 1e-14*float64(rows) {
				t.Errorf("%+v: loss of %d rows %v, want %v", c, rows, loss, mean)
			}
			if !intact() {
				t.Error("stored outside the gradient")
			}
		}
	}
}

// The loss of numbers that softmax alone could not take is finite; of those that are not, it is NaN.
func TestLogSumExp(t *testing.T) {
	if got := LogSumExp([]float32{1000, 1000, -1e38}); math.Abs(got-1000-math.Ln2) > 1e-12 {
		t.Errorf("of 1000 twice: %v", got)
	}
	inf := float32(math.Inf(1))
	for _, row := range [][]float32{{1, inf}, {-inf, -inf}, {float32(math.NaN()), 1}, {1, float32(math.NaN())}} {
		if got := LogSumExp(row); got == got {
			t.Errorf("of %v: %v", row, got)
		}
	}
}
