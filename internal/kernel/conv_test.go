package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// convCase is a convolution with its data and the results of plain loops in float64.
type convCase struct {
	Conv
	x, w, b, dy      []float32 // w row-major, not in panels
	y, dx, dw, db    []float64
	argmax           []byte
	sumX, sumW, sumB []float64 // Σ|products| behind each dx, dw, db, and y (sumY)
	sumY             []float64
	full64           [][]float64 // an image's gradient of the full-size output
}

// newConvCase makes random data, and results for the first rows images.
func newConvCase(c Conv, rows int, seed uint64) *convCase {
	r := rand.New(rand.NewPCG(seed, 7))
	s := &convCase{Conv: c}
	k := c.WeightRows()
	s.x, s.w, s.b = make([]float32, c.InSize()), make([]float32, k*c.OC), make([]float32, c.OC)
	s.dy = make([]float32, c.OutSize())
	for _, f := range [][]float32{s.x, s.w, s.b, s.dy} {
		fill(r, f)
	}
	s.y, s.sumY, s.argmax = make([]float64, c.OutSize()), make([]float64, c.OutSize()), make([]byte, c.OutSize())
	s.dx, s.sumX = make([]float64, len(s.x)), make([]float64, len(s.x))
	s.dw, s.sumW = make([]float64, len(s.w)), make([]float64, len(s.w))
	s.db, s.sumB = make([]float64, len(s.b)), make([]float64, len(s.b))
	fh, fw := c.full()
	full, mags := make([]float64, fh*fw*c.OC), make([]float64, fh*fw*c.OC)
	for n := range rows {
		s.forward(n, full, mags)
		s.full64 = append(s.full64, s.spread(n, full, mags))
		s.backward(n, s.full64[n])
	}
	return s
}

// taps calls f for the products behind full output (h, w): offsets of x and of the row of w.
func (s *convCase) taps(n, h, w int, f func(x, row int)) {
	for kh := range s.Kernel {
		for kw := range s.Kernel {
			ih, iw := h*s.Stride-s.Padding+kh, w*s.Stride-s.Padding+kw
			if ih < 0 || ih >= s.H || iw < 0 || iw >= s.W {
				continue
			}
			for c := range s.C {
				f(((n*s.H+ih)*s.W+iw)*s.C+c, (kh*s.Kernel+kw)*s.C+c)
			}
		}
	}
}

func (s *convCase) forward(n int, full, mags []float64) {
	fh, fw := s.full()
	for h := range fh {
		for w := range fw {
			sum, mag := full[(h*fw+w)*s.OC:][:s.OC], mags[(h*fw+w)*s.OC:][:s.OC]
			for o, b := range s.b {
				sum[o], mag[o] = float64(b), math.Abs(float64(b))
			}
			s.taps(n, h, w, func(x, row int) {
				v := float64(s.x[x])
				for o, f := range s.w[row*s.OC:][:s.OC] {
					sum[o] += v * float64(f)
					mag[o] += math.Abs(v * float64(f))
				}
			})
			if s.ReLU {
				for o := range sum {
					sum[o] = max(sum[o], 0)
				}
			}
		}
	}
}

// spread writes image n's output and returns the gradient of its full-size output.
func (s *convCase) spread(n int, full, mags []float64) []float64 {
	oh, ow := s.Out()
	_, fw := s.full()
	grad := make([]float64, len(full))
	for h := range oh {
		for w := range ow {
			for o := range s.OC {
				out := ((n*oh+h)*ow+w)*s.OC + o
				at := (h*fw+w)*s.OC + o
				if s.Pool {
					at = (2*h*fw+2*w)*s.OC + o
					for i := range 4 {
						if p := ((2*h+i/2)*fw+2*w+i%2)*s.OC + o; full[p] > full[at] {
							at, s.argmax[out] = p, byte(i)
						}
					}
				}
				s.y[out], s.sumY[out] = full[at], mags[at]
				if !s.ReLU || full[at] > 0 {
					grad[at] = float64(s.dy[out])
				} else if s.Pool {
					s.argmax[out] = noPixel
				}
			}
		}
	}
	return grad
}

