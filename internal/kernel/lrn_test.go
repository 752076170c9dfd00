package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Windows of odd and even size, and wider than the channels are many.
func TestLRN(t *testing.T) {
	p, err := NewWorkers(2, Generic)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r := rand.New(rand.NewPCG(2, 3))
	for _, l := range []LRN{
		{N: 2, H: 3, W: 2, C: 9, Size: 5, Alpha: 1e-4, Beta: 0.75, K: 2},
		{N: 1, H: 1, W: 5, C: 4, Size: 2, Alpha: 3, Beta: 0.5, K: 1},
		{N: 2, H: 2, W: 1, C: 40, Size: maxLRN, Alpha: 0.5, Beta: 1, K: 0.5},
		{N: 1, H: 2, W: 2, C: 3, Size: 7, Alpha: 1, Beta: 0.75, K: 1},
		{N: 1, H: 1, W: 1, C: 1, Size: 1, Alpha: 2, Beta: 0.75, K: 1},
	} {
		t.Run(fmt.Sprintf("%+v", l), func(t *testing.T) {
			n := l.N * l.H * l.W * l.C
			x, dy := make([]float32, n), make([]float32, n)
			fill(r, x)
			fill(r, dy)
			y, yIntact := guarded(r, n)
			dx, dxIntact := guarded(r, n)
			for _, err := range []error{l.Check(), l.Forward(p, y, x, l.N), l.Gradient(p, dx, dy, x, l.N)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			define := refLRN{Size: l.Size, Alpha: l.Alpha, Beta: l.Beta, K: l.K}
			for from := 0; from < n; from += l.C {
				pixel := wide(x[from:][:l.C])
				wantX := define.Gradient(wide(dy[from:][:l.C]), pixel)
				for c, want := range define.Forward(pixel) {
					// One rounding to float32 of what float64 computes.
					if !about(y[from+c], want, 1.01*max(want, -want)) || !about(dx[from+c], wantX[c], 1.01*max(wantX[c], -wantX[c])+1e-8) {
						t.Fatalf("at %d: y %v and dx %v, want %v and %v", from+c, y[from+c], dx[from+c], want, wantX[c])
					}
				}
			}
			if !yIntact() || !dxIntact() {
				t.Error("stored outside a result")
			}
		})
	}
}
