package dataset

import (
	"context"
	"sync"
)

// ahead is what reads batches before they are asked for. Its goroutines end with the batch that they
// read: a loader that is left alone needs no end.
type ahead struct {
	ctx    context.Context // of all reading under way; nil: there is none
	cancel context.CancelFunc
	begun  int            // batches below this are loaded or being loaded
	desks  chan *desk     // those in nobody's hands: no more readers are at work
	group  sync.WaitGroup // all goroutines
}

// stop ends what is under way, without waiting for it.
func (a *ahead) stop() {
	if a.ctx != nil {
		a.cancel()
		a.ctx = nil
	}
}

// restart begins to read at a batch, once nobody uses the slots any more.
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

// readAhead waits for the next batch, and has those that follow it read: as many as there are slots.
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

// read has a batch read, by as many readers as there are desks.
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
