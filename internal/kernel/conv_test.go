package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// convCase is a convolution with its data and the results by definition.
type convCase struct {
	Conv
	x, w, b, dy      []float32 // w row-major, not in panels
	y, dx, dw, db    []float64
	argmax           []byte
	sumX, sumW, sumB []float64 // Σ|products| behind each dx, dw, db
	yFull, sumFull   []float64 // the output before any ReLU and pool, and Σ|products| behind it
	dFull            []float64 // its gradient
}

// newConvCase makes random data.
func newConvCase(c Conv, seed uint64) *convCase {
	r := rand.New(rand.NewPCG(seed, 7))
	s := &convCase{Conv: c}
	s.x, s.w, s.b = make([]float32, c.InSize()), make([]float32, c.WeightRows()*c.OC), make([]float32, c.OC)
	s.dy = make([]float32, c.OutSize())
	for _, f := range [][]float32{s.x, s.w, s.b, s.dy} {
		fill(r, f)
	}
	return s
}

// define makes the results for the first rows images.
func (s *convCase) define(rows int) {
	c := s.Conv
	define := refConv{N: rows, H: c.H, W: c.W, C: c.C, OC: c.OC, Kernel: c.Kernel, Stride: c.Stride, Padding: c.Padding}
	x, w, b := wide(s.x), wide(s.w), wide(s.b)
	s.yFull, s.sumFull = define.Forward(x, w, b), define.Forward(magnitude(x), magnitude(w), magnitude(b))
	s.finish(rows)
	s.dx, s.sumX = define.InputGradient(s.dFull, w), define.InputGradient(magnitude(s.dFull), magnitude(w))
	s.dw, s.db = define.WeightGradient(x, s.dFull)
	s.sumW, s.sumB = define.WeightGradient(magnitude(x), magnitude(s.dFull))
}

// window is the pool that may follow.
func (s *convCase) window(rows int) refPool {
	fh, fw := s.full()
	return refPool{N: rows, H: fh, W: fw, C: s.OC, Kernel: 2, Stride: 2}
}

// finish makes y, and the gradient of what it was before any ReLU and pool.
func (s *convCase) finish(rows int) {
	pool := s.window(rows)
	s.y = slices.Clone(s.yFull)
	var largest []int
	if s.Pool {
		s.y, largest = pool.Max(s.yFull)
	}
	s.argmax = make([]byte, s.OutSize())
	s.dFull = wide(s.dy)[:len(s.y)]
	for i := range largest {
		s.argmax[i] = byte(largest[i])
	}
	for i := range s.y {
		if s.ReLU {
			s.y[i] = refReLU(s.y[i])
			s.dFull[i] = refReLUGradient(s.dFull[i], s.y[i])
			if s.Pool && s.y[i] <= 0 {
				s.argmax[i] = noPixel
			}
		}
	}
	if s.Pool {
		s.dFull = pool.MaxGradient(s.dFull, largest)
	}
}

// outputWithin fails unless each y can come of full outputs that err as in within: it is the largest of
// its window, whichever pixel that is then, so no less than the largest that all can be at least, and
// no more than the largest that any can be.
func (s *convCase) outputWithin(t *testing.T, what string, y []float32, rows, terms int) {
	t.Helper()
	bound := func(sign float64) []float64 {
		bounds := slices.Clone(s.yFull)
		for i := range bounds {
			bounds[i] += sign * allowed(s.sumFull[i], terms)
		}
		if s.Pool {
			bounds, _ = s.window(rows).Max(bounds)
		}
		for i := range bounds {
			if s.ReLU {
				bounds[i] = refReLU(bounds[i])
			}
		}
		return bounds
	}
	low, high := bound(-1), bound(1)
	for i, v := range y {
		if !(low[i] <= float64(v) && float64(v) <= high[i]) {
			t.Fatalf("%s[%d] = %v, want %v: from %v to %v (%d terms)", what, i, v, s.y[i], low[i], high[i], terms)
		}
	}
}

// wide is s in float64.
func wide(s []float32) []float64 {
	out := make([]float64, len(s))
	for i, v := range s {
		out[i] = float64(v)
	}
	return out
}