func (s *convCase) backward(n int, grad []float64) {
	fh, fw := s.full()
	for h := range fh {
		for w := range fw {
			out := grad[(h*fw+w)*s.OC:][:s.OC]
			for o, g := range out {
				s.db[o] += g
				s.sumB[o] += math.Abs(g)
			}
			s.taps(n, h, w, func(x, row int) {
				v, dx, sumX := float64(s.x[x]), 0.0, 0.0
				f, dw, sumW := s.w[row*s.OC:][:s.OC], s.dw[row*s.OC:][:s.OC], s.sumW[row*s.OC:][:s.OC]
				for o, g := range out {
					dx += g * float64(f[o])
					sumX += math.Abs(g * float64(f[o]))
					dw[o] += g * v
					sumW[o] += math.Abs(g * v)
				}
				s.dx[x] += dx
				s.sumX[x] += sumX
			})
		}
	}
}

// within fails unless got is want up to the rounding of a sum of terms products in any order:
// |error| ≤ terms·ε·Σ|products| (Higham 2002, section 3.1; ε = 2⁻²⁴).
func within(t *testing.T, what string, got []float32, want, mags []float64, terms int) {
	t.Helper()
	for i, g := range got {
		if !(math.Abs(float64(g)-want[i]) <= float64(terms+2)/(1<<24)*mags[i]) {
			t.Fatalf("%s[%d] = %v, want %v (Σ|products| %v over %d terms)", what, i, g, want[i], mags[i], terms)
		}
	}
}

// panels stores a row-major K×N matrix in panels; plain turns it back.
func panels(m []float32, K, N int) []float32 {
	out := make([]float32, len(m))
	for i, v := range m {
		out[PanelIndex(K, N, i/N, i%N)] = v
	}
	return out
}

func plain(m []float32, K, N int) []float32 {
	out := make([]float32, len(m))
	for i := range out {
		out[i] = m[PanelIndex(K, N, i/N, i%N)]
	}
	return out
}

// Costs that choose one algorithm wherever it is possible.
var (
	direct     = costs{input: math.Inf(1)}
	winograd   = costs{input: math.Inf(-1), planeMajorChannels: math.MaxInt32}
	planeMajor = costs{input: math.Inf(-1), planeMajorBytes: 48 << 10} // one or two tile rows of the tests' shapes
)

// with is ks at other costs.
func (ks kernels) with(c costs) *kernels {
	ks.costs = c
	return &ks
}

// testConv holds the first rows images' results on every instruction set against plain loops.
func testConv(t *testing.T, c Conv, by costs, rows, threads int) {
	t.Helper()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	s := newConvCase(c, rows, uint64(c.H*c.W+c.C))
	if fh, fw := c.full(); !c.narrow(generic.with(by)) && c.algorithm(by, fh, fw, c.C, c.OC) == Winograd {
		s.winogradBounds(rows)
	}
	for _, ks := range available() {
		s.check(t, rows, threads, ks.with(by))
	}
}

