package kernel

const (
	forwardBlocks = 2 // blocks of one k loop: its 256 rows of a weight panel stay in L1
	forwardPanels = 8 // panels of a piece
)

// Forward computes y for the first rows rows. It writes x in packed form to packed, PackedSize
// floats.
func (d Dense) Forward(p *Workers, y, x, w, b, packed []float32, rows int) error {
	if err := d.pack(p, packed, x, rows); err != nil {
		return err
	}
	groups := (d.panels() + forwardPanels - 1) / forwardPanels
	parts := 1 // of the rows
	if groups < 16 {
		parts = p.kernels.sweeps(rows)
	}
	p.Reserve(rows * Panel * forwardPanels)
	return p.Run(groups*parts, func(worker, piece int) {
		f := denseForward{Dense: d, kernels: p.kernels, w: w, b: b, packed: packed, rows: rows, sums: p.Scratch(worker)}
		f.first, f.last = share(d.panels(), 1, piece/parts, groups)
		f.from, f.to = share(rows, 1, piece%parts, parts)
		f.run(y)
	})
}

// denseForward is a piece of a forward product: panels [first, last) of rows [from, to).
type denseForward struct {
	Dense
	kernels               *kernels
	w, b, packed, sums    []float32
	rows                  int
	first, last, from, to int
}

func (f *denseForward) run(y []float32) {
	for block := 0; block < f.blocks(); block += forwardBlocks {
		for panel := f.first; panel < f.last; panel++ {
			f.multiply(panel, block)
		}
	}
	count := f.to - f.from
	for panel := f.first; panel < f.last; panel++ {
		col := panel * Panel
		cols := min(Panel, f.Out-col)
		sums := f.sums[(panel-f.first)*count*Panel:]
		for n := range count {
			copy(y[(f.from+n)*f.Out+col:][:cols], sums[n*cols:])
		}
	}
}

// chunk is the weights of some panel that blocks from block on multiply.
func (f *denseForward) chunk(panel, block int) []float32 {
	cols := min(Panel, f.Out-panel*Panel)
	from := block * blockWidth
	to := min(from+forwardBlocks*blockWidth, f.In)
	return f.w[f.In*panel*Panel:][from*cols : to*cols]
}

// multiply adds the products of up to forwardBlocks blocks to the sums of one panel.
func (f *denseForward) multiply(panel, block int) {
	col, size := panel*Panel, blockWidth*f.rows
	cols, count := min(Panel, f.Out-col), f.to-f.from
	b := f.chunk(panel, block)
	t := tile{
		rows: count, cols: cols, aRow: blockWidth, aK: 1, ldb: cols, bTap: blockWidth * cols, ldd: cols,
		dst: f.sums[(panel-f.first)*count*Panel:], accumulate: block > 0,
	}
	if f.b != nil && block == 0 {
		t.bias = f.b[col:]
	}
	var weights, inputs prefetcher
	f.next(panel, block, &weights, &inputs)
	var offsets [forwardBlocks]int
	for i := range offsets {
		offsets[i] = i * size
	}
	k := len(b) / cols
	whole, rest := k/blockWidth, k%blockWidth
	last := block*blockWidth+k == f.In
	if whole > 0 {
		t.k, t.off = blockWidth, offsets[:whole]
		t.a, t.b = f.packed[block*size+f.from*blockWidth:], b
		t.relu = f.ReLU && last && rest == 0
		t.sweep(f.kernels, &weights, &inputs)
		t.accumulate = true
	}
	if rest > 0 {
		t.k, t.off = rest, offsets[:1]
		t.a, t.b = f.packed[(block+whole)*size+f.from*blockWidth:], b[whole*blockWidth*cols:]
		t.relu = f.ReLU && last
		t.sweep(f.kernels, &weights, &inputs)
	}
}

// next plans to fetch what the next products read: their weights, and of the next blocks of x
// the part that is this panel's share.
func (f *denseForward) next(panel, block int, weights, inputs *prefetcher) {
	steps := f.kernels.sweeps(f.to - f.from)
	after := block + forwardBlocks
	if after < f.blocks() {
		panels := f.last - f.first
		from, to := share(f.rows*blockWidth*min(forwardBlocks, f.blocks()-after), 16, panel-f.first, panels)
		inputs.fetch(f.packed[after*blockWidth*f.rows:][from:to], to-from, 0, 1, steps)
	}
	if panel++; panel == f.last {
		if panel, block = f.first, after; block >= f.blocks() {
			return
		}
	}
	chunk := f.chunk(panel, block)
	weights.fetch(chunk, len(chunk), 0, 1, steps)
}
