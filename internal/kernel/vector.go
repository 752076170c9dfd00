package kernel

// vectorLoops are an instruction set's loops over whole vectors: cols and n (and rows, where a
// matrix is transposed) are positive multiples of lanes, and every element lies inside its slice.
type vectorLoops struct {
	lanes
	add        func(dst, src *float32, n int)
	mask       func(dst, dy, y *float32, pixels, cols, dstStride, srcStride int)
	maxPool2   func(dst *float32, argmax *byte, top, bottom *float32, windows, cols, stride int)
	unpool2    func(top, bottom, dy *float32, argmax *byte, windows, cols, dstStride, srcStride int)
	sgd        func(w, g, v *float32, n int, lr, momentum, decay, scale float32, nesterov bool)
	sumSquares func(src *float32, n int) float64
	transpose  func(dst, src *float32, rows, cols, dstStride, srcStride int)
	prefetch   func(p *float32, n int)
	dropout    func(dst, src *float32, n int, state uint64, drop uint32, scale float32)
}

// first is the address of the first element, nil for a slice that is not given.
func first(s []float32) *float32 {
	if s == nil {
		return nil
	}
	return &s[0]
}

// add is addGeneric: assembly does the whole vectors, Go the rest. The functions below do so with the
// loops of their names.
func (ks *kernels) add(dst, src []float32) {
	a := &ks.vector
	n := a.whole(len(dst))
	if n > 0 {
		_ = src[n-1]
		a.add(&dst[0], &src[0], n)
	}
	addGeneric(dst[n:], src[n:])
}

func (ks *kernels) mask(dst, dy, y []float32, pixels, cols, dstStride, srcStride int) {
	a := &ks.vector
	n := a.whole(cols)
	if n > 0 && pixels > 0 {
		_, _, _ = dst[(pixels-1)*dstStride+n-1], dy[(pixels-1)*srcStride+n-1], y[(pixels-1)*srcStride+n-1]
		a.mask(&dst[0], &dy[0], &y[0], pixels, n, dstStride, srcStride)
	}
	if n < cols {
		maskGeneric(dst[n:], dy[n:], y[n:], pixels, cols-n, dstStride, srcStride)
	}
}

func (ks *kernels) maxPool2(dst []float32, argmax []byte, top, bottom []float32, windows, cols, stride int) {
	a := &ks.vector
	n := a.whole(cols)
	if n > 0 && windows > 0 {
		last := (windows-1)*stride + n - 1
		_, _, _, _ = dst[last], argmax[last], top[(2*windows-1)*stride+n-1], bottom[(2*windows-1)*stride+n-1]
		a.maxPool2(&dst[0], &argmax[0], &top[0], &bottom[0], windows, n, stride)
	}
	if n < cols {
		maxPool2Generic(dst[n:], argmax[n:], top[n:], bottom[n:], windows, cols-n, stride)
	}
}

func (ks *kernels) unpool2(top, bottom, dy []float32, argmax []byte, windows, cols, dstStride, srcStride int) {
	a := &ks.vector
	n := a.whole(cols)
	if n > 0 && windows > 0 {
		from, to := (windows-1)*srcStride+n-1, (2*windows-1)*dstStride+n-1
		_, _, _, _ = dy[from], argmax[from], top[to], bottom[to]
		a.unpool2(&top[0], &bottom[0], &dy[0], &argmax[0], windows, n, dstStride, srcStride)
	}
	if n < cols {
		unpool2Generic(top[n:], bottom[n:], dy[n:], argmax[n:], windows, cols-n, dstStride, srcStride)
	}
}

func (ks *kernels) sgd(w, g, v []float32, s SGD) {
	a := &ks.vector
	n := a.whole(len(w))
	if n > 0 {
		_ = g[n-1]
		if v != nil {
			_ = v[n-1]
		}
		a.sgd(&w[0], &g[0], first(v), n, s.LR, s.Momentum, s.Decay, s.Scale, s.Nesterov)
	}
	if v != nil {
		v = v[n:]
	}
	sgdGeneric(w[n:], g[n:], v, s)
}

func (ks *kernels) sumSquares(src []float32) float64 {
	a := &ks.vector
	n := a.whole(len(src))
	sum := 0.0
	if n > 0 {
		sum = a.sumSquares(&src[0], n)
	}
	return sum + sumSquaresGeneric(src[n:])
}

func (ks *kernels) transpose(dst, src []float32, rows, cols, dstStride, srcStride int) {
	a := &ks.vector
	r, c := a.whole(rows), a.whole(cols)
	if r > 0 && c > 0 {
		_, _ = dst[(c-1)*dstStride+r-1], src[(r-1)*srcStride+c-1]
		a.transpose(&dst[0], &src[0], r, c, dstStride, srcStride)
	} else {
		r, c = 0, 0
	}
	if c < cols {
		transposeGeneric(dst[c*dstStride:], src[c:], r, cols-c, dstStride, srcStride)
	}
	if r < rows {
		transposeGeneric(dst[r:], src[r*srcStride:], rows-r, cols, dstStride, srcStride)
	}
}

// prefetch has memory that will be read soon brought into the first-level cache.
func (ks *kernels) prefetch(s []float32) {
	if ks.vector.prefetch != nil && len(s) > 0 {
		ks.vector.prefetch(&s[0], len(s))
	}
}
