package kernel

import (
	"cmp"
	"unsafe"
)

// narrowLoops are an instruction set's loops over whole vectors of output channels; see the
// generic loops for what they compute. Every element lies inside its slice.
type narrowLoops struct {
	lanes
	pool          func(y *float32, argmax *byte, in, w, b *float32, windows, oc, channels, pitch int, stream bool)
	plain         func(top, bottom, in, w, b *float32, pixels, oc, channels, pitch int, stream bool)
	poolGradient  func(sums, dy *float32, argmax *byte, pairs *float32, order *uint32, windows, rows, oc, channels, pitch int)
	plainGradient func(sums, dy, y, in *float32, pixels, rows, oc, channels, pitch int)
	pairs         func(dst, upper, lower *float32, n int)
}

// narrowLanes is the output channels that the narrow loops take together.
func (ks *kernels) narrowLanes() int { return cmp.Or(int(ks.narrow.lanes), narrowLanes) }

// narrowRow is a row of output pixels, or of 2×2 windows of them, and what it is computed from.
type narrowRow struct {
	y        []float32 // n·oc
	bottom   []float32 // plain: the row of pixels below y
	argmax   []byte    // pool: like y, or nil
	in       []float32 // padded input from the row above the first one that is computed
	w        []float32 // packed, see narrowRun.pack
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
	_, _, _ = r.y[r.n*r.oc-1], r.w[9*r.channels*r.oc-1], r.b[r.oc-1]
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
	if k := &ks.narrow; k.pool != nil {
		k.pool(&r.y[0], argmax, &r.in[0], &r.w[0], &r.b[0], r.n, r.oc, r.channels, r.pitch, r.stream)
	} else {
		r.poolGeneric()
	}
}

// plain computes two rows of pixels, at least four each.
//
//	y[j,o] = max(0, b[o] + Σ in[kh, j+kw, c] · w[kh,kw,c,o]), bottom[j,o] with in[1+kh, j+kw, c]
func (r *narrowRow) plain(ks *kernels) {
	r.check(r.n)
	_ = r.bottom[r.n*r.oc-1]
	if k := &ks.narrow; k.plain != nil {
		k.plain(&r.y[0], &r.bottom[0], &r.in[0], &r.w[0], &r.b[0], r.n, r.oc, r.channels, r.pitch, r.stream)
	} else {
		r.plainGeneric()
	}
}

// narrowSum is the products of a strip that the weights of one input channel and one vector of
// output channels get: rows of n pixels or windows.
type narrowSum struct {
	sums     []float32 // nine taps and the bias, a vector each
	dy       []float32 // rows·n·oc, from the vector's first channel
	y        []float32 // plain: like dy
	argmax   []byte    // pool: like dy
	in       []float32 // padded input, or pairs of its rows, from the input channel
	n, rows  int
	oc       int
	channels int
	pitch    int // floats of a row of padded input
}

// last is the index of the last element of dy. It panics if that or a sum is outside its slice.
func (s *narrowSum) last(lanes int) int {
	last := (s.rows*s.n-1)*s.oc + lanes - 1
	_, _ = s.sums[10*lanes-1], s.dy[last]
	return last
}

// pool adds the products of windows: i = argmax; g = dy, or 0 where i is noPixel.
//
//	sums[kh,kw] += Σ_r Σ_j g[r,j] · image[2r+i/2+kh, 2j+i%2+kw]   sums[9] += Σ_r Σ_j g[r,j]
//
// The image is in pairs of rows: in[row, pixel, channel, 0 and 1] are rows row and row+1.
func (s *narrowSum) pool(ks *kernels) {
	k := &ks.narrow
	_ = s.argmax[s.last(ks.narrowLanes())]
	_ = s.in[4*s.rows*s.pitch+4*s.n*s.channels+7]
	if k.poolGradient == nil {
		s.poolGeneric()
		return
	}
	var order [narrowLanes]uint32 // where in pairs the pixels of a window are
	for i := range order {
		order[i] = uint32(i%4/2 + i%2*2*s.channels)
	}
	k.poolGradient(&s.sums[0], &s.dy[0], &s.argmax[0], &s.in[0], &order[0], s.n, s.rows, s.oc, s.channels, s.pitch)
}

// plain adds the products of pixels: g = dy where y is positive or NaN, else 0.
//
//	sums[kh,kw] += Σ_r Σ_j g[r,j] · in[r+kh, j+kw]   sums[9] += Σ_r Σ_j g[r,j]
func (s *narrowSum) plain(ks *kernels) {
	k := &ks.narrow
	_ = s.y[s.last(ks.narrowLanes())]
	_ = s.in[(s.rows+1)*s.pitch+(s.n+1)*s.channels]
	if k.plainGradient == nil {
		s.plainGeneric()
		return
	}
	k.plainGradient(&s.sums[0], &s.dy[0], &s.y[0], &s.in[0], s.n, s.rows, s.oc, s.channels, s.pitch)
}

// narrowPairs interleaves two rows: dst[2i] = upper[i], dst[2i+1] = lower[i], for i in [0, n) and
// up to a whole vector.
func (ks *kernels) narrowPairs(dst, upper, lower []float32, n int) {
	n = (n + narrowLanes - 1) &^ (narrowLanes - 1)
	dst, upper, lower = dst[:2*n], upper[:n], lower[:n]
	if k := &ks.narrow; k.pairs != nil {
		k.pairs(&dst[0], &upper[0], &lower[0], n)
		return
	}
	for i, v := range upper {
		dst[2*i], dst[2*i+1] = v, lower[i]
	}
}

// aligned reports whether s begins at a multiple of 64 bytes.
func aligned(s []float32) bool { return uintptr(unsafe.Pointer(unsafe.SliceData(s)))%64 == 0 }
