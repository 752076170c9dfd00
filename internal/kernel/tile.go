package kernel

import "fmt"

// tile is one call of the register-tile kernel, the loop under every multiplication here.
// For r in [0, rows) and c in [0, cols):
//
//	s := dst[r*ldd+c] if accumulate, else bias[c] if there is a bias, else 0
//	s += Σ_t Σ_k a[off[t]+r*aRow+k*aK] * b[t*bTap+k*ldb+c]   t in [0, len(off)), k in [0, k)
//	dst[r*ldd+c] = max(s, 0) if relu, else s
//
// The strides of a make it a convolution (rows are pixels, taps rows of the filter), a weight
// gradient (rows are weights, k runs over pixels) or a matrix product, without im2col.
// All offsets and strides count floats. A sum that is NaN stays NaN under relu.
type tile struct {
	dst, a, b, bias  []float32
	off              []int
	rows, cols, k    int
	aRow, aK         int
	bTap, ldb, ldd   int
	accumulate, relu bool
}

// run computes the tile for any number of rows and up to Panel columns on the kernels of isa.
func (t *tile) run(isa ISA) {
	if t.rows <= 0 || t.cols <= 0 {
		return
	}
	t.check()
	switch isa {
	case AVX512:
		t.split(14, Panel, isa)
	case AVX2:
		t.split(6, 16, isa)
	default:
		tileGeneric(t)
	}
}

// split cuts the rows into chunks of at most maxRows, as equal as can be, and the columns
// into chunks of maxCols, and runs the assembly on each.
func (t *tile) split(maxRows, maxCols int, isa ISA) {
	part := *t
	chunks := (t.rows + maxRows - 1) / maxRows
	for col := 0; col < t.cols; col += maxCols {
		part.cols = min(maxCols, t.cols-col)
		part.b = t.b[col:]
		if t.bias != nil {
			part.bias = t.bias[col:]
		}
		row := 0
		for i := range chunks {
			part.rows = (t.rows - row) / (chunks - i)
			part.a = t.a[row*t.aRow:]
			part.dst = t.dst[row*t.ldd+col:]
			tileAssembly(&part, isa)
			row += part.rows
		}
	}
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
		if t.aRow < 0 || t.aK < 0 || t.bTap < 0 || t.ldb < 0 || lowest < 0 {
			panic("tile: negative stride or offset")
		}
		_ = t.a[highest+(t.rows-1)*t.aRow+(t.k-1)*t.aK]
		_ = t.b[(len(t.off)-1)*t.bTap+(t.k-1)*t.ldb+t.cols-1]
	}
	if t.bias != nil {
		_ = t.bias[t.cols-1]
	}
	if t.cols > Panel || t.ldd < 0 {
		panic(fmt.Sprintf("tile: %d columns at a stride of %d", t.cols, t.ldd))
	}
	_ = t.dst[(t.rows-1)*t.ldd+t.cols-1]
}

// tileGeneric is the contract of tile in plain Go.
func tileGeneric(t *tile) {
	for r := range t.rows {
		var acc [Panel]float32
		dst := t.dst[r*t.ldd:][:t.cols]
		sum := acc[:t.cols]
		switch {
		case t.accumulate:
			copy(sum, dst)
		case t.bias != nil:
			copy(sum, t.bias)
		}
		for i, off := range t.off {
			a := t.a[off+r*t.aRow:]
			b := t.b[i*t.bTap:]
			for k := range t.k {
				x := a[k*t.aK]
				for c, w := range b[k*t.ldb:][:len(sum)] {
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
}
