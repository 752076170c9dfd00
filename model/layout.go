package model

import (
	"runtime"
	"sync"
	"sync/atomic"

	"vggtrain/internal/kernel"
	"vggtrain/internal/rng"
)

// layout maps a weight between two orders. With O outputs, C input channels and P positions of
// each channel (taps of a convolution's kernel; pixels of a channel before Flatten; else 1):
//
//	PyTorch  [o][c][p]                    OIHW; (out, in) with in = C×H×W
//	stored   k = p·C + c, column o        HWIO; (in, out) with in = H×W×C; in column panels
//
// Column panels are kernel.PanelIndex's: 32 columns side by side, row after row.
type layout struct{ outputs, channels, positions int }

const (
	// turnChunk is how many of PyTorch's successive elements are turned at once: a cache line.
	turnChunk = 16
	// pieceRows is how many rows of a panel one goroutine takes at a time.
	pieceRows = 2048
)

// depth is the number of rows, C·P: a column's length.
func (l layout) depth() int { return l.channels * l.positions }

// row is the stored row of PyTorch's element t = c·P + p of a column.
func (l layout) row(t int) int { return t%l.positions*l.channels + t/l.positions }

// piece is a part of a panel: columns [first, first+width), elements [from, to) of each.
type piece struct{ first, width, from, to int }

// each calls f for pieces that cover the matrix, concurrently.
func (l layout) each(f func(piece)) { parallel(l.pieces(), func(i int) { f(l.piece(i)) }) }

// pieces is the number of pieces that cover the matrix.
func (l layout) pieces() int {
	panels := (l.outputs + kernel.Panel - 1) / kernel.Panel
	return panels * l.parts()
}

// parts is the number of pieces of a panel.
func (l layout) parts() int { return (l.depth() + pieceRows - 1) / pieceRows }

// piece is the i-th of pieces.
func (l layout) piece(i int) piece {
	first, from := i/l.parts()*kernel.Panel, i%l.parts()*pieceRows
	return piece{first, min(kernel.Panel, l.outputs-first), from, min(from+pieceRows, l.depth())}
}

// toTorch turns src into PyTorch's order. It reports whether all numbers are finite.
func (l layout) toTorch(workers *kernel.Workers, dst, src []float32) (finite bool, err error) {
	var infinite atomic.Bool // or NaN
	err = workers.Run(l.pieces(), func(_, i int) {
		p := l.piece(i)
		panel := src[l.depth()*p.first:]
		stored := panel[p.from*p.width : p.to*p.width] // the same number of rows, maybe other ones
		if sum := kernel.SumSquares(workers, stored); sum-sum != 0 {
			infinite.Store(true)
		}
		if l.positions == 1 {
			kernel.Transpose(workers, dst[p.first*l.depth()+p.from:], stored, p.to-p.from, p.width, l.depth(), p.width)
		} else {
			l.turn(dst, panel, p)
		}
	})
	return !infinite.Load(), err
}

// turn transposes a piece of a panel to dst in PyTorch's order.
func (l layout) turn(dst, panel []float32, p piece) {
	var turned [kernel.Panel][turnChunk]float32
	for t := p.from; t < p.to; t += turnChunk {
		n := min(turnChunk, p.to-t)
		for i := range n {
			row := panel[l.row(t+i)*p.width:][:p.width]
			for o, v := range row {
				turned[o][i] = v
			}
		}
		for o := range p.width {
			copy(dst[(p.first+o)*l.depth()+t:], turned[o][:n])
		}
	}
}

// fromTorch turns src, in PyTorch's order, into the stored one.
func (l layout) fromTorch(dst, src []float32) {
	l.each(func(p piece) {
		panel := dst[l.depth()*p.first:]
		var turned [kernel.Panel][turnChunk]float32
		for t := p.from; t < p.to; t += turnChunk {
			n := min(turnChunk, p.to-t)
			for o := range p.width {
				copy(turned[o][:n], src[(p.first+o)*l.depth()+t:])
			}
			for i := range n {
				row := panel[l.row(t+i)*p.width:][:p.width]
				for o := range row {
					row[o] = turned[o][i]
				}
			}
		}
	})
}

// fill draws each element uniformly from ±width, by its index in PyTorch's order.
func (l layout) fill(dst []float32, draws rng.Stream, width float64) {
	l.each(func(p piece) {
		depth := l.depth()
		panel := dst[depth*p.first:]
		for t := p.from; t < p.to; t++ {
			row := panel[l.row(t)*p.width:][:p.width]
			index := uint64(p.first*depth + t)
			for o := range row {
				row[o] = float32(width * (2*draws.Float64(index) - 1))
				index += uint64(depth)
			}
		}
	})
}

// parallel calls f(0) … f(n-1) on a goroutine a processor.
func parallel(n int, f func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	group.Wait()
}
