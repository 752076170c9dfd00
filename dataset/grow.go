package dataset

// If an image grows by a power of two, as 28 pixels to 56, 112 or 224, all weights are whole 256ths.
// Sums then need 16 bits, four pixels fit a uint64, and the result is still PIL's: only zeros were
// dropped.
const (
	coarse  = 8 // fraction bits of such a weight
	lanes   = 4 // pixels of a word
	lane    = 16
	pixels  = 0x00ff_00ff_00ff_00ff
	halfway = 0x0080_0080_0080_0080
)

// grower resizes whole images in memory by weights of whole 256ths. Word q of a row, its pixels 4q to
// 4q+3, is the sum over k of source pixel first[q]+k times weights[q*taps+k], which has a weight for
// each pixel.
type grower struct {
	rows, cols int
	down       axis
	taps       int
	first      []int
	weights    []uint64
	words      []uint64 // H×words of a row: the image after the horizontal pass
}

// newGrower returns nil if there are finer weights, or more than two for a pixel, or if a part of the
// image is not used.
func newGrower(across, down *axis, rows, cols int) *grower {
	if !across.coarse() || !down.coarse() || across.after() != cols || down.after() != rows || across.first[0]+down.first[0] > 0 {
		return nil
	}
	side := len(across.first)
	words := (side + lanes - 1) / lanes
	g := &grower{rows: rows, cols: cols, down: *down, first: make([]int, words), words: make([]uint64, rows*words)}
	for q := range words {
		last := min((q+1)*lanes, side) - 1
		g.taps = max(g.taps, across.first[last]+2-across.first[q*lanes])
	}
	g.weights = make([]uint64, words*g.taps)
	for i, x := range across.first {
		q, from := i/lanes, across.first[i/lanes*lanes]
		g.first[q] = from
		for k, w := range across.weights[2*i : 2*i+2] {
			g.weights[q*g.taps+x-from+k] |= uint64(w) >> (precision - coarse) << (i % lanes * lane)
		}
	}
	return g
}

// coarse reports whether there are two weights an output, both whole 256ths.
func (a *axis) coarse() bool {
	for _, w := range a.weights {
		if w%(1<<(precision-coarse)) != 0 {
			return false
		}
	}
	return a.taps == 2
}

// across is the horizontal pass over a row. Taps outside of it have no weight.
func (g *grower) across(dst []uint64, row []byte) {
	for q, x := range g.first {
		sum := uint64(halfway)
		inside := row[x:min(x+g.taps, len(row))]
		weights := g.weights[q*g.taps:][:len(inside)]
		for k, v := range inside {
			sum += uint64(v) * weights[k]
		}
		dst[q] = sum >> coarse & pixels
	}
}

// grow sets dst, S×S, to an image, where a pixel v becomes table[v].
func grow[T byte | float32](g *grower, dst []T, src []byte, table *[256]T) {
	words, side := len(g.first), len(g.down.first)
	for y := range g.rows {
		g.across(g.words[y*words:(y+1)*words], src[y*g.cols:(y+1)*g.cols])
	}
	for y, first := range g.down.first {
		w := g.down.weights[2*y : 2*y+2]
		rows := g.words[first*words:]
		upper, lower := uint64(w[0])>>(precision-coarse), uint64(w[1])>>(precision-coarse)
		mix(dst[y*side:(y+1)*side], rows[:words], rows[words:2*words], upper, lower, table)
	}
}

// mix is the vertical pass for a row:
//
//	dst[x] = table[(upper[x]*w0 + lower[x]*w1 + 128) >> 8]
func mix[T byte | float32](dst []T, upper, lower []uint64, w0, w1 uint64, table *[256]T) {
	whole := upper[:len(dst)/lanes]
	lower = lower[:len(upper)]
	for q, u := range whole {
		v := u*w0 + lower[q]*w1 + halfway
		four := dst[:lanes]
		four[0] = table[uint8(v>>coarse)]
		four[1] = table[uint8(v>>(coarse+lane))]
		four[2] = table[uint8(v>>(coarse+2*lane))]
		four[3] = table[uint8(v>>(coarse+3*lane))]
		dst = dst[lanes:]
	}
	for i := range dst { // of the last word, where it is not whole
		v := upper[len(whole)]*w0 + lower[len(whole)]*w1 + halfway
		dst[i] = table[uint8(v>>(coarse+i*lane))]
	}
}
