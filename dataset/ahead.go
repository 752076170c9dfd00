package dataset

import (
	"context"
	"sync"
)

// ahead reads batches before they are asked for. Its goroutines end with their batch: a loader needs
// no Close.
type ahead struct {
	ctx    context.Context // of all reading under way; nil: there is none
	cancel context.CancelFunc
	begun  int            // the first batch that is not loaded or being loaded
	desks  chan *desk     // the free ones: a reader works only with one
	group  sync.WaitGroup // all goroutines
}

// stop cancels all reading, without waiting for its end.
func (a *ahead) stop() {
	if a.ctx != nil {
		a.cancel()
		a.ctx = nil
	}
}

// restart makes l.next the first batch to read, once nobody writes into the slots any more.
func (l *Loader) restart(ctx context.Context) {
	a := &l.ahead
	a.stop()
	a.group.Wait()
	if a.desks == nil {
		a.desks = make(chan *desk, len(l.desks))
		for i := range l.desks {
			a.desks <- &l.desks[i]
		}
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
		case <-s.done:
		}
		if a.ctx.Err() == nil || ctx.Err() != nil {
			return s, s.rows.err
		} // else it has ended with the context of an earlier call
	}
}

// read begins a batch, with one reader a desk.
func (l *Loader) read(batch int) {
	a, s := &l.ahead, &l.slots[batch%len(l.slots)]
	l.open(a.ctx, s, batch)
	done := make(chan struct{})
	s.done = done
	var readers sync.WaitGroup
	for range min(len(l.desks), s.Rows) {
		readers.Go(func() {
			d := <-a.desks
			l.fill(s, d)
			a.desks <- d
		})
	}
	a.group.Go(func() {
		readers.Wait()
		close(done)
	})
}
