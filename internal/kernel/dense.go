package kernel

import "fmt"

// Dense is the shape of a fully connected layer over N rows.
//
//	x   N×In        y   N×Out
//	w   In×Out in panels        b   Out
//
//	y = x·w + b, then ReLU if asked for
type Dense struct {
	N, In, Out int
	ReLU       bool
}

// A dense layer's input is packed in blocks of blockWidth columns, each block with its rows
// close together: block j holds columns [64j, 64j+64) of all rows at a pitch of 64. The
// forward product reads a block along its rows and the weight gradient down its columns,
// neither at the power-of-two strides of x itself, which would crowd a few cache sets.
const (
	blockWidth  = 64
	denseBlocks = 4   // blocks of one k loop: its 256 rows of a weight panel stay in L1
	densePanels = 4   // panels of a forward piece
	denseRows   = 56  // inputs of an input-gradient piece: 4 tiles of 14
	denseInputs = 512 // inputs of a weight-gradient piece
)

// Check says what is wrong with the shape, or nil.
func (d Dense) Check() error {
	const most = 1 << 26
	if d.N < 1 || d.N > maxExtent || d.In < 1 || d.In > most || d.Out < 1 || d.Out > most {
		return fmt.Errorf("dense layer: %d rows, %d inputs, %d outputs: use 1 to %d rows, 1 to %d inputs and outputs", d.N, d.In, d.Out, maxExtent, most)
	}
	return nil
}

func (d Dense) blocks() int { return (d.In + blockWidth - 1) / blockWidth }
func (d Dense) panels() int { return (d.Out + Panel - 1) / Panel }

// WorkSize is the floats of work space that each of the three products needs.
func (d Dense) WorkSize() int { return d.N * (d.blocks()*blockWidth + d.Out) }

// pack copies x into blocks.
func (d Dense) pack(p *Pool, dst, x []float32, rows int) error {
	return p.Run(d.blocks(), func(_, block int) {
		from := block * blockWidth
		width := min(blockWidth, d.In-from)
		to := dst[block*blockWidth*rows:]
		for n := range rows {
			copy(to[n*blockWidth:][:width], x[n*d.In+from:])
		}
	})
}

// Forward computes y for the first rows rows.
func (d Dense) Forward(p *Pool, y, x, w, b, work []float32, rows int) error {
	if err := d.pack(p, work, x, rows); err != nil {
		return err
	}
	pieces := (d.panels() + densePanels - 1) / densePanels
	return p.Run(pieces, func(_, piece int) {
		last := min((piece+1)*densePanels, d.panels())
		for block := 0; block < d.blocks(); block += denseBlocks {
			for panel := piece * densePanels; panel < last; panel++ {
				d.forwardBlocks(p.isa, y, work, w, b, rows, panel, block)
			}
		}
	})
}

// forwardBlocks adds the products of up to denseBlocks blocks to one panel of y.
func (d Dense) forwardBlocks(isa ISA, y, packed, w, b []float32, rows, panel, block int) {
	col := panel * Panel
	cols := min(Panel, d.Out-col)
	size := blockWidth * rows
	offsets := [denseBlocks]int{0, size, 2 * size, 3 * size}
	t := tile{rows: rows, cols: cols, aRow: blockWidth, aK: 1, ldb: cols, bTap: blockWidth * cols, ldd: d.Out, dst: y[col:], accumulate: block > 0}
	if b != nil && block == 0 {
		t.bias = b[col:]
	}
	// The last block may be narrower: a k loop of its own.
	for _, part := range [2]struct{ first, blocks, k int }{
		{block, max(0, min(denseBlocks, d.In/blockWidth-block)), blockWidth},
		{d.In / blockWidth, 1, d.In % blockWidth},
	} {
		if part.blocks == 0 || part.k == 0 || part.first >= block+denseBlocks {
			continue
		}
		t.k, t.off = part.k, offsets[:part.blocks]
		t.a = packed[part.first*size:]
		t.b = w[d.In*col+part.first*blockWidth*cols:]
		t.relu = d.ReLU && part.first*blockWidth+part.blocks*part.k == d.In
		t.run(isa)
		t.accumulate = true
	}
}

// packGradient writes dy, with ReLU's mask where y is given, in panels (rows×Out).
func (d Dense) packGradient(p *Pool, dst, dy, y []float32, rows int) error {
	return p.Run(d.panels(), func(_, panel int) {
		col := panel * Panel
		cols := min(Panel, d.Out-col)
		to := dst[rows*col:]
		if y != nil {
			mask(p.isa, to, dy[col:], y[col:], rows, cols, cols, d.Out)
			return
		}
		for n := range rows {
			copy(to[n*cols:][:cols], dy[n*d.Out+col:])
		}
	})
}

