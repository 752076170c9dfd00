package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// narrowRoundings is how many roundings more than the products of an output are on the longest way to it
// where three channels are transformed: one of the row, two of the weights, one where rows meet.
const narrowRoundings = 1 + 2 + 1

// narrowBounds replaces the sums of magnitudes behind the output of three channels by those of F(2,3):
// |error| ≤ roundings·2⁻²⁴·Σ|rows|·|weights| (see winograd_test.go).
func (s *convCase) narrowBounds(images int) {
	if s.C != 3 {
		return
	}
	for i := range s.yFull {
		o, w, h, n := i%s.OC, i/s.OC%s.W, i/s.OC/s.W%s.H, i/s.OC/s.W/s.H
		sum := math.Abs(float64(s.b[o]))
		for k := range 9 { // column and channel
			column, c := w+k/3-1, k%3
			var d [4]float64
			for r := range d {
				if row := h&^1 + r - 1; row >= 0 && row < s.H && column >= 0 && column < s.W {
					d[r] = math.Abs(float64(s.x[((n*s.H+row)*s.W+column)*3+c]))
				}
			}
			var g [3]float64
			for kh := range g {
				g[kh] = math.Abs(float64(s.w[((kh*3+k/3)*3+c)*s.OC+o]))
			}
			sum += (d[1] + d[2]) * (g[0] + g[1] + g[2])
			if h%2 == 0 {
				sum += (d[0] + d[2]) * g[0]
			} else {
				sum += (d[3] + d[1]) * g[2]
			}
		}
		s.sumFull[i] = sum
	}
}

// A pixel of three channels that is not finite spoils outputs that the definition lets it spoil, and no
// others; NaN all of them.
func TestNarrowNotFinite(t *testing.T) {
	for _, ks := range available() {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			c := firstLayer(1, 13, 17, 3, 16, false)
			s := newConvCase(c, 1)
			want := s.forwardOn(t, ks)
			for _, row := range []int{5, 6} {
				const col = 8
				spoilt := *s
				spoilt.x = slices.Clone(s.x)
				spoilt.x[(row*c.W+col)*c.C+1] = float32(bad)
				y := spoilt.forwardOn(t, ks)
				for i, v := range y {
					h, w := i/c.OC/c.W, i/c.OC%c.W
					reached := abs(h-row) <= 1 && abs(w-col) <= 1
					if !reached && v != want[i] || reached && bad != bad && v == v {
						t.Errorf("%s: %v at (%d, %d): output (%d, %d) is %v", ks.name, bad, row, col, h, w, v)
					}
				}
			}
		}
	}
}

// Rows and weights are transformed as the comment of narrow_transform.go has it: of integers exactly.
func TestNarrowTransform(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for _, ks := range available() {
		for n := 1; n < 40; n++ {
			var d [4][]float32
			for i := range d {
				d[i] = make([]float32, n)
				small(r, d[i], n%3 == 0)
			}
			line := n + r.IntN(5)
			dst, intact := guarded(r, 3*line+n)
			ks.narrowTransform(dst, d, n, line)
			for i := range n {
				d0, d1, d2, d3 := d[0][i], d[1][i], d[2][i], d[3][i]
				for row, want := range []float32{d1 + d2, d2 - d1, d0 - d2, d3 - d1} {
					same(t, fmt.Sprintf("%s: row %d", ks.name, row), dst[row*line+i:][:1], []float32{want})
				}
			}
			if !intact() {
				t.Fatalf("%s: stored outside the rows", ks.name)
			}
		}
	}
	for row, want := range []float32{(2 + 3 + 5) / 2., (2 - 3 + 5) / 2., 2, 5} {
		if got := narrowFilter(row, 2, 3, 5); got != want {
			t.Errorf("row %d of the weights 2, 3, 5: %v, want %v", row, got, want)
		}
	}
}
