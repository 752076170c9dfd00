package kernel

const (
	weightPanels = 4    // panels of a piece of the weight gradient
	weightInputs = 1024 // its inputs
)

// DenseGradient is the two factors of the gradient dw = xᵀ·dy of a dense layer's weights. They are
// far smaller than the gradient.
type DenseGradient struct {
	Dense
	X    []float32 // packed, as Forward left it
	DY   []float32 // in panels, as Gradients wrote it
	Rows int       // of the batch
}

// Stream computes the gradient on the workers of p, a block at a time. It calls use for each block on
// the block's worker: elements [from, from+len(dw)) of the gradient in the weights' layout, valid
// until use returns. Before that, it prefetches the same elements of the slices beside, each as long
// as the gradient.
func (g *DenseGradient) Stream(p *Workers, beside [][]float32, use func(from int, dw []float32)) error {
	groups := (g.panels() + weightPanels - 1) / weightPanels
	chunks := (g.In + weightInputs - 1) / weightInputs
	p.Reserve(blockWidth * Panel)
	return p.Run(groups*chunks, func(worker, piece int) {
		w := denseWeight{DenseGradient: g, kernels: p.kernels, sums: p.Scratch(worker), beside: beside}
		for range beside {
			w.prefetchers = append(w.prefetchers, new(prefetcher))
		}
		w.panel, w.last = share(g.panels(), 1, piece/chunks, groups)
		w.first, w.end = share(g.In, blockWidth, piece%chunks, chunks)
		w.run(use)
	})
}

// denseWeight is a piece of a weight gradient: inputs [first, end) of panels [panel, last).
type denseWeight struct {
	*DenseGradient
	kernels                 *kernels
	sums                    []float32
	beside                  [][]float32
	prefetchers             []*prefetcher // one for each of beside
	panel, last, first, end int
}

func (w *denseWeight) run(use func(from int, dw []float32)) {
	for ; w.panel < w.last; w.panel++ {
		for in := w.first; in < w.end; in += blockWidth {
			from, n := w.block(w.panel, in)
			w.multiply(in)
			use(from, w.sums[:n])
		}
	}
}

// block is the elements [from, from+n) of the gradient that the block of inputs from in on has of
// a panel.
func (w *denseWeight) block(panel, in int) (from, n int) {
	cols := min(Panel, w.Out-panel*Panel)
	return w.In*Panel*panel + in*cols, min(blockWidth, w.In-in) * cols
}

// multiply computes the block of inputs from in on, and fetches what is beside the next one.
func (w *denseWeight) multiply(in int) {
	col := w.panel * Panel
	cols := min(Panel, w.Out-col)
	t := tile{
		rows: min(blockWidth, w.In-in), cols: cols, k: w.Rows, off: origin[:], aRow: 1, aK: blockWidth, ldb: cols, ldd: cols,
		dst: w.sums, a: w.X[in*w.Rows:], b: w.DY[w.Rows*col:],
	}
	panel := w.panel
	if in += blockWidth; in >= w.end {
		panel, in = panel+1, w.first
	}
	for i, s := range w.beside {
		*w.prefetchers[i] = prefetcher{}
		if panel < w.last {
			from, n := w.block(panel, in)
			w.prefetchers[i].fetch(s[from:], n, 0, 1, w.kernels.sweeps(t.rows))
		}
	}
	t.sweep(w.kernels, w.prefetchers...)
}

// SumSquares is Σ dw², each square and the sum in float64. It recomputes the gradient for that: one
// extra product is cheaper than storing it.
func (g *DenseGradient) SumSquares(p *Workers) (float64, error) {
	squares := make([]float64, g.panels()*g.blocks()) // of each block: their order in the sum is fixed
	err := g.Stream(p, nil, func(from int, dw []float32) {
		panel := from / (g.In * Panel)
		cols := min(Panel, g.Out-panel*Panel)
		block := (from - g.In*Panel*panel) / (blockWidth * cols)
		squares[panel*g.blocks()+block] = p.kernels.sumSquares(dw)
	})
	sum := 0.0
	for _, q := range squares {
		sum += q
	}
	return sum, err
}