func (s *convCase) check(t *testing.T, rows, threads int, ks *kernels) {
	t.Helper()
	c := s.Conv
	p, err := newWorkers(threads, ks)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r := rand.New(rand.NewPCG(3, 4))
	k := c.WeightRows()
	oh, ow := c.Out()
	fh, fw := c.full()
	y, yIntact := guarded(r, rows*oh*ow*c.OC)
	argmax := make([]byte, c.OutSize())
	w := panels(s.w, k, c.OC)
	u := make([]float32, c.FilterSize(p))
	if err := c.TransformFilters(p, u, w); err != nil {
		t.Fatal(err)
	}
	if err := c.Forward(p, y, argmax, s.x, w, s.b, u, make([]float32, c.ForwardSize(p)), rows); err != nil {
		t.Fatal(err)
	}
	yTerms, xTerms, wTerms := k, c.Kernel*c.Kernel*c.OC, rows*fh*fw
	if c.ForwardAlgorithm(p) == Winograd {
		yTerms, xTerms, wTerms = c.C+convolutionRoundings, c.OC+convolutionRoundings, wTerms+adjointRoundings
	}
	name := fmt.Sprintf("%s, %+v, %d images: ", ks.name, c, rows)
	within(t, name+"y", y, s.y, s.sumY, yTerms)
	// Gradients are taken at the reference's own output, so that a ReLU or a pool on the edge
	// cannot choose otherwise.
	yRef := make([]float32, c.OutSize())
	for i, v := range s.y {
		yRef[i] = float32(v)
	}
	if !c.ReLU {
		yRef = nil
	}
	dx, dxIntact := guarded(r, rows*c.H*c.W*c.C)
	if err := c.InputGradient(p, dx, s.dy, yRef, s.argmax, w, make([]float32, c.InputGradientSize(p)), rows); err != nil {
		t.Fatal(err)
	}
	within(t, name+"dx", dx, s.dx, s.sumX, xTerms)
	dw, dwIntact := guarded(r, len(s.w))
	db, dbIntact := guarded(r, len(s.b))
	if err := c.WeightGradient(p, dw, db, s.x, s.dy, yRef, s.argmax, make([]float32, c.WeightGradientSize(p)), rows); err != nil {
		t.Fatal(err)
	}
	within(t, name+"dw", plain(dw, k, c.OC), s.dw, s.sumW, wTerms)
	within(t, name+"db", db, s.db, s.sumB, rows*fh*fw)
	if !yIntact() || !dxIntact() || !dwIntact() || !dbIntact() {
		t.Fatal(name + "stored outside a result")
	}
}

func TestConv(t *testing.T) {
	shapes := []Conv{
		{N: 1, H: 1, W: 1, C: 1, OC: 1, Kernel: 1, Stride: 1},
		{N: 2, H: 5, W: 7, C: 3, OC: 17, Kernel: 3, Stride: 1, Padding: 1},
		{N: 1, H: 28, W: 28, C: 1, OC: 16, Kernel: 3, Stride: 1, Padding: 1, ReLU: true, Pool: true},
		{N: 3, H: 9, W: 15, C: 16, OC: 32, Kernel: 3, Stride: 1, Padding: 1, ReLU: true, Pool: true},
		{N: 29, H: 3, W: 3, C: 33, OC: 65, Kernel: 3, Stride: 1, Padding: 1, ReLU: true},
		{N: 17, H: 7, W: 7, C: 5, OC: 33, Kernel: 3, Stride: 1, Padding: 1, ReLU: true, Pool: true},
		{N: 2, H: 64, W: 60, C: 31, OC: 8, Kernel: 3, Stride: 1, Padding: 1, ReLU: true, Pool: true},
		{N: 2, H: 11, W: 13, C: 2, OC: 48, Kernel: 5, Stride: 2, Padding: 2, ReLU: true, Pool: true},
		{N: 2, H: 23, W: 27, C: 3, OC: 9, Kernel: 11, Stride: 4, Padding: 1, ReLU: true},
		{N: 2, H: 6, W: 5, C: 4, OC: 6, Kernel: 1, Stride: 2, Padding: 1},
		{N: 2, H: 4, W: 4, C: 2, OC: 3, Kernel: 2, Stride: 1, Padding: 3, Pool: true},
		{N: 20, H: 2, W: 3, C: 7, OC: 40, Kernel: 3, Stride: 1, Padding: 1, Pool: true},
		{N: 3, H: 40, W: 14, C: 64, OC: 16, Kernel: 3, Stride: 1, Padding: 1, ReLU: true, Pool: true},
	}
	for _, c := range shapes {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			testConv(t, c, direct, c.N, 2)
			if c.N > 1 {
				testConv(t, c, direct, 1, 1) // a short batch
			}
		})
	}
}

// Results must not depend on the number of threads, nor y on whether argmax is asked for.
func TestConvThreads(t *testing.T) {
	for name, by := range map[string]costs{"direct": direct, "winograd": winograd, "plane by plane": planeMajor} {
		t.Run(name, func(t *testing.T) { testConvThreads(t, available()[0].with(by)) })
	}
}

