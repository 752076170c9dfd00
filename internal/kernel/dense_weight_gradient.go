package kernel

const (
	weightPanels = 4   // panels of a piece of the weight gradient
	weightInputs = 512 // its inputs
)

// DenseGradient is the gradient dw = xᵀ·dy of a dense layer's weights before it is computed:
// what it is made of, which is far smaller.
type DenseGradient struct {
	Dense
	X    []float32 // packed, as Forward left it
	DY   []float32 // in panels, as Gradients wrote it
	Rows int       // of the batch
}

// Stream computes the gradient on the workers of p, a block at a time. Each block is handed to
// use on the worker that made it: elements [from, from+len(dw)) of the gradient, stored as the
// weights are, valid until use returns. The same elements of the slices beside, each nil or as long
// as the gradient, have been brought into the cache by then.
func (g *DenseGradient) Stream(p *Pool, beside [2][]float32, use func(from int, dw []float32)) error {
	groups := (g.panels() + weightPanels - 1) / weightPanels
	chunks := (g.In + weightInputs - 1) / weightInputs
	p.Reserve(blockWidth * Panel)
	return p.Run(groups*chunks, func(worker, piece int) {
		first, last := share(g.panels(), 1, piece/chunks, groups)
		in, end := share(g.In, blockWidth, piece%chunks, chunks)
		for panel := first; panel < last; panel++ {
			g.column(p.isa, panel, in, end, p.Scratch(worker), beside, use)
		}
	})
}

// column computes the blocks of inputs [in, end) of a panel.
func (g *DenseGradient) column(isa ISA, panel, in, end int, sums []float32, beside [2][]float32, use func(from int, dw []float32)) {
	col := panel * Panel
	cols := min(Panel, g.Out-col)
	t := tile{cols: cols, k: g.Rows, off: []int{0}, aRow: 1, aK: blockWidth, b: g.DY[g.Rows*col:], ldb: cols, ldd: cols, dst: sums}
	var near [2]ahead
	for ; in < end; in += blockWidth {
		t.rows = min(blockWidth, g.In-in)
		t.a = g.X[in*g.Rows:]
		from, n := g.In*col+in*cols, t.rows*cols
		steps := (t.rows + sweepRows - 1) / sweepRows
		for i, s := range beside {
			if s != nil {
				near[i].fetch(s[from:], n, 0, 1, steps)
			}
		}
		t.sweep(isa, &near[0], &near[1])
		use(from, sums[:n])
	}
}

// SumSquares is Σ dw², each square and the sum in float64, from a gradient that is computed for it
// and forgotten: a product more, against memory of the weights' size, written and read twice.
func (g *DenseGradient) SumSquares(p *Pool) (float64, error) {
	squares := make([]float64, g.panels()*g.blocks()) // of each block: their order in the sum is fixed
	err := g.Stream(p, [2][]float32{}, func(from int, dw []float32) {
		panel := from / (g.In * Panel)
		cols := min(Panel, g.Out-panel*Panel)
		block := (from - g.In*Panel*panel) / (blockWidth * cols)
		squares[panel*g.blocks()+block] = SumSquares(p.isa, dw)
	})
	sum := 0.0
	for _, q := range squares {
		sum += q
	}
	return sum, err
}
