package kernel

import "unsafe"

// FilterSize is the size of the transformed filters in floats; 0 if Forward reads w itself.
func (c Conv) FilterSize(p *Workers) int {
	switch algorithm := c.ForwardAlgorithm(p); {
	case algorithm == Winograd:
		return planes * c.C * c.OC
	case algorithm == Narrow && c.C == 3:
		return narrowWeights(c.C) * c.OC
	}
	return 0
}

// ForwardSize is the size of Forward's work space in floats.
func (c Conv) ForwardSize(p *Workers) int {
	if c.ForwardAlgorithm(p) == Winograd {
		r := c.winogradForwardRun(p.plan())
		return r.workSize()
	}
	return 0
}

// TransformFilters writes the transformed filters w to u. u has FilterSize floats.
func (c Conv) TransformFilters(p *Workers, u, w []float32) error {
	switch algorithm := c.ForwardAlgorithm(p); {
	case algorithm == Winograd:
		return transformFilters(p, u, w, c.C, c.OC)
	case algorithm == Narrow && c.C == 3:
		c.narrowFilters(p.kernels, u, w)
	}
	return nil
}

// Forward computes y for the first rows images. With a pool it also sets argmax, unless that is nil:
// for each element of y a byte with the number of the window's largest pixel (0 to 3, row by row), or
// 4 if ReLU makes the window 0. u is the result of TransformFilters. work has ForwardSize floats.
func (c Conv) Forward(p *Workers, y []float32, argmax []byte, x, w, b, u, work []float32, rows int) error {
	switch c.ForwardAlgorithm(p) {
	case Narrow:
		return c.narrowForward(p, y, argmax, x, w, b, u, rows)
	case Winograd:
		return c.winogradForward(p, y, argmax, x, b, u, work, rows)
	}
	run := c.forwardRun(p.kernels)
	p.Reserve(run.scratch())
	oh, ow := c.Out()
	return p.Run(run.pieces(), func(worker, piece int) {
		n0, n1, h0, h1 := run.span(piece, rows)
		if n0 >= n1 {
			return
		}
		in, out := run.buffers(p.Scratch(worker))
		first, inRows := h0*c.Stride-c.Padding, (h1-h0-1)*c.Stride+c.Kernel
		for n := n0; n < n1; n++ {
			loadStrip(in[(n-n0)*run.inSize:], x[n*c.H*c.W*c.C:][:c.H*c.W*c.C], c.H, c.W, c.C, first, inRows, c.Padding, c.W+2*c.Padding)
		}
		if !c.Pool {
			run.multiply(y[(n0*oh+h0)*ow*c.OC:], oh*ow*c.OC, in, w, b, n1-n0, h1-h0)
			return
		}
		run.multiply(out, run.outSize, in, w, b, n1-n0, h1-h0)
		chosen := bytesOf(out[run.images*run.outSize:])
		for n := n0; n < n1; n++ {
			for r := h0 / 2; r < min(h1/2, oh); r++ {
				at := (n*oh + r) * ow * c.OC
				top := out[(n-n0)*run.outSize+(2*r-h0)*run.w*c.OC:]
				if argmax != nil {
					chosen = argmax[at:][:ow*c.OC]
				}
				p.kernels.maxPool2(y[at:][:ow*c.OC], chosen, top, top[run.w*c.OC:], ow, c.OC, c.OC)
				if c.ReLU && argmax != nil {
					markNoPixel(chosen, y[at:])
				}
			}
		}
	})
}

// markNoPixel sets argmax to noPixel where y is 0 or below, not where it is NaN.
func markNoPixel(argmax []byte, y []float32) {
	for i := range argmax {
		if y[i] <= 0 {
			argmax[i] = noPixel
		}
	}
}

// bytesOf is the memory of s.
func bytesOf(s []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), 4*len(s))
}

// convRun is the tiling of one convolution over padded strips: forward, or the input
// gradient, which is the convolution of the dilated gradient with the turned filters.
type convRun struct {
	ks *kernels
	grid
	kernel, stride, c, oc int
	pitch                 int // floats of a padded input row
	inSize, outSize       int // floats of an image's input and output strip
	pooled, relu          bool
	spare                 int // floats: for gradient.load, or for a row of argmax
}

func (c Conv) forwardRun(ks *kernels) convRun {
	h, w := c.full()
	r := convRun{ks: ks, kernel: c.Kernel, stride: c.Stride, c: c.C, oc: c.OC, pitch: (c.W + 2*c.Padding) * c.C, pooled: c.Pool, relu: c.ReLU}
	if c.Pool {
		r.spare = (w/2*c.OC + 3) / 4
	}
	r.cut(c.N, h, w)
	return r
}

// inputGradientRun is the run of Conv.InputGradient: its output is the input's gradient.
func (c Conv) inputGradientRun(ks *kernels) convRun {
	r := convRun{ks: ks, kernel: c.Kernel, stride: 1, c: c.OC, oc: c.C, pitch: (c.W + c.Kernel - 1) * c.OC, spare: gradient{Conv: c}.spareRows()}
	r.cut(c.N, c.H, c.W)
	return r
}

func (r *convRun) cut(n, h, w int) {
	r.grid = newGrid(r.ks.sweepRows(), n, h, w, r.pitch, r.stride, r.kernel-r.stride, r.pooled)
	r.inSize = ((r.strip-1)*r.stride + r.kernel) * r.pitch
	if r.pooled {
		r.outSize = r.strip * r.w * r.oc
	}
}

// scratch is the floats that a worker needs; buffers cuts them up.
func (r *convRun) scratch() int { return r.images*(r.inSize+r.outSize) + r.spare }

func (r *convRun) buffers(scratch []float32) (in, out []float32) {
	return scratch[:r.images*r.inSize], scratch[r.images*r.inSize:]
}

// multiply convolves count images' strips, each giving rows rows of output; an image's output
// begins pitch floats after the one before. Bias and ReLU are applied at the store.
func (r *convRun) multiply(dst []float32, pitch int, in, w, b []float32, count, rows int) {
	var taps [maxKernel]int
	k := r.kernel * r.c
	t := tile{k: k, aK: 1, aRow: r.stride * r.c, ldd: r.oc, relu: r.relu}
	if r.across {
		t.aRow, t.ldd = r.inSize, pitch
	}
	for i := range r.kernel {
		taps[i] = i * r.pitch
	}
	t.off = taps[:r.kernel]
	for col := 0; col < r.oc; col += Panel {
		t.cols = min(Panel, r.oc-col)
		t.ldb, t.bTap = t.cols, k*t.cols
		t.b = w[r.kernel*k*col:]
		if b != nil {
			t.bias = b[col:]
		}
		r.each(count, rows, func(n, h, w, tileRows int) {
			t.rows = tileRows
			t.a = in[n*r.inSize+h*r.stride*r.pitch+w*r.stride*r.c:]
			t.dst = dst[n*pitch+(h*r.w+w)*r.oc+col:]
			t.run(r.ks)
		})
	}
}
