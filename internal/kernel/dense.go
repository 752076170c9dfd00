package kernel

import "fmt"

// Dense is the shape of a fully connected layer over N rows.
//
//	x   N×In        y   N×Out
//	w   In×Out in panels        b   Out
//
//	y = x·w + b, then ReLU if set
//
// Each of its three products reads the weights once. They are far larger than the caches. So the
// products are cut into chunks of weights that stay in L1 for all rows, while the next chunk is
// prefetched.
type Dense struct {
	N, In, Out int
	ReLU       bool
}

// A dense layer's input is packed in blocks: block j holds columns [64j, 64j+64) of all rows at a
// pitch of 64. The forward product reads a block along its rows and the weight gradient down its
// columns, neither at the power-of-two strides of x itself, which would crowd a few cache sets.
const blockWidth = 64

// Check says what is wrong with the shape, or nil.
func (d Dense) Check() error {
	const most = 1 << 26
	if d.N < 1 || d.N > maxExtent || d.In < 1 || d.In > most || d.Out < 1 || d.Out > most {
		return fmt.Errorf("dense layer: %d rows, %d inputs, %d outputs: use 1 to %d rows, 1 to %d inputs and outputs", d.N, d.In, d.Out, maxExtent, most)
	}
	return nil
}

func (d Dense) blocks() int { return (d.In + blockWidth - 1) / blockWidth }
func (d Dense) panels() int { return panelCount(d.Out) }

// PackedSize is the size of the packed x in floats.
func (d Dense) PackedSize() int { return d.N * d.blocks() * blockWidth }

// pack copies x into blocks.
func (d Dense) pack(p *Workers, dst, x []float32, rows int) error {
	return p.Run(d.blocks(), func(_, block int) {
		from := block * blockWidth
		width := min(blockWidth, d.In-from)
		to := dst[block*blockWidth*rows:]
		for n := range rows {
			copy(to[n*blockWidth:][:width], x[n*d.In+from:])
		}
	})
}

// share is the part [from, to) of n things that piece i of pieces has, in multiples of unit.
func share(n, unit, i, pieces int) (from, to int) {
	units := (n + unit - 1) / unit
	return units * i / pieces * unit, min(n, units*(i+1)/pieces*unit)
}

// prefetcher prefetches segments of memory of one length, stride apart. Each step requests a part,
// which arrives during the multiplications.
type prefetcher struct {
	memory         []float32
	length, stride int
	segments       int
	at, part       int
}

// fetch plans the segments for a number of steps.
func (a *prefetcher) fetch(memory []float32, length, stride, segments, steps int) {
	*a = prefetcher{memory: memory, length: length, stride: stride, segments: segments}
	if steps > 0 {
		const line = 16
		a.part = ((length*segments+steps-1)/steps + line - 1) &^ (line - 1)
	}
}

func (a *prefetcher) step(ks *kernels) {
	for want := a.part; want > 0 && a.segments > 0; {
		n := min(want, a.length-a.at)
		ks.prefetch(a.memory[a.at:][:n])
		want -= n
		if a.at += n; a.at == a.length {
			a.at = 0
			if a.segments--; a.segments > 0 {
				a.memory = a.memory[a.stride:]
			}
		}
	}
}

// sweep runs the tile a few rows at a time, with a step of each prefetcher in between.
func (t *tile) sweep(ks *kernels, prefetchers ...*prefetcher) {
	t.batch = 1
	t.check()
	part := *t
	chunks := ks.sweeps(t.rows)
	row := 0
	for i := range chunks {
		part.rows = (t.rows - row) / (chunks - i)
		part.a, part.dst = t.a[row*t.aRow:], t.dst[row*t.ldd:]
		if ks.tile != nil && part.rows <= ks.rows && t.cols <= ks.cols {
			part.batch, part.chunks = 1, 1 // the assembly counts them down
			part.assembly(ks)              // as run would, but checked once for all rows
		} else {
			part.run(ks)
		}
		row += part.rows
		for _, a := range prefetchers {
			a.step(ks)
		}
	}
}

// sweepRows is the most rows of a step of a sweep: of the register tiles that fit into 14 rows. A step
// is some hundred cycles, the time that the lines take which it asks for.
func (ks *kernels) sweepRows() int { return ks.rows * max(1, 14/ks.rows) }

// sweeps is the number of steps in which rows rows are swept.
func (ks *kernels) sweeps(rows int) int { return (rows + ks.sweepRows() - 1) / ks.sweepRows() }
