package dataset

import (
	"context"
	"sync"
)

// readers read batches before they are asked for. They end when nothing is left to read: a loader needs
// no Close.
type readers struct {
	ctx    context.Context // of all reading under way; nil: there is none
	cancel context.CancelFunc
	begun  int            // the first batch that is not loaded or being loaded
	group  sync.WaitGroup // all readers

	mutex   sync.Mutex
	pending []*slot    // with rows in nobody's hands, the next batch's first
	free    []*scratch // a reader has one
}

// stop cancels all reading, without waiting for its end.
func (r *readers) stop() {
	if r.ctx != nil {
		r.cancel()
		r.ctx = nil
	}
}

// take returns a row to load, of the first batch with any. If there is none, d is free again.
func (r *readers) take(d *scratch) (s *slot, row int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for len(r.pending) > 0 {
		s := r.pending[0]
		row, ok := s.rows.take()
		if !ok || row == s.Rows-1 {
			r.pending = r.pending[1:]
		}
		if ok {
			return s, row
		}
	}
	r.free = append(r.free, d)
	return nil, 0
}

// restart makes l.next the first batch to read, once nobody writes into the slots any more.
func (l *Loader) restart(ctx context.Context) {
	r := &l.readers
	r.stop()
	r.group.Wait()
	r.free = r.free[:0]
	for i := range l.scratch {
		r.free = append(r.free, &l.scratch[i])
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.begun = l.next
}

// readAhead waits for the next batch, and begins those after it that have a slot.
func (l *Loader) readAhead(ctx context.Context) (*slot, error) {
	r := &l.readers
	for {
		if r.ctx == nil || r.ctx.Err() != nil {
			l.restart(ctx)
		}
		for ; r.begun < min(l.next+len(l.slots), l.Batches()); r.begun++ {
			l.read(r.begun)
		}
		s := &l.slots[l.next%len(l.slots)]
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.rows.done:
		}
		if r.ctx.Err() == nil || ctx.Err() != nil {
			return s, s.rows.err
		} // else it has ended with the context of an earlier call
	}
}

// read begins a batch, with all readers.
func (l *Loader) read(batch int) {
	r, s := &l.readers, &l.slots[batch%len(l.slots)]
	l.open(r.ctx, s, batch, make(chan struct{}))
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.pending = append(r.pending, s)
	for _, d := range r.free {
		r.group.Go(func() {
			for s, row := r.take(d); s != nil; s, row = r.take(d) {
				s.rows.finish(row, l.row(s, d, row))
			}
		})
	}
	r.free = r.free[:0]
}
