package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Every transform of assembly against the generic loops. A value is a sum of at most 36 products
// with |coefficients| summing to at most (1+5+4)² = 100 (input), 15² (gradient, row 1+2+4+8),
// 18² (output) or less, of data below 1 in magnitude, rounded at most 16 times on its way.
const transformTolerance = 18 * 18 * 16.0 / (1 << 24)

func nearly(got, want float32) bool {
	if got != got || want != want {
		return got != got && want != want
	}
	return got == want || math.Abs(float64(got)-float64(want)) <= transformTolerance
}

// transformCase is one call: its destination, sizes taken from r.
type transformCase struct {
	name string
	dst  int // floats
	run  func(ks *kernels, dst []float32, argmax []byte)
}

func transformCases(r *rand.Rand, cols int) []transformCase {
	tiles := 1 + r.IntN(5)
	ldd := cols + r.IntN(3)
	plane := tiles*ldd + r.IntN(20)
	pixel := cols + r.IntN(3)
	pitch := 6*pixel + r.IntN(9)
	step := 4 * pixel
	random := func(n int) []float32 {
		s, _ := guarded(r, n)
		if r.IntN(5) == 0 {
			s[r.IntN(n)] = float32(math.NaN())
		}
		return s
	}
	pixels := random((tiles-1)*step + 6*(pitch+pixel))
	inPlanes := random(planes * plane)
	bias := random(cols)
	spare := make([]float32, 256)
	floor := []float32{0, float32(math.Inf(-1))}[r.IntN(2)]
	pixelsToPlanes := func(dst []float32) toPlanes {
		return toPlanes{dst: dst, src: pixels, tiles: tiles, cols: cols, plane: plane, ldd: ldd, pitch: pitch, pixel: pixel, step: step}
	}
	// gathered rows of tiles must not overlap: a row of pixels holds all of them
	wide := tiles*4*pixel + r.IntN(5)
	planesToPixels := func(dst []float32) fromPlanes {
		return fromPlanes{dst: dst, src: inPlanes, bias: bias, tiles: tiles, cols: cols, plane: plane, lds: ldd, pitch: wide, pixel: pixel, step: 4 * pixel, floor: floor}
	}
	return []transformCase{
		{"input", 35*plane + (tiles-1)*ldd + cols, func(ks *kernels, dst []float32, _ []byte) { pixelsToPlanes(dst).input(ks) }},
		{"gradient", 35*plane + (tiles-1)*ldd + cols, func(ks *kernels, dst []float32, _ []byte) { pixelsToPlanes(dst).gradient(ks) }},
		{"output", (tiles-1)*step + 3*(wide+pixel) + cols, func(ks *kernels, dst []float32, _ []byte) { planesToPixels(dst).output(ks) }},
		{"pool", (tiles-1)*step + wide + pixel + cols, func(ks *kernels, dst []float32, argmax []byte) { planesToPixels(dst).pool(ks, argmax, spare) }},
		{"pool alone", (tiles-1)*step + wide + pixel + cols, func(ks *kernels, dst []float32, _ []byte) { planesToPixels(dst).pool(ks, nil, spare) }},
		{"filters", 35*plane + cols, func(ks *kernels, dst []float32, _ []byte) { ks.filters(dst, inPlanes, cols, plane, cols+3) }},
		{"filterGradients", 8*(cols+3) + cols, func(ks *kernels, dst []float32, _ []byte) { ks.filterGradients(dst, inPlanes, cols, cols+3, plane) }},
	}
}

func TestTransformsAgainstGeneric(t *testing.T) {
	for _, ks := range inAssembly(t) {
		for _, cols := range []int{1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65} {
			for seed := range uint64(4) {
				for _, c := range transformCases(rand.New(rand.NewPCG(seed, uint64(cols))), cols) {
					r := rand.New(rand.NewPCG(seed, 5))
					dst, intact := guarded(r, c.dst)
					argmax := make([]byte, c.dst)
					want, wantArg := slices.Clone(dst), slices.Clone(argmax)
					c.run(&generic, want, wantArg)
					c.run(ks, dst, argmax)
					name := fmt.Sprintf("%s on %s, %d channels", c.name, ks.name, cols)
					for i := range dst {
						if !nearly(dst[i], want[i]) {
							t.Fatalf("%s: [%d] = %v, generic %v", name, i, dst[i], want[i])
						}
					}
					if !slices.Equal(argmax, wantArg) {
						t.Fatalf("%s: other argmax than generic", name)
					}
					if !intact() {
						t.Fatalf("%s: stored outside", name)
					}
				}
			}
		}
	}
}

// Stores past the caches store the same.
func TestStreamedOutputs(t *testing.T) {
	const tiles, cols, plane = 3, 32, 3 * 32
	r := rand.New(rand.NewPCG(8, 8))
	src, bias, spare := make([]float32, planes*plane), make([]float32, cols), make([]float32, 256)
	fill(r, src)
	fill(r, bias)
	for _, ks := range inAssembly(t) {
		for _, pooled := range []bool{false, true} {
			var results [2][]float32
			for i := range results {
				whole := make([]float32, 4*tiles*4*cols+cacheLine)
				for !aligned(whole) {
					whole = whole[1:]
				}
				g := fromPlanes{dst: whole, src: src, bias: bias, tiles: tiles, cols: cols, plane: plane, lds: cols, pitch: 4 * tiles * cols, pixel: cols, step: 4 * cols, stream: i == 1}
				if pooled {
					g.pool(ks, nil, spare)
				} else {
					g.output(ks)
				}
				results[i] = whole[:4*tiles*4*cols]
			}
			if !slices.Equal(results[0], results[1]) {
				t.Errorf("%s, pooled %v: streamed stores differ", ks.name, pooled)
			}
		}
	}
}
