package dataset

import (
	"cmp"
	"fmt"

	"github.com/dustin/go-humanize"
)

// Preparer prepares pictures. It owns scratch memory: use one a goroutine.
type Preparer struct {
	Preparation
	tables  []*[256]float32 // what a pixel becomes, by channel
	resizer *resizer        // for pictures of the size of the last one; nil: none yet
	bytes   []byte          // S×S×C
}

// NewPreparer returns a Preparer. scales, one a channel, are for Floats; nil: pixels become v/255.
func NewPreparer(p Preparation, scales []Scale) (*Preparer, error) {
	switch {
	case p.Channels != 1 && p.Channels != 3:
		return nil, fmt.Errorf("pictures of %d channels: there must be 1 or 3", p.Channels)
	case p.Side < 1 || p.Side > maxResize:
		return nil, fmt.Errorf("pictures of %d×%d: sides must be from 1 to %s", p.Side, p.Side, humanize.Comma(maxResize))
	case scales == nil:
		scales = make([]Scale, p.Channels)
	case len(scales) != p.Channels:
		return nil, fmt.Errorf("%d scales for pictures of %d channels", len(scales), p.Channels)
	}
	q := &Preparer{Preparation: p}
	q.Mode = cmp.Or(q.Mode, Crop)
	for _, scale := range scales {
		table, err := scale.Table()
		if err != nil {
			return nil, err
		}
		q.tables = append(q.tables, table)
	}
	return q, nil
}

// Bytes prepares a picture as dst, S×S×C.
func (q *Preparer) Bytes(dst []byte, p *Pixels) error {
	if q.prepared(p) {
		copy(dst, p.Pix)
		return nil
	}
	if err := q.fit(p); err != nil {
		return err
	}
	size := q.Side * q.Side * q.resizer.channels
	if q.grows(p) {
		grow(q.resizer.grower, dst[len(dst)-size:], p.Pix, &identity)
	} else {
		q.resizer.resize(dst[len(dst)-size:], p, q.fill(p))
	}
	if q.Channels > q.resizer.channels { // the grey stands at the end
		for i, v := range dst[len(dst)-size:] {
			dst[3*i], dst[3*i+1], dst[3*i+2] = v, v, v
		}
	}
	return nil
}

// Floats prepares a picture and scales it as dst, S×S×C.
func (q *Preparer) Floats(dst []float32, p *Pixels) error {
	if q.prepared(p) {
		q.Scale(dst, p.Pix)
		return nil
	}
	if err := q.fit(p); err != nil {
		return err
	}
	if q.Channels == 1 && q.grows(p) {
		grow(q.resizer.grower, dst, p.Pix, q.tables[0])
		return nil
	}
	if q.bytes == nil {
		q.bytes = make([]byte, q.Size())
	}
	if err := q.Bytes(q.bytes, p); err != nil {
		return err
	}
	q.Scale(dst, q.bytes)
	return nil
}

// Scale sets dst to the scaled values of prepared bytes, both S×S×C.
func (q *Preparer) Scale(dst []float32, prepared []byte) {
	if q.Channels == 1 {
		table := q.tables[0]
		for i, v := range prepared {
			dst[i] = table[v]
		}
		return
	}
	red, green, blue := q.tables[0], q.tables[1], q.tables[2]
	for i := 0; i < len(prepared); i += 3 {
		v, out := prepared[i:][:3], dst[i:][:3]
		out[0], out[1], out[2] = red[v[0]], green[v[1]], blue[v[2]]
	}
}

// grows reports whether a grower takes a picture.
func (q *Preparer) grows(p *Pixels) bool {
	return q.resizer.grower != nil && len(p.Pix) > 0 && p.Channels == 1
}

// identity leaves pixels as they are.
var identity = func() (table [256]byte) {
	for v := range table {
		table[v] = byte(v)
	}
	return table
}()

// prepared reports whether a picture is S×S×C in memory. Every mode leaves such a picture as it is.
func (q *Preparer) prepared(p *Pixels) bool {
	return p.Rows == q.Side && p.Cols == q.Side && p.Channels == q.Channels && len(p.Pix) == q.Size()
}

// fit makes a resizer for a picture. Grey becomes colour behind it.
func (q *Preparer) fit(p *Pixels) (err error) {
	if p.Channels != 1 && p.Channels != 3 {
		return fmt.Errorf("a picture of %d channels: there must be 1 or 3", p.Channels)
	}
	channels := min(p.Channels, q.Channels)
	if q.resizer == nil || !q.resizer.fits(p.Rows, p.Cols, channels) {
		q.resizer, err = newResizer(q.Mode, p.Rows, p.Cols, channels, q.Side)
	}
	return err
}

// corner divides a side into the size of a corner: 2 of 28 pixels.
const corner = 14

// fill returns the colour to pad a picture with: that of its background, the median of each channel in
// the four corners, the lower one of two.
func (q *Preparer) fill(p *Pixels) []byte {
	r := q.resizer
	if r.padding.row == nil {
		return nil
	}
	if p.Fill != nil {
		return p.Fill
	}
	high, wide := max(1, p.Rows/corner), max(1, p.Cols/corner)
	counts := make([][256]int, r.channels)
	for k := range 2 * high {
		y := k
		if k >= high {
			y = p.Rows - 1 - (k - high)
		}
		row := r.row(p, y)
		for c := range counts {
			for x := range wide {
				counts[c][row[x*r.channels+c]]++
				counts[c][row[(p.Cols-1-x)*r.channels+c]]++
			}
		}
	}
	colour := make([]byte, r.channels)
	for c := range colour {
		colour[c] = median(&counts[c], 4*high*wide)
	}
	return colour
}

// median returns the median of n values by their counts, the lower one of two.
func median(counts *[256]int, n int) byte {
	below := 0
	for v, count := range counts {
		if below += count; below > (n-1)/2 {
			return byte(v)
		}
	}
	return 255
}
