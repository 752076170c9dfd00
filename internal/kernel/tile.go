package kernel

import (
	"fmt"
	"runtime"
	"unsafe"
)

// tile is one call of the register-tile kernel, the loop under every multiplication here: a
// batch-reduce matrix product, such as oneDNN's brgemm, with bias and ReLU at the store.
// For r in [0, rows) and c in [0, cols):
//
//	s := dst[r*ldd+c] if accumulate, else bias[c] if there is a bias, else 0
//	s += Σ_t Σ_k a[off[t]+r*aRow+k*aK] * b[t*bTap+k*ldb+c]   t in [0, len(off)), k in [0, k)
//	dst[r*ldd+c] = max(s, 0) if relu, else s
//
// and so for each of a batch of products, product i with a[i*aBatch:], b[i*bBatch:] and
// dst[i*dBatch:]; a batch of 0 is 1.
//
// The strides of a make it a convolution (rows are pixels, taps rows of the filter), a weight
// gradient (rows are weights, k runs over pixels) or a matrix product, without im2col.
// All offsets and strides count floats. A sum that is NaN stays NaN under relu.
type tile struct {
	dst, a, b, bias []float32
	off             []int
	rows, cols, k   int
	aRow, aK        int
	bTap, ldb, ldd  int

	// For the assembly, set by part. Steps of pointers, in floats: from a chunk of rows to the
	// next, and from the last chunk to the next product.
	batch, chunks          int
	aChunk, aNext, bNext   int
	dChunk, dNext          int
	accumulate, relu       bool
	aBatch, bBatch, dBatch int
}

// run computes the tile for any number of rows and up to Panel columns.
func (t *tile) run(ks *kernels) {
	if t.rows <= 0 || t.cols <= 0 {
		return
	}
	t.batch = max(t.batch, 1)
	t.check()
	if ks.tile == nil {
		tileGeneric(t)
	} else {
		t.split(ks)
	}
}

// product is product i of the batch alone.
func (t tile) product(i int) tile {
	t.dst, t.a, t.b = t.dst[i*t.dBatch:], t.a[i*t.aBatch:], t.b[i*t.bBatch:]
	t.batch = 1
	return t
}

// split cuts the rows into chunks of at most ks.rows, as equal as can be, and the columns
// into chunks of ks.cols, and runs the assembly on each size of chunk.
func (t *tile) split(ks *kernels) {
	chunks := (t.rows + ks.rows - 1) / ks.rows
	size := (t.rows + chunks - 1) / chunks
	whole := t.rows / size
	for col := 0; col < t.cols; col += ks.cols {
		t.part(ks, 0, size, whole, col)
		if rest := t.rows - whole*size; rest > 0 {
			t.part(ks, whole*size, rest, 1, col)
		}
	}
}

// part runs the assembly on chunks times rows rows from row on, and up to ks.cols columns from
// col on.
func (t *tile) part(ks *kernels, row, rows, chunks, col int) {
	part := *t
	part.rows, part.cols = rows, min(ks.cols, t.cols-col)
	part.a, part.b, part.dst = t.a[row*t.aRow:], t.b[col:], t.dst[row*t.ldd+col:]
	if t.bias != nil {
		part.bias = t.bias[col:]
	}
	part.chunks, part.aChunk, part.dChunk = chunks, rows*t.aRow, rows*t.ldd
	part.aNext = t.aBatch - (chunks-1)*part.aChunk
	part.bNext = t.bBatch
	part.dNext = t.dBatch - (chunks-1)*part.dChunk
	part.assembly(ks)
}

// assembly computes a tile of at most ks.rows×ks.cols. It hides t from the compiler, to which a
// function in a variable might keep its argument: every tile would be allocated on the heap.
func (t *tile) assembly(ks *kernels) {
	address := uintptr(unsafe.Pointer(t))
	ks.tile(*(**tile)(unsafe.Pointer(&address)))
	runtime.KeepAlive(t)
}

// check panics unless every element that the tile touches lies inside its slices: assembly
// has no bounds checks of its own.
func (t *tile) check() {
	if len(t.off) == 0 || t.k <= 0 {
		if t.k < 0 {
			panic(fmt.Sprintf("tile: k = %d", t.k))
		}
	} else {
		lowest, highest := t.off[0], t.off[0]
		for _, o := range t.off {
			lowest, highest = min(lowest, o), max(highest, o)
		}
		if min(t.aRow, t.aK, t.aBatch, t.bTap, t.ldb, t.bBatch, lowest) < 0 {
			panic("tile: negative stride or offset")
		}
		_ = t.a[(t.batch-1)*t.aBatch+highest+(t.rows-1)*t.aRow+(t.k-1)*t.aK]
		_ = t.b[(t.batch-1)*t.bBatch+(len(t.off)-1)*t.bTap+(t.k-1)*t.ldb+t.cols-1]
	}
	if t.bias != nil {
		_ = t.bias[t.cols-1]
	}
	if t.cols > Panel || t.ldd < 0 || t.dBatch < 0 {
		panic(fmt.Sprintf("tile: %d columns at a stride of %d", t.cols, t.ldd))
	}
	_ = t.dst[(t.batch-1)*t.dBatch+(t.rows-1)*t.ldd+t.cols-1]
}

// tileGeneric is the contract of tile in plain Go.
func tileGeneric(t *tile) {
	for i := range t.batch {
		for r := range t.rows {
			t.row(t.dst[i*t.dBatch+r*t.ldd:][:t.cols], t.a[i*t.aBatch+r*t.aRow:], t.b[i*t.bBatch:])
		}
	}
}

// row computes a row of dst, with a from that row on.
func (t *tile) row(dst, a, b []float32) {
	var acc [Panel]float32
	sum := acc[:t.cols]
	switch {
	case t.accumulate:
		copy(sum, dst)
	case t.bias != nil:
		copy(sum, t.bias)
	}
	for i, off := range t.off {
		for k := range t.k {
			x := a[off+k*t.aK]
			for c, w := range b[i*t.bTap+k*t.ldb:][:len(sum)] {
				sum[c] += x * w
			}
		}
	}
	for c, s := range sum {
		if t.relu && s < 0 {
			s = 0
		}
		dst[c] = s
	}
}
