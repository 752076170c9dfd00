package dataset

import "sync"

// queue hands out the pieces of a job in order, until one fails. What is handed out is finished: the
// error is that of the first piece that fails, for any number of goroutines.
type queue struct {
	mutex        sync.Mutex
	pieces, next int   // next is in nobody's hands
	failed       int   // the first piece with an error
	err          error // of that
}

// open begins a job.
func (q *queue) open(pieces int) { q.pieces, q.next, q.err = pieces, 0, nil }

// work does pieces while there are any.
func (q *queue) work(do func(piece int) error) {
	for piece, ok := q.take(); ok; piece, ok = q.take() {
		if err := do(piece); err != nil {
			q.fail(piece, err)
		}
	}
}

func (q *queue) take() (piece int, ok bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.next == q.pieces || q.err != nil {
		return 0, false
	}
	q.next++
	return q.next - 1, true
}

func (q *queue) fail(piece int, err error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.err == nil || piece < q.failed {
		q.failed, q.err = piece, err
	}
}
