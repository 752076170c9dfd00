package kernel

import "math"

// winogradForwardRun is the run of Conv.Forward.
func (c Conv) winogradForwardRun(ks *kernels) winogradRun {
	h, w := c.full()
	r := newWinogradRun(ks, c.N, h, w, c.C, c.OC, c.Padding)
	r.pooled = c.Pool
	r.oh, r.ow = c.Out()
	if !c.ReLU {
		r.floor = float32(math.Inf(-1))
	}
	return r
}

// winogradInputRun is the run of Conv.InputGradient.
func (c Conv) winogradInputRun(ks *kernels) winogradRun {
	r := newWinogradRun(ks, c.N, c.H, c.W, c.OC, c.C, c.Kernel-1-c.Padding)
	r.floor = float32(math.Inf(-1))
	r.spare = gradient{Conv: c}.spareRows()
	return r
}

// transformFilters makes the planes u of filters w, a matrix of 9·in rows and out columns in
// panels: value e of input channel i and output channel o is element (i, o) of matrix e of the
// panel of o, an in×32 matrix.
func transformFilters(p *Workers, u, w []float32, in, out int) error {
	const chunk = 1 << 10
	perPanel := (in*Panel + chunk - 1) / chunk
	panels := panelCount(out)
	return p.Run(panels*perPanel, func(_, piece int) {
		col := piece / perPanel * Panel
		size := in * min(Panel, out-col)
		from := piece % perPanel * chunk
		if n := min(chunk, size-from); n > 0 {
			p.kernels.filters(u[planes*in*col+from:], w[9*in*col+from:], n, size, size)
		}
	})
}

// winogradForward needs work space for a winogradForwardRun.
func (c Conv) winogradForward(p *Workers, y []float32, argmax []byte, x, b, u, work []float32, rows int) error {
	if !c.Pool {
		argmax = nil
	}
	r := c.winogradForwardRun(p.kernels)
	image, width := c.H*c.W*c.C, r.pitch/c.C
	return r.run(p, func(in, _ []float32, n, row, rows int) {
		loadStrip(in, x[n*image:][:image], c.H, c.W, c.C, row, rows, c.Padding, width)
	}, y, argmax, u, b, work, rows)
}

// winogradInputGradient needs work space for (9+36)·C·OC floats and a winogradInputRun.
func (c Conv) winogradInputGradient(p *Workers, dx []float32, g gradient, w, work []float32, rows int) error {
	turned, u := work[:c.WeightRows()*c.OC], work[c.WeightRows()*c.OC:]
	if err := c.turn(p, turned, w); err != nil {
		return err
	}
	if err := transformFilters(p, u, turned, c.OC, c.C); err != nil {
		return err
	}
	r := c.winogradInputRun(p.kernels)
	width := r.pitch / c.OC
	return r.run(p, func(in, spare []float32, n, row, rows int) {
		g.load(in, n, row, rows, width, r.padding, spare)
	}, dx, nil, u, nil, u[planes*c.C*c.OC:], rows)
}
