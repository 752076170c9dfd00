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
	// strip is how many of PyTorch's successive elements are turned at once: a cache line.
	strip = 16
	// pieceRows is how many rows of a panel one goroutine takes at a time.
	pieceRows = 2048
)

// rows is the length of a column, C·P.
func (l layout) rows() int { return l.channels * l.positions }

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
func (l layout) parts() int { return (l.rows() + pieceRows - 1) / pieceRows }

// piece is the i-th of pieces.
func (l layout) piece(i int) piece {
	first, from := i/l.parts()*kernel.Panel, i%l.parts()*pieceRows
	return piece{first, min(kernel.Panel, l.outputs-first), from, min(from+pieceRows, l.rows())}
}

// toTorch writes src, which is stored, to dst in PyTorch's order, and tells whether all of it is
// finite.
func (l layout) toTorch(workers *kernel.Workers, dst, src []float32) (finite bool, err error) {
	var other atomic.Bool // a number that is not
	err = workers.Run(l.pieces(), func(_, i int) {
		p := l.piece(i)
		panel := src[l.rows()*p.first:]
		stored := panel[p.from*p.width : p.to*p.width] // as many rows, though maybe not the same
		if sum := kernel.SumSquares(workers, stored); sum-sum != 0 {
			other.Store(true)
		}
		if l.positions == 1 {
			kernel.Transpose(workers, dst[p.first*l.rows()+p.from:], stored, p.to-p.from, p.width, l.rows(), p.width)
		} else {
			l.turn(dst, panel, p)
		}
	})
	return !other.Load(), err
}

// turn writes a piece of a panel to dst in PyTorch's order.
func (l layout) turn(dst, panel []float32, p piece) {
	var turned [kernel.Panel][strip]float32
	for t := p.from; t < p.to; t += strip {
		n := min(strip, p.to-t)
		for i := range n {
			row := panel[l.row(t+i)*p.width:][:p.width]
			for o, v := range row {
				turned[o][i] = v
			}
		}
		for o := range p.width {
			copy(dst[(p.first+o)*l.rows()+t:], turned[o][:n])
		}
	}
}

// fromTorch writes src, which is in PyTorch's order, to dst as it is stored.
func (l layout) fromTorch(dst, src []float32) {
	l.each(func(p piece) {
		panel := dst[l.rows()*p.first:]
		var turned [kernel.Panel][strip]float32
		for t := p.from; t < p.to; t += strip {
			n := min(strip, p.to-t)
			for o := range p.width {
				copy(turned[o][:n], src[(p.first+o)*l.rows()+t:])
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
		rows := l.rows()
		panel := dst[rows*p.first:]
		for t := p.from; t < p.to; t++ {
			row := panel[l.row(t)*p.width:][:p.width]
			index := uint64(p.first*rows + t)
			for o := range row {
				row[o] = float32(width * (2*draws.Float64(index) - 1))
				index += uint64(rows)
			}
		}
	})
}

// parallel calls f(0) … f(n-1) on as many goroutines as there are processors.
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
