package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// sprinkle puts NaN, infinities, zeros of both signs and equal values into s.
func sprinkle(r *rand.Rand, s []float32) {
	odd := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, float32(math.Copysign(0, -1)), 0.5, 0.5}
	for range len(s)/3 + 1 {
		s[r.IntN(len(s))] = odd[r.IntN(len(odd))]
	}
}

// same compares bits; any NaN equals any other.
func same(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !(got[i] != got[i] && want[i] != want[i]) {
			t.Fatalf("%s[%d] = %v, generic %v", what, i, got[i], want[i])
		}
	}
}

// channels are counts round the vectors' widths.
var channels = []int{1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48}

// The loops that only choose and copy give the generic loops' bits.
func TestVectorsChoose(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, ks := range inAssembly(t) {
		for _, c := range channels {
			for _, n := range []int{0, 1, 2, 5} {
				t.Run(fmt.Sprintf("%s/%d channels/%d", ks.name, c, n), func(t *testing.T) {
					testMask(t, r, ks, n, c, c+r.IntN(5), c+r.IntN(5))
					testPool(t, r, ks, n, c, c+r.IntN(5))
					testUnpool(t, r, ks, n, c, c+r.IntN(5), c+r.IntN(5))
				})
			}
		}
	}
}

// pair returns a guarded slice for assembly and a copy for the generic loop.
func pair(r *rand.Rand, n int) (got, want []float32, intact func() bool) {
	got, intact = guarded(r, n)
	return got, append([]float32(nil), got...), intact
}

func testMask(t *testing.T, r *rand.Rand, ks *kernels, n, c, dstStride, srcStride int) {
	got, want, intact := pair(r, max(0, n-1)*dstStride+c)
	dy, _ := guarded(r, n*srcStride+c)
	y, _ := guarded(r, n*srcStride+c)
	sprinkle(r, y)
	ks.mask(got, dy, y, n, c, dstStride, srcStride)
	maskGeneric(want, dy, y, n, c, dstStride, srcStride)
	same(t, "mask", got, want)
	if !intact() {
		t.Fatal("mask stored outside dst")
	}
}

func testPool(t *testing.T, r *rand.Rand, ks *kernels, n, c, stride int) {
	got, want, intact := pair(r, max(0, n-1)*stride+c)
	argmax, argWant := make([]byte, len(got)), make([]byte, len(got))
	top, _ := guarded(r, 2*n*stride+c)
	bottom, _ := guarded(r, 2*n*stride+c)
	sprinkle(r, top)
	sprinkle(r, bottom)
	ks.maxPool2(got, argmax, top, bottom, n, c, stride)
	maxPool2Generic(want, argWant, top, bottom, n, c, stride)
	same(t, "pooled", got, want)
	if string(argmax) != string(argWant) {
		t.Fatalf("argmax = %v, generic %v", argmax, argWant)
	}
	if !intact() {
		t.Fatal("pool stored outside dst")
	}
}

func testUnpool(t *testing.T, r *rand.Rand, ks *kernels, n, c, dstStride, srcStride int) {
	size := max(0, 2*n-1)*dstStride + c
	top, topWant, topIntact := pair(r, size)
	bottom, bottomWant, bottomIntact := pair(r, size)
	dy, _ := guarded(r, n*srcStride+c)
	sprinkle(r, dy)
	argmax := make([]byte, n*srcStride+c)
	for i := range argmax {
		argmax[i] = byte(r.IntN(noPixel + 1))
	}
	ks.unpool2(top, bottom, dy, argmax, n, c, dstStride, srcStride)
	unpool2Generic(topWant, bottomWant, dy, argmax, n, c, dstStride, srcStride)
	same(t, "top", top, topWant)
	same(t, "bottom", bottom, bottomWant)
	if !topIntact() || !bottomIntact() {
		t.Fatal("unpool stored outside its rows")
	}
}

