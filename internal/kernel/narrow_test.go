package kernel

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// firstLayer is a first layer's convolution.
func firstLayer(n, h, w, c, oc int, pool bool) Conv {
	return Conv{N: n, H: h, W: w, C: c, OC: oc, Kernel: 3, Stride: 1, Padding: 1, ReLU: true, Pool: pool}
}

func TestNarrowKind(t *testing.T) {
	for _, c := range []Conv{firstLayer(1, 224, 224, 1, 16, true), firstLayer(1, 224, 224, 3, 64, false), firstLayer(1, 1, 8, 3, 16, false)} {
		if !c.narrow(&generic) {
			t.Errorf("no narrow kernels for %+v", c)
		}
	}
	for _, c := range []Conv{
		firstLayer(1, 224, 224, 4, 16, true), firstLayer(1, 224, 224, 2, 16, true), firstLayer(1, 224, 224, 1, 24, true),
		firstLayer(1, 9, 3, 1, 16, true), firstLayer(1, 9, 7, 3, 16, true), firstLayer(1, 224, 224, 17, 16, true),
		{N: 1, H: 9, W: 9, C: 1, OC: 16, Kernel: 3, Stride: 1, Padding: 1},
		{N: 1, H: 9, W: 9, C: 1, OC: 16, Kernel: 3, Stride: 2, Padding: 1, ReLU: true},
		{N: 1, H: 9, W: 9, C: 1, OC: 16, Kernel: 3, Stride: 1, ReLU: true},
		{N: 1, H: 9, W: 9, C: 1, OC: 16, Kernel: 1, Stride: 1, Padding: 1, ReLU: true},
	} {
		if c.narrow(&generic) {
			t.Errorf("narrow kernels for %+v", c)
		}
	}
}

// First layers of all small images and channel counts, narrow or not, to the bounds of testConv.
func TestNarrowEdges(t *testing.T) {
	counts := []int{16, 1, 32, 17, 48, 15, 64, 65}
	for h := 1; h <= 9; h++ {
		for w := 1; w <= 9; w++ {
			for c := 1; c <= 4; c++ {
				oc := counts[(h+2*w+3*c)%len(counts)]
				testConv(t, firstLayer(1+(h+w)%3, h, w, c, oc, false), measured, 1, 1)
				if h > 1 && w > 1 {
					testConv(t, firstLayer(1+(h+w)%3, h, w, c, oc, true), measured, 1+(h+w)%3, 2)
				}
			}
		}
	}
	// Three channels, round the columns of a step and the floats of a vector.
	for w := 8; w <= 34; w++ {
		oc, pool := 16*(1+w%3), w%4 < 2
		testConv(t, firstLayer(1+w%2, 2+w%5, w, 3, oc, pool), measured, 1, 2)
		testConv(t, firstLayer(1+w%3, 3+w%4, w, 3, oc, !pool), measured, 1+w%3, 1)
	}
	for oc := 1; oc <= 65; oc++ {
		testConv(t, firstLayer(2, 6, 7, 1+oc%4, oc, oc%2 == 0), measured, 2, 2)
	}
	// Strips of many rows and of two, the last one short.
	for _, s := range []struct{ h, w int }{{39, 200}, {11, 1500}} {
		testConv(t, firstLayer(2, s.h, s.w, 1, 16, true), measured, 2, 2)
		testConv(t, firstLayer(2, s.h, s.w, 3, 16, true), measured, 2, 2)
		testConv(t, firstLayer(1, s.h, s.w, 3, 16, false), measured, 1, 2)
	}
	// More strips than groups of sums.
	testConv(t, firstLayer(narrowGroups+7, 3, 5, 1, 16, true), measured, narrowGroups+7, 2)
	testConv(t, firstLayer(narrowGroups+7, 3, 9, 3, 16, false), measured, narrowGroups+7, 2)
	testConv(t, firstLayer(narrowGroups+7, 5, 9, 3, 16, true), measured, narrowGroups+5, 2)
}

