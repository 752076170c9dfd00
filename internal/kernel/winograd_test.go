package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// square is a matrix of up to 6×6, the rest zeros.
type square [6][6]float64

// The matrices of F(4×4,3×3), see winograd_transform.go.
var (
	inputMatrix  = square{{4, 0, -5, 0, 1, 0}, {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0}, {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}}
	filterMatrix = square{{1. / 4}, {-1. / 6, -1. / 6, -1. / 6}, {-1. / 6, 1. / 6, -1. / 6}, {1. / 24, 1. / 12, 1. / 6}, {1. / 24, -1. / 12, 1. / 6}, {0, 0, 1}}
	outputMatrix = square{{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}}
)

// Roundings on the longest way of a value through Winograd's algorithm, besides those of the sum
// over channels or tiles: (Higham 2002, lemma 3.1: n roundings err by at most γₙ = nε/(1-nε) of
// the same expression in magnitudes; Barabasz et al. 2020, theorem 1, for these transforms.)
//   - input or gradient, each way: three;
//   - filter, each way: a rounded coefficient, product, two sums, another sum: five;
//   - output, each way: four sums (a multiplication by a power of two is exact);
//   - filter gradient, each way: a sum, a coefficient, a product, two more sums: five;
//   - and the product of the two, and the bias.
const (
	convolutionRoundings = 2*3 + 2*5 + 2*4 + 2
	adjointRoundings     = 2*3 + 2*3 + 2*5 + 1
)

// magnitudes is |m|·|v|·|m|ᵀ.
func magnitudes(m, v square) square {
	var left, out square
	for i := range 6 {
		for k := range 6 {
			if a := math.Abs(m[i][k]); a != 0 {
				for j := range 6 {
					left[i][j] += a * math.Abs(v[k][j])
				}
			}
		}
	}
	for i := range 6 {
		for j := range 6 {
			for k := range 6 {
				out[i][j] += left[i][k] * math.Abs(m[j][k])
			}
		}
	}
	return out
}

func (m square) transposed() (out square) {
	for i := range 6 {
		for j := range 6 {
			out[j][i] = m[i][j]
		}
	}
	return out
}

// addProducts adds the products of a's and b's elements to m's.
func (m *square) addProducts(a, b *square) {
	for i := range 6 {
		for j := range 6 {
			m[i][j] += a[i][j] * b[i][j]
		}
	}
}

// patch is side×side values of f from (row, col) on.
func patch(side, row, col int, f func(h, w int) float64) (p square) {
	for i := range side {
		for j := range side {
			p[i][j] = f(row+i, col+j)
		}
	}
	return p
}

// plainConv is a stride-1 3×3 convolution of n images in float64 and its bounds.
type plainConv struct {
	n, h, w, c, oc, padding int                          // h, w: of the output
	x                       func(n, h, w, c int) float64 // zero outside the image
	filter                  func(kh, kw, c, o int) float64
}

// bounds calls f with Σ over channels of the magnitudes behind each output.
func (p plainConv) bounds(f func(n, h, w, o int, magnitude float64)) {
	u, v := make([]square, p.c*p.oc), make([]square, p.c)
	for c := range p.c {
		for o := range p.oc {
			u[c*p.oc+o] = magnitudes(filterMatrix, patch(3, 0, 0, func(i, j int) float64 { return p.filter(i, j, c, o) }))
		}
	}
	for n := range p.n {
		for top := 0; top < p.h; top += 4 {
			for left := 0; left < p.w; left += 4 {
				for c := range v {
					v[c] = magnitudes(inputMatrix, patch(6, top-p.padding, left-p.padding, func(h, w int) float64 { return p.x(n, h, w, c) }))
				}
				for o := range p.oc {
					var m square
					for c := range v {
						m.addProducts(&v[c], &u[c*p.oc+o])
					}
					y := magnitudes(outputMatrix, m)
					for i := range min(4, p.h-top) {
						for j := range min(4, p.w-left) {
							f(n, top+i, left+j, o, y[i][j])
						}
					}
				}
			}
		}
	}
}

