package dataset

import (
	"context"
	"sync"
)

// ahead reads batches before they are asked for. Its readers end when nothing is left to read: a loader
// needs no Close.
type ahead struct {
	ctx    context.Context // of all reading under way; nil: there is none
	cancel context.CancelFunc
	begun  int            // the first batch that is not loaded or being loaded
	group  sync.WaitGroup // all readers

	mutex   sync.Mutex
	pending []*slot // with rows in nobody's hands, the next batch's first
	free    []*desk // a reader has one
}

// stop cancels all reading, without waiting for its end.
func (a *ahead) stop() {
	if a.ctx != nil {
		a.cancel()
		a.ctx = nil
	}
}

// take returns a row to load, of the first batch with any. If there is none, the desk is free again.
func (a *ahead) take(d *desk) (s *slot, row int) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for len(a.pending) > 0 {
		s := a.pending[0]
		row, ok := s.rows.take()
		if !ok || row == s.Rows-1 {
			a.pending = a.pending[1:]
		}
		if ok {
			return s, row
		}
	}
	a.free = append(a.free, d)
	return nil, 0
}

// restart makes l.next the first batch to read, once nobody writes into the slots any more.
func (l *Loader) restart(ctx context.Context) {
	a := &l.ahead
	a.stop()
	a.group.Wait()
	a.free = a.free[:0]
	for i := range l.desks {
		a.free = append(a.free, &l.desks[i])
	}
	a.ctx, a.cancel = context.WithCancel(ctx)
	a.begun = l.next
}

// readAhead waits for the next batch, and begins those after it that have a slot.
func (l *Loader) readAhead(ctx context.Context) (*slot, error) {
	a := &l.ahead
	for {
		if a.ctx == nil || a.ctx.Err() != nil {
			l.restart(ctx)
		}
		for ; a.begun < min(l.next+len(l.slots), l.Batches()); a.begun++ {
			l.read(a.begun)
		}
		s := &l.slots[l.next%len(l.slots)]
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.rows.done:
		}
		if a.ctx.Err() == nil || ctx.Err() != nil {
			return s, s.rows.err
		} // else it has ended with the context of an earlier call
	}
}

// read begins a batch, with all readers.
func (l *Loader) read(batch int) {
	a, s := &l.ahead, &l.slots[batch%len(l.slots)]
	l.open(a.ctx, s, batch, make(chan struct{}))
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.pending = append(a.pending, s)
	for _, d := range a.free {
		a.group.Go(func() {
			for s, row := a.take(d); s != nil; s, row = a.take(d) {
				s.rows.finish(row, l.row(s, d, row))
			}
		})
	}
	a.free = a.free[:0]
}