func testConvThreads(t *testing.T, ks *kernels) {
	c := Conv{N: 5, H: 30, W: 31, C: 24, OC: 72, Kernel: 3, Stride: 1, Padding: 1, ReLU: true, Pool: true}
	if testing.Short() {
		c.H, c.W = 14, 15
	}
	s := newConvCase(c, c.N, 9)
	w := panels(s.w, c.WeightRows(), c.OC)
	var want [4][]float32
	for _, threads := range []int{1, 2, 3, 8} {
		p, err := newWorkers(threads, ks)
		if err != nil {
			t.Fatal(err)
		}
		y, argmax := make([]float32, c.OutSize()), make([]byte, c.OutSize())
		got := [4][]float32{y, make([]float32, c.InSize()), make([]float32, len(w)), make([]float32, c.OC)}
		u := make([]float32, c.FilterSize(p))
		without := make([]float32, len(y))
		for _, err := range []error{
			c.TransformFilters(p, u, w),
			c.Forward(p, y, argmax, s.x, w, s.b, u, make([]float32, c.ForwardSize(p)), c.N),
			c.Forward(p, without, nil, s.x, w, s.b, u, make([]float32, c.ForwardSize(p)), c.N),
			c.InputGradient(p, got[1], s.dy, y, argmax, w, make([]float32, c.InputGradientSize(p)), c.N),
			c.WeightGradient(p, got[2], got[3], s.x, s.dy, y, argmax, make([]float32, c.WeightGradientSize(p)), c.N),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		p.Close()
		same(t, "y without argmax", without, y)
		for i := range got {
			if want[i] == nil {
				want[i] = got[i]
			}
			for j := range got[i] {
				if got[i][j] != want[i][j] {
					t.Fatalf("%d threads: result %d differs at %d", threads, i, j)
				}
			}
		}
	}
}

// vggSmall is the convolutions of vgg11-small at 224 pixels.
var vggSmall = []Conv{
	{H: 224, W: 224, C: 1, OC: 16, Pool: true},
	{H: 112, W: 112, C: 16, OC: 32, Pool: true},
	{H: 56, W: 56, C: 32, OC: 64},
	{H: 56, W: 56, C: 64, OC: 64, Pool: true},
	{H: 28, W: 28, C: 64, OC: 128},
	{H: 28, W: 28, C: 128, OC: 128, Pool: true},
	{H: 14, W: 14, C: 128, OC: 128},
	{H: 14, W: 14, C: 128, OC: 128, Pool: true},
	{H: 7, W: 7, C: 128, OC: 128},
	{H: 3, W: 3, C: 128, OC: 128},
}

func BenchmarkConv(b *testing.B) {
	p, err := NewWorkers(0, Best())
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	for _, c := range vggSmall {
		c.N, c.Kernel, c.Stride, c.Padding, c.ReLU = 32, 3, 1, 1, true
		r := rand.New(rand.NewPCG(1, 1))
		x, w, bias := make([]float32, c.InSize()), make([]float32, c.WeightRows()*c.OC), make([]float32, c.OC)
		fill(r, x)
		fill(r, w)
		y, argmax := make([]float32, c.OutSize()), make([]byte, c.OutSize())
		u, work := make([]float32, c.FilterSize(p)), make([]float32, c.ForwardSize(p))
		dx, dw, db := make([]float32, len(x)), make([]float32, len(w)), make([]float32, c.OC)
		turned, partial := make([]float32, c.InputGradientSize(p)), make([]float32, c.WeightGradientSize(p))
		fh, fw := c.full()
		flops := 2 * float64(c.N*fh*fw*c.OC*c.WeightRows())
		for _, pass := range []struct {
			name string
			run  func() error
		}{
			{"filters", func() error { return c.TransformFilters(p, u, w) }},
			{"forward", func() error { return c.Forward(p, y, argmax, x, w, bias, u, work, c.N) }},
			{"input", func() error { return c.InputGradient(p, dx, y, y, argmax, w, turned, c.N) }},
			{"weight", func() error { return c.WeightGradient(p, dw, db, x, y, y, argmax, partial, c.N) }},
		} {
			b.Run(fmt.Sprintf("%dx%dx%d-%d/%s", c.H, c.W, c.C, c.OC, pass.name), func(b *testing.B) {
				for b.Loop() {
					if err := pass.run(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N*c.N), "ms/image")
			})
		}
	}
}
