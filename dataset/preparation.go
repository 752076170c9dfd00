package dataset

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
)

// Mode is a way to make a square of a picture.
type Mode string

// The modes.
const (
	Crop    Mode = "crop"    // the shorter side becomes S, then the middle is cut out
	Pad     Mode = "pad"     // the shorter side is padded with the background's colour, then both become S
	Stretch Mode = "stretch" // both sides become S
)

// Modes are all modes, the default first.
var Modes = []Mode{Crop, Pad, Stretch}

// ParseMode reads the name of a mode.
func ParseMode(s string) (Mode, error) {
	var names []string
	for _, m := range Modes {
		if string(m) == s {
			return m, nil
		}
		names = append(names, string(m))
	}
	return "", fmt.Errorf("must be %s, not %q", strings.Join(names, " or "), s)
}

// Preparation says what a network's input is made of a picture: S×S×C bytes.
type Preparation struct {
	Channels int  // C: 1 grey, by PIL's L, or 3 colours; a Loader takes 0 for the source's
	Side     int  // S
	Mode     Mode // "": Crop
	// Garments: the network is trained on Fashion-MNIST's own files, whose pictures are bright on
	// black and trimmed. They are augmented before the resize.
	Garments bool
}

// Size returns S·S·C.
func (p Preparation) Size() int { return p.Side * p.Side * p.Channels }

// Preparer prepares pictures. It owns scratch memory: use one a goroutine.
type Preparer struct {
	Preparation
	tables  []*[256]float32 // what a pixel becomes, by channel
	resizer *Resizer        // for pictures of the size of the last one
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
	if err := q.fit(p); err != nil {
		return err
	}
	table := new([256]float32)
	for v := range table {
		table[v] = float32(v)
	}
	floats := make([]float32, q.Size())
	q.resizer.Floats(floats, p.Pix, []*[256]float32{table, table, table}[:q.Channels])
	for i, v := range floats {
		dst[i] = byte(v)
	}
	return nil
}

// Floats prepares a picture and scales it as dst, S×S×C.
func (q *Preparer) Floats(dst []float32, p *Pixels) error {
	if err := q.fit(p); err != nil {
		return err
	}
	q.resizer.Floats(dst, p.Pix, q.tables)
	return nil
}

// fit makes a resizer for a picture.
func (q *Preparer) fit(p *Pixels) (err error) {
	if p.Channels != q.Channels {
		return fmt.Errorf("%d channels instead of %d", p.Channels, q.Channels)
	}
	if q.resizer == nil || !q.resizer.Fits(p.Rows, p.Cols) {
		q.resizer, err = NewResizer(p.Rows, p.Cols, q.Channels, q.Side)
	}
	return err
}
