package kernel

// InputGradientSize is the size of InputGradient's work space in floats.
func (c Conv) InputGradientSize(p *Workers) int {
	turned := c.WeightRows() * c.OC
	if c.InputAlgorithm(p) == Winograd {
		r := c.winogradInputRun(p.plan())
		return turned + planes*c.C*c.OC + r.workSize()
	}
	return turned
}

// InputGradient computes dx, like x, for the first rows images. It reads the gradient dy of the
// output, the output y (nil without ReLU) and argmax (nil without pool). work is InputGradientSize
// floats.
//
//	dx[h,w,c] = Σ dy[h+P-kh, w+P-kw, o] · w[kh,kw,c,o]
//
// that is, the convolution of dy, dilated by the stride, with the filters turned by 180°.
func (c Conv) InputGradient(p *Workers, dx, dy, y []float32, argmax []byte, w, work []float32, rows int) error {
	g := gradient{Conv: c, ks: p.kernels, dy: dy, y: y, argmax: argmax}
	if c.InputAlgorithm(p) == Winograd {
		return c.winogradInputGradient(p, dx, g, w, work, rows)
	}
	turned := work[:c.WeightRows()*c.OC]
	if err := c.turn(p, turned, w); err != nil {
		return err
	}
	run := c.inputGradientRun(p.kernels)
	p.Reserve(run.scratch())
	width, left := c.W+c.Kernel-1, c.Kernel-1-c.Padding
	return p.Run(run.pieces(), func(worker, piece int) {
		n0, n1, h0, h1 := run.span(piece, rows)
		if n0 >= n1 {
			return
		}
		in, spare := run.buffers(p.Scratch(worker))
		for n := n0; n < n1; n++ {
			g.load(in[(n-n0)*run.inSize:], n, h0-left, h1-h0+c.Kernel-1, width, left, spare)
		}
		run.multiply(dx[(n0*c.H+h0)*c.W*c.C:], c.H*c.W*c.C, in, turned, nil, n1-n0, h1-h0)
	})
}

// turn makes the weights of the convolution that gives the input's gradient: a
// (Kernel·Kernel·OC)×C matrix in panels, row (K-1-kh, K-1-kw, o), column c.
func (c Conv) turn(p *Workers, dst, w []float32) error {
	taps, k := c.Kernel*c.Kernel, c.WeightRows()
	rows := taps * c.OC
	return p.Run(taps, func(_, tap int) {
		for first := 0; first < c.OC; first += Panel {
			width := min(Panel, c.OC-first)
			from := w[k*first+tap*c.C*width:]
			for ch := range c.C {
				panel := ch &^ (Panel - 1)
				stride := min(Panel, c.C-panel)
				to := dst[rows*panel+((taps-1-tap)*c.OC+first)*stride+ch-panel:]
				for o, v := range from[ch*width:][:width] {
					to[o*stride] = v
				}
			}
		}
	})
}
