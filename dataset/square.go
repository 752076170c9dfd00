package dataset

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

// Squarer pads grey images of one size to squares, with the image in the middle, and resizes them as
// Resizer does. For an image of W×H, L the longer side, it equals PIL's
//
//	padded = Image.new("L", (L, L), fill)
//	padded.paste(image, ((L - W) // 2, (L - H) // 2))
//	padded.resize((S, S), Image.BILINEAR)
//
// bit for bit. The padded image, enormous for a long and narrow one, is never stored. A Squarer owns
// scratch memory: use one a goroutine.
type Squarer struct {
	resizer    *Resizer // of L×L
	rows, cols int
	padded     []byte // L: a row
}

// NewSquarer returns a Squarer from rows×cols to side×side. All must be from 1 to 16,384.
func NewSquarer(rows, cols, side int) (*Squarer, error) {
	longer := max(rows, cols)
	switch {
	case rows < 1 || cols < 1:
		longer = 0 // which NewResizer refuses
	case longer > maxResize:
		return nil, fmt.Errorf("%d×%d: the longer side may have at most %s pixels; make it smaller", cols, rows, humanize.Comma(maxResize))
	}
	resizer, err := NewResizer(longer, longer, 1, side)
	if err != nil {
		return nil, err
	}
	return &Squarer{resizer, rows, cols, make([]byte, longer)}, nil
}

// Fits reports whether the Squarer takes images of rows×cols.
func (q *Squarer) Fits(rows, cols int) bool { return rows == q.rows && cols == q.cols }

// Floats resizes src (H×W), padded with fill, into dst (S×S), where a pixel v becomes table[v].
func (q *Squarer) Floats(dst []float32, src []byte, fill byte, table *[256]float32) {
	r := q.resizer
	if q.rows == q.cols {
		r.resize(dst, src, table)
		return
	}
	for i := range q.padded {
		q.padded[i] = fill
	}
	above, left := (r.rows-q.rows)/2, (r.cols-q.cols)/2
	for y := range r.rows {
		if y < above || y >= above+q.rows {
			r.fillRow(y, fill)
			continue
		}
		copy(q.padded[left:], src[(y-above)*q.cols:(y-above+1)*q.cols])
		r.alongRow(y, q.padded)
	}
	r.alongColumns(dst, table)
}

// fillRow is the horizontal pass over a row of equal pixels. It changes nothing: weights add up to
// nearly 1, and rounding hides the rest (maxResize).
func (r *Resizer) fillRow(y int, v byte) {
	row := r.narrow[y*r.pairs : (y+1)*r.pairs]
	for p := range row {
		row[p] = uint64(v) | uint64(v)<<laneBits
	}
}
