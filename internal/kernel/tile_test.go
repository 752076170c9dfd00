package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// guard is the value round a slice under test: a stray store changes one.
const guard = 12345.5

// guarded returns a slice of n random values with guards on both sides, and a check of them.
func guarded(r *rand.Rand, n int) (s []float32, intact func() bool) {
	const zone = 64
	whole := make([]float32, n+2*zone)
	for i := range whole {
		whole[i] = guard
	}
	s = whole[zone : zone+n : zone+n]
	fill(r, s)
	return s, func() bool {
		for i := range zone {
			if whole[i] != guard || whole[zone+n+i] != guard {
				return false
			}
		}
		return true
	}
}

// fill sets s to uniform numbers in [-1, 1).
func fill(r *rand.Rand, s []float32) {
	for i := range s {
		s[i] = 2*r.Float32() - 1
	}
}

// assembled lists the instruction sets to hold against the generic loops.
func inAssembly(t testing.TB) []*kernels {
	list := assembled()
	if len(list) == 0 {
		t.Skip("this processor or build has no assembly kernels")
	}
	return list
}

// closeTo reports whether got and want agree within the rounding of a sum of terms products of
// numbers below 1 in magnitude. Each of two orders errs by at most terms·ε/2 of the sum of
// magnitudes, at most terms (Higham 2002, section 3.1). Of so many roundings either way √terms
// remain, rather than terms (section 2.8): allowed is the smaller bound that this gives.
func closeTo(got, want float32, terms int) bool {
	if math.IsNaN(float64(want)) || math.IsInf(float64(want), 0) {
		return math.Float32bits(got) == math.Float32bits(want) || got != got && want != want
	}
	const epsilon = 1.0 / (1 << 23)
	return math.Abs(float64(got)-float64(want)) <= float64(terms)*math.Sqrt(float64(terms))*epsilon
}

func TestTileAgainstGeneric(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	rows := []int{1, 2, 5, 6, 7, 8, 12, 13, 14, 15, 27, 28, 29, 33}
	cols := []int{1, 7, 8, 9, 15, 16, 17, 24, 31, 32}
	for _, ks := range inAssembly(t) {
		for _, n := range rows {
			for _, m := range cols {
				for mode := range 6 {
					name := fmt.Sprintf("%s %dx%d mode %d", ks.name, n, m, mode)
					testTile(t, r, name, ks, n, m, mode)
				}
			}
		}
	}
}

// testTile compares one shape; mode chooses the start of the sum and the ReLU.
func testTile(t *testing.T, r *rand.Rand, name string, ks *kernels, rows, cols, mode int) {
	t.Helper()
	k, taps, batch := r.IntN(20), 1+r.IntN(3), 1+r.IntN(3)
	x := tile{rows: rows, cols: cols, k: k, batch: batch, aRow: 1 + r.IntN(9), aK: r.IntN(9), ldb: cols + r.IntN(4), ldd: cols + r.IntN(4)}
	x.bTap = k*x.ldb + r.IntN(3)
	x.aBatch, x.bBatch, x.dBatch = r.IntN(50), r.IntN(50), rows*x.ldd+r.IntN(20)
	reach := 0
	for range taps {
		x.off = append(x.off, r.IntN(30))
		reach = max(reach, x.off[len(x.off)-1])
	}
	x.a, _ = guarded(r, reach+rows*x.aRow+k*x.aK+1+batch*x.aBatch)
	x.b, _ = guarded(r, taps*x.bTap+k*x.ldb+cols+batch*x.bBatch)
	x.accumulate, x.relu = mode%3 == 0, mode >= 3
	if mode%3 == 1 {
		x.bias, _ = guarded(r, cols)
	}
	if r.IntN(4) == 0 {
		x.a[r.IntN(len(x.a))] = float32(math.NaN())
		x.b[r.IntN(len(x.b))] = float32(math.Inf(1))
	}
	dst, intact := guarded(r, (batch-1)*x.dBatch+(rows-1)*x.ldd+cols)
	want := append([]float32(nil), dst...)
	x.dst = want
	tileGeneric(&x)
	x.dst = dst
	x.run(ks)
	for i := range dst {
		if at := i % x.dBatch; at >= rows*x.ldd || at%x.ldd >= cols { // between rows or products: not the tile's
			if dst[i] != want[i] {
				t.Fatalf("%s: dst[%d] outside the tile was written", name, i)
			}
		} else if !closeTo(dst[i], want[i], k*taps+2) {
			t.Fatalf("%s: dst[%d] = %v, generic %v", name, i, dst[i], want[i])
		}
	}
	if !intact() {
		t.Fatalf("%s: stored outside dst", name)
	}
}

func TestTileRefusesShortSlices(t *testing.T) {
	x := tile{dst: make([]float32, 4), a: make([]float32, 4), b: make([]float32, 4), off: []int{0}, rows: 2, cols: 3, k: 2, aRow: 2, aK: 1, ldb: 3, ldd: 3}
	defer func() {
		if recover() == nil {
			t.Error("a tile larger than its slices ran")
		}
	}()
	x.run(available()[0])
}

func BenchmarkTile(b *testing.B) {
	for _, ks := range available() {
		for _, s := range [][3]int{{14, 32, 576}, {14, 16, 144}, {7, 32, 1152}, {13, 32, 1152}} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", ks.name, s[0], s[1], s[2]), func(b *testing.B) {
				x := tile{rows: s[0], cols: s[1], k: s[2], off: []int{0}, aRow: 64, aK: 1, ldb: s[1], ldd: s[1]}
				x.a, x.b, x.dst = make([]float32, x.rows*64+x.k), make([]float32, x.k*x.ldb), make([]float32, x.rows*x.ldd)
				for b.Loop() {
					x.run(ks)
				}
				b.ReportMetric(2*float64(s[0]*s[1]*s[2])*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