// small sets s to integers whose sums of products are exact in any order, with some NaN and Inf.
func small(r *rand.Rand, s []float32, odd bool) {
	for i := range s {
		s[i] = float32(r.IntN(9) - 4)
	}
	if odd {
		extra := make([]float32, 3)
		sprinkle(r, extra)
		for _, v := range extra {
			s[r.IntN(len(s))] = v
		}
	}
}

// The rows give the generic loops' bits.
func TestNarrowRow(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, ks := range inAssembly(t) {
		for _, c := range []int{1, 3} {
			least := narrowWidths[c] / 2 // windows
			for n := least; n < least+12; n++ {
				for _, oc := range []int{16, 48} {
					testNarrowRow(t, r, ks, narrowRow{n: n, channels: c, oc: oc, pitch: (2*n + 2) * c}, true)
					testNarrowRow(t, r, ks, narrowRow{n: n + least, channels: c, oc: oc, pitch: (n + least + 2) * c}, false)
				}
			}
		}
	}
}

func testNarrowRow(t *testing.T, r *rand.Rand, ks *kernels, row narrowRow, pool bool) {
	t.Helper()
	odd := r.IntN(2) == 0
	row.in, _ = guarded(r, 4*row.pitch)
	row.b, _ = guarded(r, row.oc)
	weights := make([]float32, narrowWeights(row.channels)*row.oc)
	for _, s := range [][]float32{row.in, row.b, weights} {
		small(r, s, odd)
	}
	row.w = weights
	want := row
	// Generic weights are packed for vectors of 16, those of AVX2 for 8.
	if lanes := ks.narrowLanes(); lanes != narrowLanes {
		row.w = repacked(weights, narrowWeights(row.channels), lanes)
	}
	size := row.n * row.oc
	var intact, bottomIntact func() bool
	row.y, intact = guarded(r, size)
	row.bottom, bottomIntact = guarded(r, size)
	want.y, want.bottom = make([]float32, size), make([]float32, size)
	if r.IntN(3) == 0 {
		row.stream = true
		row.y, row.bottom = mustFloats(size), mustFloats(size)
	}
	if !pool {
		row.plain(ks)
		want.plainGeneric()
		same(t, "bottom", row.bottom, want.bottom)
	} else {
		const zone = 64
		args := bytes.Repeat([]byte{9}, size+2*zone)
		if r.IntN(4) > 0 {
			row.argmax, want.argmax = args[zone:][:size], make([]byte, size)
		}
		row.pool(ks)
		want.poolGeneric()
		if !bytes.Equal(row.argmax, want.argmax) {
			t.Fatalf("%s: argmax %v, generic %v", ks.name, row.argmax, want.argmax)
		}
		if bytes.Count(args[:zone], []byte{9})+bytes.Count(args[zone+size:], []byte{9}) != 2*zone {
			t.Fatalf("%s: stored outside argmax", ks.name)
		}
	}
	same(t, "y", row.y, want.y)
	if !intact() || !bottomIntact() {
		t.Fatalf("%s: stored outside y", ks.name)
	}
}

// repacked turns K rows a vector of 16 into K rows a vector of lanes.
func repacked(w []float32, K, lanes int) []float32 {
	out := make([]float32, len(w))
	for i, v := range w {
		o, k := i/(16*K)*16+i%16, i/16%K
		out[o/lanes*lanes*K+k*lanes+o%lanes] = v
	}
	return out
}

// The sums of weights give the generic loops' bits.
func TestNarrowSum(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for _, ks := range inAssembly(t) {
		for n := 1; n < 10; n++ {
			for _, c := range []int{1, 3} {
				for rows := 1; rows < 4; rows++ {
					for _, pool := range []bool{false, true} {
						testNarrowSum(t, r, ks, narrowSum{n: n, rows: rows, channels: c, oc: 16 + 16*r.IntN(2), pitch: (2*n + 2 + r.IntN(3)) * c}, pool)
					}
				}
			}
		}
	}
}