// winogradBounds replaces the sums of magnitudes of s by those of Winograd's algorithm, for the
// first rows images.
func (s *convCase) winogradBounds(rows int) {
	fh, fw := s.full()
	pixel := func(n, h, w, c int) float64 {
		if h < 0 || h >= s.H || w < 0 || w >= s.W {
			return 0
		}
		return float64(s.x[((n*s.H+h)*s.W+w)*s.C+c])
	}
	filter := func(kh, kw, c, o int) float64 { return float64(s.w[((kh*3+kw)*s.C+c)*s.OC+o]) }
	grad := func(n, h, w, o int) float64 {
		if h < 0 || h >= fh || w < 0 || w >= fw {
			return 0
		}
		return s.dFull[((n*fh+h)*fw+w)*s.OC+o]
	}
	plainConv{rows, fh, fw, s.C, s.OC, s.Padding, pixel, filter}.bounds(func(n, h, w, o int, m float64) {
		s.sumFull[((n*fh+h)*fw+w)*s.OC+o] = m + math.Abs(float64(s.b[o]))
	})
	turned := func(kh, kw, o, c int) float64 { return filter(2-kh, 2-kw, c, o) }
	plainConv{rows, s.H, s.W, s.OC, s.C, 2 - s.Padding, grad, turned}.bounds(func(n, h, w, c int, m float64) {
		s.sumX[((n*s.H+h)*s.W+w)*s.C+c] = m
	})
	s.weightBounds(rows, pixel, grad)
}

func (s *convCase) weightBounds(rows int, pixel, grad func(n, h, w, c int) float64) {
	fh, fw := s.full()
	gradientMatrix := outputMatrix.transposed() // A
	sums, m := make([]square, s.C*s.OC), make([]square, s.OC)
	for n := range rows {
		for top := 0; top < fh; top += 4 {
			for left := 0; left < fw; left += 4 {
				for o := range m {
					m[o] = magnitudes(gradientMatrix, patch(4, top, left, func(h, w int) float64 { return grad(n, h, w, o) }))
				}
				for c := range s.C {
					v := magnitudes(inputMatrix, patch(6, top-s.Padding, left-s.Padding, func(h, w int) float64 { return pixel(n, h, w, c) }))
					for o := range m {
						sums[c*s.OC+o].addProducts(&v, &m[o])
					}
				}
			}
		}
	}
	for c := range s.C {
		for o := range s.OC {
			dw := magnitudes(filterMatrix.transposed(), sums[c*s.OC+o])
			for tap := range 9 {
				s.sumW[(tap*s.C+c)*s.OC+o] = dw[tap/3][tap%3]
			}
		}
	}
}

// Images of every size from 1×1 to 9×9 and beyond, and channels round every edge of vectors and
// panels, whatever the estimate of costs would choose.
func TestWinograd(t *testing.T) {
	shapes := []Conv{
		{N: 5, H: 6, W: 5, C: 35, OC: 41, Padding: 1, ReLU: true, Pool: true}, // this and the next plane by plane
		{N: 2, H: 9, W: 9, C: 16, OC: 32, Padding: 1},
		{N: 3, H: 30, W: 29, C: 16, OC: 32, Padding: 1, ReLU: true, Pool: true},
		{N: 2, H: 5, W: 120, C: 3, OC: 5, Padding: 1},
		{N: 30, H: 3, W: 3, C: 33, OC: 65, Padding: 1, ReLU: true},
		{N: 9, H: 7, W: 7, C: 65, OC: 33, Padding: 1, ReLU: true, Pool: true},
		{N: 2, H: 14, W: 14, C: 64, OC: 40, Padding: 1, ReLU: true},
		{N: 2, H: 9, W: 8, C: 7, OC: 16, Padding: 0, Pool: true},
		{N: 2, H: 6, W: 7, C: 17, OC: 9, Padding: 2, ReLU: true, Pool: true},
		{N: 1, H: 11, W: 4, C: 48, OC: 17, Padding: 1},
	}
	r := rand.New(rand.NewPCG(9, 9))
	step := 1
	if testing.Short() {
		step = 2
	}
	for h := 1; h <= 9; h++ {
		for w := 1 + h%step; w <= 9; w += step {
			c := Conv{N: 1 + r.IntN(3), H: h, W: w, C: 1 + r.IntN(18), OC: 1 + r.IntN(34), Padding: 1, ReLU: r.IntN(2) == 0}
			c.Pool = min(h, w) > 1 && r.IntN(2) == 0
			shapes = append(shapes, c)
		}
	}
	for i, c := range shapes {
		c.Kernel, c.Stride = 3, 1
		by := winograd
		if i < 2 {
			by = planeMajor
		}
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			testConv(t, c, by, c.N, 2)
			if c.N > 1 {
				testConv(t, c, by, 1, 1) // a short batch
			}
		})
	}
}