// magnitude is |s|. A sum of products of magnitudes is what bounds the rounding of the sum.
func magnitude(s []float64) []float64 {
	out := make([]float64, len(s))
	for i, v := range s {
		out[i] = math.Abs(v)
	}
	return out
}

// allowed is the rounding of a sum of terms products in any order: |error| ≤ terms·ε·Σ|products|
// (Higham 2002, section 3.1; ε = 2⁻²⁴).
func allowed(sum float64, terms int) float64 { return float64(terms+2) / (1 << 24) * sum }

// within fails unless got is want up to what is allowed.
func within(t *testing.T, what string, got []float32, want, mags []float64, terms int) {
	t.Helper()
	for i, g := range got {
		if !(math.Abs(float64(g)-want[i]) <= allowed(mags[i], terms)) {
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
	s := newConvCase(c, uint64(c.H*c.W+c.C))
	s.define(rows)
	if fh, fw := c.full(); c.narrow(generic.with(by)) {
		s.narrowBounds(rows)
	} else if c.algorithm(by, fh, fw, c.C, c.OC) == Winograd {
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
	switch c.ForwardAlgorithm(p) {
	case Narrow:
		yTerms += narrowRoundings
	case Winograd:
		yTerms, xTerms, wTerms = c.C+convolutionRoundings, c.OC+convolutionRoundings, wTerms+adjointRoundings
	}
	name := fmt.Sprintf("%s, %+v, %d images: ", ks.name, c, rows)
	s.outputWithin(t, name+"y", y, rows, yTerms)
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
	c := Conv{N: 5, H: 30, W: 31, C: 24, OC: 72, Kernel: 3, Stride: 1, Padding: 1, ReLU: true, Pool: true}
	if testing.Short() {
		c.H, c.W = 14, 15
	}
	for _, test := range []struct {
		name string
		Conv
		by costs
	}{
		{"direct", c, direct}, {"winograd", c, winograd}, {"plane by plane", c, planeMajor},
		{"narrow, pooled", firstLayer(5, 61, 60, 1, 32, true), measured}, {"narrow", firstLayer(3, 61, 60, 1, 16, false), measured},
		{"colour, pooled", firstLayer(5, 61, 60, 3, 32, true), measured}, {"colour", firstLayer(3, 61, 60, 3, 16, false), measured},
	} {
		t.Run(test.name, func(t *testing.T) {
			ks := available()[0].with(test.by)
			want := convResults(t, test.Conv, ks, 1)
			for _, threads := range []int{2, 3, 8} {
				for i, got := range convResults(t, test.Conv, ks, threads) {
					same(t, fmt.Sprintf("%d threads: result %d", threads, i), got, want[i])
				}
			}
		})
	}
}

// convResults is y, dx, dw and db of random data.
func convResults(t *testing.T, c Conv, ks *kernels, threads int) [][]float32 {
	t.Helper()
	p, err := newWorkers(threads, ks)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	s := newConvCase(c, 9)
	w, y := panels(s.w, c.WeightRows(), c.OC), make([]float32, c.OutSize())
	without, argmax, u := make([]float32, len(y)), make([]byte, len(y)), make([]float32, c.FilterSize(p))
	dx, dw, db := make([]float32, len(s.x)), make([]float32, len(w)), make([]float32, c.OC)
	for _, err := range []error{
		c.TransformFilters(p, u, w),
		c.Forward(p, y, argmax, s.x, w, s.b, u, make([]float32, c.ForwardSize(p)), c.N),
		c.Forward(p, without, nil, s.x, w, s.b, u, make([]float32, c.ForwardSize(p)), c.N),
		c.InputGradient(p, dx, s.dy, y, argmax, w, make([]float32, c.InputGradientSize(p)), c.N),
		c.WeightGradient(p, dw, db, s.x, s.dy, y, argmax, make([]float32, c.WeightGradientSize(p)), c.N),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	same(t, "y without argmax", without, y)
	return [][]float32{y, dx, dw, db}
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
