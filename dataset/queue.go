package dataset

import "sync"

// queue hands out the pieces of a job in order, until one fails. What is handed out is finished: the
// error is that of the first piece that fails, for any number of goroutines.
type queue struct {
	mutex        sync.Mutex
	pieces, next int           // next is in nobody's hands
	busy         int           // pieces being done
	failed       int           // the first piece with an error
	err          error         // of that
	done         chan struct{} // closed at the end of the job; nil: nobody waits for it
}

// open begins a job.
func (q *queue) open(pieces int, done chan struct{}) {
	q.pieces, q.next, q.err, q.done = pieces, 0, nil, done
}

// work does pieces while there are any.
func (q *queue) work(do func(piece int) error) {
	for piece, ok := q.take(); ok; piece, ok = q.take() {
		q.finish(piece, do(piece))
	}
}

func (q *queue) take() (piece int, ok bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.next == q.pieces || q.err != nil {
		return 0, false
	}
	q.busy++
	q.next++
	return q.next - 1, true
}

func (q *queue) finish(piece int, err error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.busy--; err != nil && (q.err == nil || piece < q.failed) {
		q.failed, q.err = piece, err
	}
	if q.done != nil && q.busy == 0 && (q.next == q.pieces || q.err != nil) {
		close(q.done)
	}
}
