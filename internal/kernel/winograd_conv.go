package kernel

import "math"

// winogradForwardRun is the run of Conv.Forward.
func (c Conv) winogradForwardRun() winogradRun {
	h, w := c.full()
	r := newWinogradRun(c.N, h, w, c.C, c.OC, c.Padding)
	r.pooled = c.Pool
	r.oh, r.ow = c.Out()
	if !c.ReLU {
		r.floor = float32(math.Inf(-1))
	}
	return r
}

// winogradInputRun is the run of Conv.InputGradient.
func (c Conv) winogradInputRun() winogradRun {
	r := newWinogradRun(c.N, c.H, c.W, c.OC, c.C, c.Kernel-1-c.Padding)
	r.floor = float32(math.Inf(-1))
	r.spare = gradient{Conv: c}.spareRows()
	return r
}

// transformFilters makes the planes u of filters w, a matrix of 9·in rows and out columns in
// panels: value e of input channel i and output channel o is element (i, o) of matrix e of the
// panel of o, an in×32 matrix.
func transformFilters(p *Pool, u, w []float32, in, out int) error {
	const chunk = 1 << 10
	perPanel := (in*Panel + chunk - 1) / chunk
	panels := (out + Panel - 1) / Panel
	return p.Run(panels*perPanel, func(_, piece int) {
		col := piece / perPanel * Panel
		size := in * min(Panel, out-col)
		from := piece % perPanel * chunk
		if n := min(chunk, size-from); n > 0 {
			filters(p.isa, u[planes*in*col+from:], w[9*in*col+from:], n, size, size)
		}
	})
}

func (c Conv) winogradForward(p *Pool, y []float32, arg []byte, x, b, u []float32, rows int) error {
	if !c.Pool {
		arg = nil
	}
	r := c.winogradForwardRun()
	p.Reserve(r.scratch())
	image := c.H * c.W * c.C
	last := rows * r.th
	return p.Run((last+r.rows-1)/r.rows, func(worker, piece int) {
		s := r.space(p.Scratch(worker))
		starts := r.strips(piece*r.rows, min((piece+1)*r.rows, last), func(at, n, row, count int) {
			loadStrip(s.in[at:], x[n*image:][:image], c.H, c.W, c.C, row, count, c.Padding, r.pitch/c.C)
		})
		r.convolve(p.isa, piece, last, &s, &starts, y, arg, u, b)
	})
}

// winogradInputGradient needs (9+36)·C·OC floats of work space.
func (c Conv) winogradInputGradient(p *Pool, dx []float32, g gradient, w, work []float32, rows int) error {
	turned, u := work[:c.WeightRows()*c.OC], work[c.WeightRows()*c.OC:]
	if err := c.turn(p, turned, w); err != nil {
		return err
	}
	if err := transformFilters(p, u, turned, c.OC, c.C); err != nil {
		return err
	}
	r := c.winogradInputRun()
	p.Reserve(r.scratch())
	last := rows * r.th
	return p.Run((last+r.rows-1)/r.rows, func(worker, piece int) {
		s := r.space(p.Scratch(worker))
		starts := r.strips(piece*r.rows, min((piece+1)*r.rows, last), func(at, n, row, count int) {
			g.load(p.isa, s.in[at:], n, row, count, r.pitch/c.OC, r.padding, s.spare)
		})
		r.convolve(p.isa, piece, last, &s, &starts, dx, nil, u, nil)
	})
}
