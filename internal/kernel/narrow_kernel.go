package kernel

import (
	"cmp"
	"unsafe"
)

// narrowLoops are an instruction set's loops over whole vectors of output channels; see the
// generic loops for what they compute, of one input channel and of three. Every element lies inside its
// slice.
type narrowLoops struct {
	lanes
	pool, pool3   func(y *float32, argmax *byte, in, w, b *float32, windows, oc, pitch int, stream bool)
	plain, plain3 func(top, bottom, in, w, b *float32, pixels, oc, pitch int, stream bool)
	transform     func(dst, d0, d1, d2, d3 *float32, n, line int)

	poolGradient                  func(sums, dy *float32, argmax *byte, pairs *float32, order *uint32, windows, rows, oc, pitch int)
	poolGradient3                 func(sums, dy *float32, argmax *byte, pairs, chosen *float32, order *uint32, windows, rows, oc, pitch int)
	plainGradient, plainGradient3 func(sums, dy, y, in *float32, pixels, rows, oc, pitch int)
	pairs                         func(dst, upper, lower *float32, n int)
}

// narrowLanes is the output channels that the narrow loops take together.
func (ks *kernels) narrowLanes() int { return cmp.Or(int(ks.narrow.lanes), narrowLanes) }

// narrowRow is a row of output pixels, or of 2×2 windows of them, and what it is computed from.
type narrowRow struct {
	y        []float32 // n·oc
	bottom   []float32 // plain: the row of pixels below y
	argmax   []byte    // pool: like y, or nil
	in       []float32 // one channel: padded input from the row above the first one that is computed; three: see narrowTransform
	w        []float32 // packed, see narrowRun.pack; of three channels narrowFilters'
	b        []float32 // oc
	n        int       // windows, or pixels
	oc       int
	channels int
	pitch    int  // floats of a row of in
	stream   bool // store y and bottom past the caches; they begin at multiples of 64 bytes
}

// check panics unless every element that the row touches lies inside its slices, and what is
// streamed where the processor can: a fault there would end the process.
func (r *narrowRow) check(pixels int) {
	_, _, _ = r.y[r.n*r.oc-1], r.w[narrowWeights(r.channels)*r.oc-1], r.b[r.oc-1]
	_ = r.in[3*r.pitch+(pixels+2)*r.channels-1]
	if r.stream && !(aligned(r.y) && aligned(r.bottom)) {
		panic("narrow convolution: a streamed row begins inside a cache line")
	}
}

// pool computes a row of windows, at least two.
//
//	y[j,o] = max(0, max_i s_i)
//	argmax[j,o] = noPixel if that is 0, else the i of the first largest s_i, or of the last NaN
//	s_i = b[o] + Σ in[i/2+kh, 2j+i%2+kw, c] · w[kh,kw,c,o]   over the nine taps and c
func (r *narrowRow) pool(ks *kernels) {
	r.check(2 * r.n)
	var argmax *byte
	if r.argmax != nil {
		_ = r.argmax[r.n*r.oc-1]
		argmax = &r.argmax[0]
	}
	run := ks.narrow.pool
	if r.channels == 3 {
		run = ks.narrow.pool3
	}
	if run == nil {
		r.poolGeneric()
		return
	}
	run(&r.y[0], argmax, &r.in[0], &r.w[0], &r.b[0], r.n, r.oc, r.pitch, r.stream)
}

// plain computes two rows of pixels, at least four each.
//
//	y[j,o] = max(0, b[o] + Σ in[kh, j+kw, c] · w[kh,kw,c,o]), bottom[j,o] with in[1+kh, j+kw, c]
func (r *narrowRow) plain(ks *kernels) {
	r.check(r.n)
	_ = r.bottom[r.n*r.oc-1]
	run := ks.narrow.plain
	if r.channels == 3 {
		run = ks.narrow.plain3
	}
	if run == nil {
		r.plainGeneric()
		return
	}
	run(&r.y[0], &r.bottom[0], &r.in[0], &r.w[0], &r.b[0], r.n, r.oc, r.pitch, r.stream)
}