// WeightGradient computes dw = xᵀ·dy, like w, and db, the column sums of dy, from the first
// rows rows; dy is masked by the output y (nil without ReLU).
func (d Dense) WeightGradient(p *Pool, dw, db, x, dy, y, work []float32, rows int) error {
	packed, grad := work[:d.blocks()*blockWidth*d.N], work[d.blocks()*blockWidth*d.N:]
	if err := d.pack(p, packed, x, rows); err != nil {
		return err
	}
	if err := d.packGradient(p, grad, dy, y, rows); err != nil {
		return err
	}
	groups := (d.panels() + densePanels - 1) / densePanels
	chunks := (d.In + denseInputs - 1) / denseInputs
	return p.Run(groups*chunks, func(_, piece int) {
		group, chunk := piece/chunks, piece%chunks
		for panel := group * densePanels; panel < min((group+1)*densePanels, d.panels()); panel++ {
			col := panel * Panel
			cols := min(Panel, d.Out-col)
			t := tile{cols: cols, k: rows, off: []int{0}, aRow: 1, aK: blockWidth, b: grad[rows*col:], ldb: cols, ldd: cols}
			for in := chunk * denseInputs; in < min((chunk+1)*denseInputs, d.In); in += blockWidth {
				t.rows = min(blockWidth, d.In-in)
				t.a = packed[in*rows:]
				t.dst = dw[d.In*col+in*cols:]
				t.run(p.isa)
			}
			if chunk == 0 {
				t.rows, t.a, t.aK, t.dst = 1, ones[:], 0, db[col:]
				t.run(p.isa)
			}
		}
	})
}

// InputGradient computes dx = dy·wᵀ, like x, for the first rows rows, with dy masked by y (nil
// without ReLU). It multiplies w·dyᵀ, so that the weights are read as they are stored, and
// turns the result.
func (d Dense) InputGradient(p *Pool, dx, dy, y, w, work []float32, rows int) error {
	if err := d.turnGradient(p, work, dy, y, rows); err != nil {
		return err
	}
	p.Reserve(denseRows * rows)
	return p.Run((d.In+denseRows-1)/denseRows, func(worker, piece int) {
		in := piece * denseRows
		count := min(denseRows, d.In-in)
		sums := p.Scratch(worker)[:count*rows]
		for panel := 0; panel < d.panels(); panel += panelsAtOnce {
			for first := 0; first < rows; first += Panel {
				d.inputPanels(p.isa, sums[count*first:], work[d.Out*first:], w, in, count, panel, min(Panel, rows-first))
			}
		}
		for first := 0; first < rows; first += Panel {
			cols := min(Panel, rows-first)
			for n := range cols {
				to := dx[(first+n)*d.In+in:][:count]
				from := sums[count*first+n:]
				for i := range to {
					to[i] = from[i*cols]
				}
			}
		}
	})
}

// panelsAtOnce is how many weight panels one k loop of the input gradient runs over.
const panelsAtOnce = 8

// inputPanels adds the products of up to 8 weight panels to sums, count×cols.
func (d Dense) inputPanels(isa ISA, sums, turned, w []float32, in, count, panel, cols int) {
	var offsets [panelsAtOnce]int
	for i := range offsets {
		offsets[i] = i * d.In * Panel
	}
	whole := max(0, min(panelsAtOnce, d.Out/Panel-panel))
	t := tile{rows: count, cols: cols, dst: sums, ldd: cols, ldb: cols, bTap: Panel * cols, aK: 1, accumulate: panel > 0}
	if whole > 0 {
		t.k, t.aRow, t.off = Panel, Panel, offsets[:whole]
		t.a = w[d.In*Panel*panel+in*Panel:]
		t.b = turned[panel*Panel*cols:]
		t.run(isa)
		t.accumulate = true
	}
	if rest := d.Out % Panel; rest > 0 && panel+panelsAtOnce >= d.panels() {
		last := d.Out - rest
		t.k, t.aRow, t.off = rest, rest, offsets[:1]
		t.a = w[d.In*last+in*rest:]
		t.b = turned[last*cols:]
		t.run(isa)
	}
}

// turnGradient writes dyᵀ, masked, as an Out×rows matrix in panels.
func (d Dense) turnGradient(p *Pool, dst, dy, y []float32, rows int) error {
	return p.Run(d.panels(), func(_, panel int) {
		col := panel * Panel
		for first := 0; first < rows; first += Panel {
			cols := min(Panel, rows-first)
			for n := range cols {
				at := (first+n)*d.Out + col
				to := dst[d.Out*first+col*cols+n:]
				for i, g := range dy[at:][:min(Panel, d.Out-col)] {
					if y != nil && y[at+i] <= 0 {
						g = 0
					}
					to[i*cols] = g
				}
			}
		}
	})
}
