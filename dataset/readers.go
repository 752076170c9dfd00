package dataset

import (
	"context"
	"sync"
)

// failure is the error of the first piece of a job that fails, for any number of goroutines.
type failure struct {
	mutex sync.Mutex
	piece int
	err   error
}

// try does a piece, unless one before it has failed.
func (f *failure) try(piece int, do func() error) {
	f.mutex.Lock()
	skip := f.err != nil && f.piece < piece
	f.mutex.Unlock()
	if skip {
		return
	}
	if err := do(); err != nil {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		if f.err == nil || piece < f.piece {
			f.piece, f.err = piece, err
		}
	}
}

// readers read batches before they are asked for. They end when nothing is left to read: a loader needs
// no Close.
type readers struct {
	cancel context.CancelFunc // of all reading under way
	begun  int                // the first batch that is not loaded or being loaded
	turn   chan struct{}      // closed when all rows of the batch before it have been taken
	free   chan *scratch      // a reader has one
	group  sync.WaitGroup     // all batches that are being read
}

// restart makes l.next the first batch to read, once nobody writes into the slots any more.
func (l *Loader) restart(ctx context.Context) {
	l.readers.group.Wait()
	l.ctx, l.readers.cancel = context.WithCancel(ctx)
	l.readers.begun = l.next
}

// readAhead waits for the next batch, and begins those after it that have a slot.
func (l *Loader) readAhead(ctx context.Context) (*slot, error) {
	r := &l.readers
	for {
		if l.ctx.Err() != nil {
			l.restart(ctx)
		}
		for ; r.begun < min(l.next+len(l.slots), l.Batches()); r.begun++ {
			l.read(r.begun)
		}
		s := &l.slots[l.next%len(l.slots)]
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.done:
		}
		if l.ctx.Err() == nil || ctx.Err() != nil {
			return s, s.failed.err
		} // else it has ended with the context of an earlier call
	}
}

// read begins a batch. Its rows are taken after those of the batch before it.
func (l *Loader) read(batch int) {
	r, s := &l.readers, l.open(batch)
	s.done = make(chan struct{})
	turn, taken := r.turn, make(chan struct{})
	r.turn = taken
	r.group.Go(func() {
		defer close(s.done)
		<-turn
		var rows sync.WaitGroup
		for row := range s.Rows {
			d := <-r.free
			rows.Go(func() {
				l.row(s, d, row)
				r.free <- d
			})
		}
		close(taken)
		rows.Wait()
	})
}