// narrowSum is the products of a strip that the weights of one vector of output channels get: rows of
// n pixels or windows.
type narrowSum struct {
	sums     []float32 // of each input channel nine taps, then the bias (that of the first is the sum), a vector each
	dy       []float32 // rows·n·oc, from the vector's first channel
	y        []float32 // plain: like dy
	argmax   []byte    // pool: like dy
	chosen   []float32 // pool, three channels: scratch, two vectors a window
	in       []float32 // padded input, or pairs of its rows
	n, rows  int
	oc       int
	channels int
	pitch    int // floats of a row of padded input
}

// last is the index of the last element of dy. It panics if that or a sum is outside its slice.
func (s *narrowSum) last(lanes int) int {
	last := (s.rows*s.n-1)*s.oc + lanes - 1
	_, _ = s.sums[10*s.channels*lanes-1], s.dy[last]
	return last
}

// pool adds the products of windows: i = argmax; g = dy, or 0 where i is noPixel.
//
//	sums[c,kh,kw] += Σ_r Σ_j g[r,j] · image[2r+i/2+kh, 2j+i%2+kw, c]   sums[0,9] += Σ_r Σ_j g[r,j]
//
// The image is in pairs of rows: in[row, pixel, channel, 0 and 1] are rows row and row+1.
func (s *narrowSum) pool(ks *kernels) {
	k := &ks.narrow
	_ = s.argmax[s.last(ks.narrowLanes())]
	_ = s.in[4*s.rows*s.pitch+(4*s.n+2)*s.channels+5]
	if k.poolGradient == nil {
		s.poolGeneric()
		return
	}
	order := &narrowOrders[s.channels]
	if s.channels == 1 {
		k.poolGradient(&s.sums[0], &s.dy[0], &s.argmax[0], &s.in[0], &order[0], s.n, s.rows, s.oc, s.pitch)
		return
	}
	_ = s.chosen[2*s.n*ks.narrowLanes()-1]
	k.poolGradient3(&s.sums[0], &s.dy[0], &s.argmax[0], &s.in[0], &s.chosen[0], &order[0], s.n, s.rows, s.oc, s.pitch)
}

// narrowOrders is where in pairs the four pixels of a window are, by input channels; again and again, as
// assembly looks a vector's up.
var narrowOrders = func() (orders [narrowChannels + 1][narrowLanes]uint32) {
	for channels := range orders {
		for i := range orders[channels] {
			orders[channels][i] = uint32(i%4/2 + i%2*2*channels)
		}
	}
	return
}()

// plain adds the products of pixels: g = dy where y is positive or NaN, else 0.
//
//	sums[c,kh,kw] += Σ_r Σ_j g[r,j] · in[r+kh, j+kw, c]   sums[0,9] += Σ_r Σ_j g[r,j]
func (s *narrowSum) plain(ks *kernels) {
	run := ks.narrow.plainGradient
	if s.channels == 3 {
		run = ks.narrow.plainGradient3
	}
	_ = s.y[s.last(ks.narrowLanes())]
	_ = s.in[(s.rows+1)*s.pitch+(s.n+2)*s.channels-1]
	if run == nil {
		s.plainGeneric()
		return
	}
	run(&s.sums[0], &s.dy[0], &s.y[0], &s.in[0], s.n, s.rows, s.oc, s.pitch)
}

// narrowPairs interleaves two rows: dst[2i] = upper[i], dst[2i+1] = lower[i], for i in [0, n).
func (ks *kernels) narrowPairs(dst, upper, lower []float32, n int) {
	dst, upper, lower = dst[:2*n], upper[:n], lower[:n]
	k := &ks.narrow
	whole := k.whole(n)
	if whole > 0 {
		k.pairs(&dst[0], &upper[0], &lower[0], whole)
	}
	for i := whole; i < n; i++ {
		dst[2*i], dst[2*i+1] = upper[i], lower[i]
	}
}

// aligned reports whether s begins at a multiple of 64 bytes.
func aligned(s []float32) bool { return uintptr(unsafe.Pointer(unsafe.SliceData(s)))%64 == 0 }