func testNarrowSum(t *testing.T, r *rand.Rand, ks *kernels, s narrowSum, pool bool) {
	t.Helper()
	odd := r.IntN(2) == 0
	size := s.rows * s.n * s.oc
	s.dy, _ = guarded(r, size)
	s.y, _ = guarded(r, size)
	image := make([]float32, (2*s.rows+3)*s.pitch+narrowLanes)
	taps := 10 * s.channels
	want := make([]float32, taps*narrowLanes)
	for _, f := range [][]float32{s.dy, s.y, image, want} {
		small(r, f, odd)
	}
	s.in = image
	if pool {
		s.argmax = make([]byte, size)
		for i := range s.argmax {
			s.argmax[i] = byte(r.IntN(noPixel + 1))
		}
		n := (2*s.rows + 1) * s.pitch
		pairs := make([]float32, 2*n+2*narrowLanes)
		s.in = pairs
		ks.narrowPairs(pairs, image, image[s.pitch:], n)
		for i := range n {
			same(t, "pair", pairs[2*i:][:2], []float32{image[i], image[i+s.pitch]})
		}
	}
	lanes := ks.narrowLanes()
	s.chosen = make([]float32, 2*s.n*lanes)
	for first := 0; first < narrowLanes; first += lanes {
		part := s
		part.dy, part.y = s.dy[first:], s.y[first:]
		var intact func() bool
		part.sums, intact = guarded(r, taps*lanes)
		for i := range part.sums {
			part.sums[i] = want[i/lanes*narrowLanes+first+i%lanes]
		}
		generic := s
		generic.sums = append([]float32(nil), want...)
		if pool {
			part.argmax = s.argmax[first:]
			part.pool(ks)
			generic.poolGeneric()
		} else {
			part.plain(ks)
			generic.plainGeneric()
		}
		for tap := range taps {
			if tap > 9 && tap%10 == 9 {
				continue // the bias's sum is the first
			}
			same(t, fmt.Sprintf("%s: sums of tap %d", ks.name, tap), part.sums[tap*lanes:][:lanes], generic.sums[tap*narrowLanes+first:][:lanes])
		}
		if !intact() {
			t.Fatalf("%s: stored outside sums", ks.name)
		}
	}
}

// Large outputs are stored past the caches if they begin at a cache line: with the same bits,
// and where a row below the last is computed, too.
func TestNarrowStreamed(t *testing.T) {
	for _, ks := range available() {
		for _, c := range []Conv{
			firstLayer(9, 181, 181, 3, 16, false), firstLayer(9, 182, 182, 1, 64, true),
			firstLayer(9, 181, 181, 1, 16, false), firstLayer(9, 182, 182, 3, 64, true),
		} {
			if 4*c.OutSize() < streamBytes {
				t.Fatalf("%+v is not streamed", c)
			}
			x, w, b := make([]float32, c.InSize()), make([]float32, c.WeightRows()*c.OC), make([]float32, c.OC)
			r := rand.New(rand.NewPCG(1, 2))
			for _, f := range [][]float32{x, w, b} {
				fill(r, f)
			}
			p, err := newWorkers(2, ks)
			if err != nil {
				t.Fatal(err)
			}
			streamed, stored := mustFloats(c.OutSize()), mustFloats(c.OutSize() + 1)[1:]
			u := make([]float32, c.FilterSize(p))
			if err := c.TransformFilters(p, u, w); err != nil {
				t.Fatal(err)
			}
			for _, y := range [][]float32{streamed, stored} {
				if err := c.Forward(p, y, nil, x, w, b, u, nil, c.N); err != nil {
					t.Fatal(err)
				}
			}
			same(t, ks.name, streamed, stored)
			p.Close()
		}
	}
}
