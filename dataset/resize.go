package dataset

import (
	"fmt"
	"math"

	"github.com/dustin/go-humanize"
)

// Bounds of a resize: the sides of a picture and all its pixels, and the sides of the result.
const (
	maxSide   = 1<<16 - 1
	maxPixels = 200_000_000
	maxResize = 1 << 14
)

// frame says how a picture becomes a square: the whole of it, perhaps padded, is resized, and a window
// is cut out of the result.
type frame struct {
	rows, cols       int // to be resized: of the picture, padded if the mode is Pad
	above, before    int // the picture's place in them
	outRows, outCols int // of the result
	top, left        int // the window's place in that
}

// newFrame returns the frame of a mode. Crop follows torchvision's Resize and CenterCrop.
func newFrame(mode Mode, rows, cols, side int) frame {
	f := frame{rows: rows, cols: cols, outRows: side, outCols: side}
	switch mode {
	case Pad:
		f.rows, f.cols = max(rows, cols), max(rows, cols)
		f.above, f.before = (f.rows-rows)/2, (f.cols-cols)/2
	case Crop:
		shorter := float64(min(rows, cols))
		f.outRows = int(float64(side*rows) / shorter)
		f.outCols = int(float64(side*cols) / shorter)
		f.top = int(math.RoundToEven(float64(f.outRows-side) / 2))
		f.left = int(math.RoundToEven(float64(f.outCols-side) / 2))
	}
	return f
}

// columnsFirst reports whether the pass along the columns comes before that along the rows: each rounds
// its results to 8 bits. It is the choice of Pillow 13 (ImagingResampleInner); the versions before take
// the rows first always, which differs by a level in some pixels of pictures twice as high as wide.
func (f *frame) columnsFirst() bool {
	less := f.rows - f.outRows
	return less > 0 && less > 2*(f.cols-f.outCols)
}

// resizer makes S×S squares of pictures of one size by PIL's bilinear filter, bit for bit:
// Image.resize((W, H), Image.BILINEAR) on images of mode L or RGB. It computes only the window, and
// holds only the rows that one row of it is made of.
type resizer struct {
	frame
	pictureRows, pictureCols int
	side, channels           int
	across, down             axis
	upright                  bool     // columns first
	ring                     []byte   // the rows that an output is made of: row y at place y%down.taps
	width                    int      // of such a row in bytes
	sums                     []uint32 // of a row
	line                     []byte   // the result along the columns, if they are first
	buffer, grey             []byte   // for a row of the picture
	padding                  padding
	grower                   *grower // nil where it does not apply
}

// padding is what a picture is padded with.
type padding struct {
	row      []byte // of the padded picture
	blank    []byte // what a row of nothing but padding becomes
	from, to int    // the outputs of a row that are made of the picture, among others
}

// newResizer returns a resizer to S×S×C, C 1 or 3. It is an error if a side is out of bounds.
func newResizer(mode Mode, rows, cols, channels, side int) (*resizer, error) {
	switch {
	case rows < 1 || cols < 1:
		return nil, fmt.Errorf("a picture of %d×%d pixels", cols, rows)
	case rows > maxSide || cols > maxSide || rows*cols > maxPixels:
		return nil, fmt.Errorf("%d×%d: at most %s pixels a side and %s in all are read; make it smaller",
			cols, rows, humanize.Comma(maxSide), humanize.Comma(maxPixels))
	}
	f := newFrame(mode, rows, cols, side)
	r := &resizer{
		frame: f, pictureRows: rows, pictureCols: cols, side: side, channels: channels,
		across: newAxis(f.cols, f.outCols, f.left, side), down: newAxis(f.rows, f.outRows, f.top, side),
		upright: f.columnsFirst(), width: side * channels,
		grey: make([]byte, cols), buffer: make([]byte, 3*cols),
	}
	if r.upright {
		r.width = cols * channels
		r.line = make([]byte, r.width)
	}
	r.ring, r.sums = make([]byte, r.down.taps*r.width), make([]uint32, r.width)
	if mode == Pad && rows != cols {
		r.pad()
	}
	if channels == 1 {
		r.grower = newGrower(&r.across, &r.down, rows, cols)
	}
	return r, nil
}

