package dataset

import (
	"fmt"
	"slices"
)

// slot is the memory of a batch, from loading to use.
type slot struct {
	Batch
	first  int // position of its first image in the epoch
	failed failure
	done   chan struct{} // closed when it has been read ahead
}

// open gives a batch its slot, with all rows to be loaded.
func (l *Loader) open(batch int) *slot {
	s := &l.slots[batch%len(l.slots)]
	s.first, s.failed.err = batch*l.options.Batch, nil
	s.Rows = min(l.options.Batch, l.source.Len()-s.first)
	return s
}

// scratch is the memory of one worker or reader.
type scratch struct {
	preparer *Preparer
	pixels   Pixels
	whole    Pixels // the image, prepared
	varied   []byte // the image, augmented
}

// row loads the image of a row, unless an earlier one has failed.
func (l *Loader) row(s *slot, d *scratch, row int) {
	s.failed.try(row, func() (err error) {
		i := s.first + row
		if l.order != nil {
			i = l.order[i]
		}
		defer func() {
			if r := recover(); r != nil { // of a decoder: no file may take the program down
				err = fmt.Errorf("%v", r)
			}
			if err != nil {
				err = fmt.Errorf("image %d: %w", i, err)
			}
		}()
		size := len(s.Images) / len(s.Labels)
		s.Labels[row] = l.source.Label(i)
		return l.image(s.Images[row*size:(row+1)*size], d, i)
	})
}

// image loads an image of the source, augmented and resized.
func (l *Loader) image(dst []float32, d *scratch, i int) (err error) {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	p := &d.pixels
	defer p.Close()
	if err := l.source.Image(l.ctx, i, p); err != nil {
		return err
	}
	switch augment := l.options.Augment; {
	case augment == Augment{}:
		return d.preparer.Floats(dst, p)
	case l.options.Prepare.Garments:
		augment.apply(d.room(len(p.Pix)), p, zeros, l.draws.Split(uint64(i)))
		p.Pix = d.varied
		return d.preparer.Floats(dst, p)
	}
	if !d.preparer.prepared(p) {
		if err := d.preparer.Bytes(d.whole.Make(d.preparer.Side, d.preparer.Side, d.preparer.Channels), p); err != nil {
			return err
		}
		p = &d.whole
	}
	l.options.Augment.apply(d.room(len(p.Pix)), p, edges, l.draws.Split(uint64(i)))
	d.preparer.Scale(dst, d.varied)
	return nil
}

// room returns n bytes of d.varied.
func (d *scratch) room(n int) []byte {
	d.varied = slices.Grow(d.varied[:0], n)[:n]
	return d.varied
}
