package dataset

import (
	"context"
	"fmt"
	"slices"
)

// slot is the memory of a batch, from loading to use.
type slot struct {
	Batch
	ctx   context.Context
	epoch epoch
	first int // position of its first image in the epoch
	rows  queue
}

// open makes s the batch of an index, with all rows to be loaded.
func (l *Loader) open(ctx context.Context, s *slot, batch int, done chan struct{}) {
	s.ctx, s.epoch, s.first = ctx, l.epoch, batch*l.options.Batch
	s.Rows = min(l.options.Batch, l.source.Len()-s.first)
	s.rows.open(s.Rows, done)
}

// scratch is the memory of one worker or reader.
type scratch struct {
	resizer *Resizer
	pixels  Pixels
	varied  []byte // the image being augmented
}

// row loads the image of a row.
func (l *Loader) row(s *slot, d *scratch, row int) (err error) {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	i := s.first + row
	if s.epoch.order != nil {
		i = s.epoch.order[i]
	}
	defer func() {
		if r := recover(); r != nil { // of a decoder: no file may take the program down
			err = fmt.Errorf("%v", r)
		}
		if err != nil {
			err = fmt.Errorf("image %d: %w", i, err)
		}
	}()
	p := &d.pixels
	if err := l.source.Image(s.ctx, i, p); err != nil {
		return err
	}
	if p.Channels != l.channels {
		return fmt.Errorf("%d channels instead of %d", p.Channels, l.channels)
	}
	image := p.Pix
	if l.options.Augment != (Augment{}) {
		d.varied = slices.Grow(d.varied[:0], len(image))[:len(image)]
		l.options.Augment.apply(d.varied, p, s.epoch.draws.Split(uint64(i)))
		image = d.varied
	}
	if !d.resizer.Fits(p.Rows, p.Cols) {
		if d.resizer, err = NewResizer(p.Rows, p.Cols, l.channels, l.options.Side); err != nil {
			return err
		}
	}
	size := len(s.Images) / len(s.Labels)
	d.resizer.Floats(s.Images[row*size:(row+1)*size], image, l.tables)
	s.Labels[row] = l.source.Label(i)
	return nil
}
