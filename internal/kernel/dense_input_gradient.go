package kernel

const (
	turnedPanels = 4 // weight panels of one k loop of the input gradient
	turnedSweeps = 8 // steps of a sweep in a piece: their rows are a multiple of 16, for transpose
)

// Gradients masks dy by the output y (nil without ReLU) and writes it in panels, rows×Out, to panels,
// and its column sums to db. Unless turned is nil, it writes dyᵀ there, Out×rows in panels.
func (d Dense) Gradients(p *Workers, panels, turned, db, dy, y []float32, rows int) error {
	return p.Run(d.panels(), func(_, panel int) {
		col := panel * Panel
		cols := min(Panel, d.Out-col)
		to := panels[rows*col:][:rows*cols]
		if y != nil {
			p.kernels.mask(to, dy[col:], y[col:], rows, cols, cols, d.Out)
		} else {
			for n := range rows {
				copy(to[n*cols:][:cols], dy[n*d.Out+col:])
			}
		}
		t := tile{rows: 1, cols: cols, k: rows, off: []int{0}, a: ones[:], b: to, ldb: cols, dst: db[col:]}
		t.run(p.kernels)
		if turned == nil {
			return
		}
		for n := 0; n < rows; n += Panel {
			count := min(Panel, rows-n)
			p.kernels.transpose(turned[d.Out*n+col*count:], to[n*cols:], count, cols, count, cols)
		}
	})
}

// InputGradient computes dx = dy·wᵀ, like x, for the first rows rows. turned is dyᵀ from Gradients.
// It multiplies w·dyᵀ, which reads the weights in stored order, and transposes the result.
func (d Dense) InputGradient(p *Workers, dx, turned, w []float32, rows int) error {
	inputs := turnedSweeps * p.kernels.sweepRows()
	groups := (d.In + inputs - 1) / inputs
	nPanels := panelCount(rows)
	parts := 1
	if groups < 16 {
		parts = nPanels
		groups = min((d.In+15)/16, (16+parts-1)/parts)
	}
	p.Reserve((d.In/groups + 32) * rows)
	return p.Run(groups*parts, func(worker, piece int) {
		g := denseInput{Dense: d, kernels: p.kernels, w: w, turned: turned, rows: rows, sums: p.Scratch(worker)}
		g.in, g.end = share(d.In, 16, piece/parts, groups)
		g.from, g.to = share(rows, Panel, piece%parts, parts)
		g.run(dx)
	})
}

// denseInput is a piece of an input gradient: inputs [in, end) of rows [from, to).
type denseInput struct {
	Dense
	kernels           *kernels
	w, turned, sums   []float32
	rows              int
	in, end, from, to int
}

func (g *denseInput) run(dx []float32) {
	for panel := 0; panel < g.panels(); panel += turnedPanels {
		for n := g.from; n < g.to; n += Panel {
			g.multiply(panel, n)
		}
	}
	count := g.end - g.in
	for n := g.from; n < g.to; n += Panel {
		cols := min(Panel, g.to-n)
		g.kernels.transpose(dx[n*g.In+g.in:], g.sums[count*(n-g.from):], count, cols, g.In, cols)
	}
}

// multiply adds the products of up to turnedPanels panels to the sums of one panel of rows.
func (g *denseInput) multiply(panel, n int) {
	cols, count := min(Panel, g.to-n), g.end-g.in
	var offsets [turnedPanels]int
	for i := range offsets {
		offsets[i] = i * g.In * Panel
	}
	var weights, gradients prefetcher
	g.next(panel, n, &weights, &gradients)
	k := min(turnedPanels*Panel, g.Out-panel*Panel)
	whole, rest := k/Panel, k%Panel
	t := tile{rows: count, cols: cols, dst: g.sums[count*(n-g.from):], ldd: cols, ldb: cols, bTap: Panel * cols, aK: 1, accumulate: panel > 0}
	b := g.turned[g.Out*n+panel*Panel*cols:]
	if whole > 0 {
		t.k, t.aRow, t.off = Panel, Panel, offsets[:whole]
		t.a, t.b = g.w[g.In*Panel*panel+g.in*Panel:], b
		t.sweep(g.kernels, &weights, &gradients)
		t.accumulate = true
	}
	if rest > 0 {
		t.k, t.aRow, t.off = rest, rest, offsets[:1]
		t.a, t.b = g.w[g.In*(g.Out-rest)+g.in*rest:], b[whole*Panel*cols:]
		t.sweep(g.kernels, &weights, &gradients)
	}
}

// next plans to fetch what the next products read: their part of dyᵀ, and these rows' share of the
// next panels of weights.
func (g *denseInput) next(panel, n int, weights, gradients *prefetcher) {
	steps := g.kernels.sweeps(g.end - g.in)
	after := panel + turnedPanels
	if whole := min(turnedPanels, g.Out/Panel-after); whole > 0 {
		nPanels := panelCount(g.to - g.from)
		first, last := share(whole, 1, (n-g.from)/Panel, nPanels)
		if first < last {
			weights.fetch(g.w[g.In*Panel*(after+first)+g.in*Panel:], (g.end-g.in)*Panel, g.In*Panel, last-first, steps)
		}
	}
	if n += Panel; n >= g.to {
		if n, panel = g.from, after; panel >= g.panels() {
			return
		}
	}
	cols := min(Panel, g.to-n)
	k := min(turnedPanels*Panel, g.Out-panel*Panel)
	gradients.fetch(g.turned[g.Out*n+panel*Panel*cols:], k*cols, 0, 1, steps)
}