// A pixel that is not finite spoils every output that the definition lets it spoil, and beyond
// these only outputs of the 4×4 tiles whose patch it lies in.
func TestWinogradNotFinite(t *testing.T) {
	for _, ks := range available() {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			c := Conv{N: 1, H: 13, W: 13, C: 16, OC: 32, Kernel: 3, Stride: 1, Padding: 1}
			s := newConvCase(c, 1)
			const row, col = 5, 8
			s.x[(row*c.W+col)*c.C+3] = float32(bad)
			y := s.forwardOn(t, ks.with(winograd))
			for h := range c.H {
				for w := range c.W {
					finite := true
					for _, v := range y[(h*c.W+w)*c.OC:][:c.OC] {
						finite = finite && v-v == 0
					}
					direct := abs(h-row) <= 1 && abs(w-col) <= 1
					tile := row >= h/4*4-1 && row <= h/4*4+4 && col >= w/4*4-1 && col <= w/4*4+4
					if direct && finite || !tile && !finite {
						t.Errorf("%s: %v at (%d, %d): output (%d, %d) is finite: %v", ks.name, bad, row, col, h, w, finite)
					}
				}
			}
		}
	}
}

func abs(i int) int { return max(i, -i) }

// forwardOn is the output of Forward on two threads.
func (s *convCase) forwardOn(t *testing.T, ks *kernels) []float32 {
	t.Helper()
	p, err := newWorkers(2, ks)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	w := panels(s.w, s.WeightRows(), s.OC)
	y, u := make([]float32, s.OutSize()), make([]float32, s.FilterSize(p))
	for _, err := range []error{s.TransformFilters(p, u, w), s.Forward(p, y, make([]byte, len(y)), s.x, w, s.b, u, make([]float32, s.ForwardSize(p)), s.N)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return y
}

// The choice is by cost: no transforms where they cost more than they save.
func TestAlgorithm(t *testing.T) {
	p, err := NewWorkers(1, Generic)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, c := range []struct {
		Conv
		want Algorithm
	}{
		{Conv{N: 128, H: 224, W: 224, C: 1, OC: 16, Kernel: 3, Stride: 1, Padding: 1}, Direct},
		{Conv{N: 128, H: 112, W: 112, C: 16, OC: 32, Kernel: 3, Stride: 1, Padding: 1}, Winograd},
		{Conv{N: 128, H: 3, W: 3, C: 128, OC: 128, Kernel: 3, Stride: 1, Padding: 1}, Winograd},
		{Conv{N: 128, H: 1, W: 1, C: 128, OC: 128, Kernel: 3, Stride: 1, Padding: 1}, Direct},
		{Conv{N: 128, H: 56, W: 56, C: 64, OC: 64, Kernel: 3, Stride: 2, Padding: 1}, Direct},
		{Conv{N: 128, H: 56, W: 56, C: 64, OC: 64, Kernel: 1, Stride: 1}, Direct},
		{Conv{N: 128, H: 27, W: 27, C: 96, OC: 256, Kernel: 5, Stride: 1, Padding: 2}, Direct},
	} {
		if got := c.ForwardAlgorithm(p); got != c.want {
			t.Errorf("%+v: %s, want %s", c.Conv, got, c.want)
		}
	}
}