// pad makes room for padding.
func (r *resizer) pad() {
	p := &r.padding
	p.row, p.blank = make([]byte, r.cols*r.channels), make([]byte, r.width)
	for p.to = r.side; p.to > 0 && r.across.first[p.to-1] >= r.before+r.pictureCols; p.to-- {
	}
	for p.from < p.to && r.across.first[p.from]+r.across.taps <= r.before {
		p.from++
	}
}

// fits reports whether the resizer takes pictures of rows×cols.
func (r *resizer) fits(rows, cols, channels int) bool {
	return rows == r.pictureRows && cols == r.pictureCols && channels == r.channels
}

// resize sets dst, S×S×C, to a picture. fill has the colour of the padding.
func (r *resizer) resize(dst []byte, p *Pixels, fill []byte) {
	if r.padding.row != nil {
		for i := range r.padding.row {
			r.padding.row[i] = fill[i%r.channels]
		}
		r.across.along(r.padding.blank, r.padding.row, r.channels, 0, r.side)
	}
	loaded := r.down.first[0]
	for y, first := range r.down.first {
		for ; loaded < first+r.down.taps; loaded++ {
			r.load(p, loaded)
		}
		out := dst[y*r.side*r.channels:][:r.side*r.channels]
		if r.upright {
			r.add(r.line, y)
			r.across.along(out, r.line, r.channels, 0, r.side)
		} else {
			r.add(out, y)
		}
	}
}

// load puts row y of the padded picture into the ring: as it is, if the columns are first, else
// resized.
func (r *resizer) load(p *Pixels, y int) {
	dst := r.ring[y%r.down.taps*r.width:][:r.width]
	y -= r.above
	switch pad := &r.padding; {
	case r.upright:
		copy(dst, r.row(p, y))
	case pad.row == nil:
		r.across.along(dst, r.row(p, y), r.channels, 0, r.side)
	case y < 0 || y >= r.pictureRows:
		copy(dst, pad.blank)
	default:
		copy(dst, pad.blank)
		copy(pad.row[r.before*r.channels:], r.row(p, y))
		r.across.along(dst, pad.row, r.channels, pad.from, pad.to)
	}
}

// row returns row y of the picture, in PIL's L if it has colours and the result has none.
func (r *resizer) row(p *Pixels, y int) []byte {
	row := p.Row(y, r.buffer[:p.Cols*p.Channels])
	if p.Channels == r.channels {
		return row
	}
	luma(r.grey, row)
	return r.grey
}

// luma sets dst to PIL's L of a row of colours (ITU-R 601-2 in 16-bit fractions, L24 of Pillow's
// Convert.c).
func luma(dst, row []byte) {
	for i := range dst {
		c := row[3*i:][:3]
		dst[i] = byte((19595*uint32(c[0]) + 38470*uint32(c[1]) + 7471*uint32(c[2]) + 0x8000) >> 16)
	}
}

// add computes row y along the columns from the rows in the ring.
func (r *resizer) add(dst []byte, y int) {
	taps, first := r.down.taps, r.down.first[y]
	weights := r.down.weights[y*taps:][:taps]
	row := func(k int) []byte { return r.ring[(first+k)%taps*r.width:][:len(dst)] }
	if taps == 2 {
		blend(dst, row(0), row(1), weights[0], weights[1])
		return
	}
	sums := r.sums[:len(dst)]
	for i := range sums {
		sums[i] = rounding
	}
	for k, w := range weights {
		for i, v := range row(k) {
			sums[i] += uint32(v) * w
		}
	}
	for i, sum := range sums {
		dst[i] = toByte(sum)
	}
}

// blend is add with two taps, whose weights add up to 1 within 2⁻²²: no sum is too large for a byte.
func blend(dst, upper, lower []byte, w0, w1 uint32) {
	upper, lower = upper[:len(dst)], lower[:len(dst)]
	for i := range dst {
		dst[i] = byte((uint32(upper[i])*w0 + uint32(lower[i])*w1 + rounding) >> precision)
	}
}