func TestTranspose(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, ks := range inAssembly(t) {
		for _, rows := range channels {
			for _, cols := range channels {
				srcStride, dstStride := cols+r.IntN(3), rows+r.IntN(3)
				got, want, intact := pair(r, (cols-1)*dstStride+rows)
				src, _ := guarded(r, (rows-1)*srcStride+cols)
				sprinkle(r, src)
				ks.transpose(got, src, rows, cols, dstStride, srcStride)
				transposeGeneric(want, src, rows, cols, dstStride, srcStride)
				same(t, fmt.Sprintf("%s %d×%d", ks.name, rows, cols), got, want)
				if !intact() {
					t.Fatal("transpose stored outside dst")
				}
			}
		}
	}
}

// Memory that is asked for may be of any length, and is left alone.
func TestPrefetch(t *testing.T) {
	for _, ks := range available() {
		for n := range 40 {
			ks.prefetch(make([]float32, n))
		}
	}
}

func BenchmarkTranspose(b *testing.B) {
	const rows, cols = 112, 128
	dst, src := make([]float32, rows*cols), make([]float32, rows*cols)
	for _, ks := range available() {
		b.Run(ks.name, func(b *testing.B) {
			b.SetBytes(8 * rows * cols)
			for b.Loop() {
				ks.transpose(dst, src, rows, cols, rows, cols)
			}
		})
	}
}

// Sums of numbers, and of squares up to the order of float64 additions.
func TestVectorsAdd(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, ks := range inAssembly(t) {
		for _, n := range []int{0, 1, 7, 8, 15, 16, 17, 33, 100} {
			got, want, intact := pair(r, n)
			src, _ := guarded(r, n)
			ks.add(got, src)
			addGeneric(want, src)
			same(t, "sum", got, want)
			sum, sumWant := ks.sumSquares(src), sumSquaresGeneric(src)
			if !(math.Abs(sum-sumWant) <= float64(n)*sumWant/(1<<52)) {
				t.Errorf("%s: sum of %d squares = %v, generic %v", ks.name, n, sum, sumWant)
			}
			if !intact() {
				t.Error("add stored outside dst")
			}
		}
	}
}

// One fused multiplication rounds once where two operations round twice: results are within a few
// units in the last place of the largest term.
func TestSGD(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	for _, ks := range available() {
		for _, n := range []int{0, 1, 7, 8, 15, 16, 17, 33, 100} {
			for _, s := range []SGD{{LR: 0.1, Scale: 1}, {LR: 0.1, Momentum: 0.9, Decay: 0.01, Scale: 0.5}, {LR: 0.1, Momentum: 0.9, Decay: 0.01, Scale: 0.5, Nesterov: true}} {
				testSGD(t, r, ks, n, s)
			}
		}
	}
}

func testSGD(t *testing.T, r *rand.Rand, ks *kernels, n int, s SGD) {
	w, before, wIntact := pair(r, n)
	g, _ := guarded(r, n)
	v, speed, vIntact := pair(r, n)
	if s.Momentum == 0 {
		v = nil
		clear(speed)
	}
	s.Update(&Workers{kernels: ks}, w, g, v)
	const ulp = 1.0 / (1 << 23) // of numbers below 2: at most four roundings differ
	wide := func(f float32) float64 { return float64(f) }
	for i := range w {
		weight, velocity := refSGD(wide(before[i]), wide(g[i]), wide(speed[i]), wide(s.LR), wide(s.Momentum), wide(s.Decay), wide(s.Scale), s.Nesterov)
		if !(math.Abs(wide(w[i])-weight) <= 4*ulp) || v != nil && !(math.Abs(wide(v[i])-velocity) <= 4*ulp) {
			t.Fatalf("%s %+v: w[%d] = %v, want %v", ks.name, s, i, w[i], weight)
		}
	}
	if !wIntact() || !vIntact() {
		t.Fatal("sgd stored outside its slices")
	}
}
