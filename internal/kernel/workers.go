package kernel

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"vggtrain/internal/memory"
)

// Workers is a set of persistent workers that share the pieces of one job at a time. The caller of
// Run is one of them. It also holds the kernels for its jobs.
type Workers struct {
	kernels *kernels
	scratch [][]float32 // one a worker, grown by Reserve
	refused error       // of Reserve

	mu     sync.Mutex // one Run at a time
	job    job
	epoch  atomic.Uint64 // counts jobs; workers wait for it to change
	asleep []atomic.Bool
	wake   []chan struct{}
	closed atomic.Bool
	exited sync.WaitGroup
}

// job is the current job of the workers. It ends with its last piece. It does not wait for a worker
// that the system has not scheduled; when such a worker wakes, it takes no piece of the next job by
// mistake.
type job struct {
	f       func(worker, piece int)
	pieces  atomic.Int64
	ticket  atomic.Uint64 // the job's number, and in the lower 32 bits the next piece or allTaken
	left    atomic.Int64  // pieces that are not done
	failure atomic.Pointer[error]
	done    chan struct{} // takes a token when left becomes 0
}

// allTaken marks a job without pieces left to take.
const allTaken = 1<<32 - 1

// MaxThreads is the largest number of threads of Workers.
const MaxThreads = 1024

// spins is the number of times that a worker polls before it parks: about 20 µs. The gap between two
// operations is shorter, and waking a parked worker takes longer than many operations.
const spins = 1 << 14

// NewWorkers starts the given number of workers (0: one a core) that use the kernels of that
// name. It is an error if the processor lacks them.
func NewWorkers(threads int, kernels string) (*Workers, error) {
	ks, err := find(kernels)
	if err != nil {
		return nil, err
	}
	return newWorkers(threads, ks)
}

func newWorkers(threads int, ks *kernels) (*Workers, error) {
	if threads < 0 || threads > MaxThreads {
		return nil, fmt.Errorf("%d threads: use 1 to %d, or 0 for one a core", threads, MaxThreads)
	}
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	p := &Workers{
		kernels: ks,
		scratch: make([][]float32, threads),
		asleep:  make([]atomic.Bool, threads),
		wake:    make([]chan struct{}, threads),
	}
	p.job.done = make(chan struct{}, 1)
	for w := 1; w < threads; w++ {
		p.wake[w] = make(chan struct{}, 1)
		p.exited.Add(1)
		go p.work(w)
	}
	return p, nil
}

// Threads is the number of workers, the caller of Run included.
func (p *Workers) Threads() int { return len(p.scratch) }

// plan returns the kernels for sizes and algorithms: p's, or the best if p is nil.
func (p *Workers) plan() *kernels {
	if p == nil {
		return available()[0]
	}
	return p.kernels
}

// Kernel is the name of the workers' kernels.
func (p *Workers) Kernel() string { return p.kernels.name }

// Reserve grows every worker's scratch buffer to at least n floats. Buffers begin at a cache line. If
// the system refuses the memory, Run returns that error from then on.
func (p *Workers) Reserve(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.scratch {
		if len(p.scratch[w]) >= n || p.refused != nil {
			continue
		}
		if buffer, err := memory.Floats(n); err != nil {
			p.refused = fmt.Errorf("the workers' own memory: %w", err)
		} else {
			p.scratch[w] = buffer
		}
	}
}

// Scratch is the worker's own buffer, for use inside Run. Its content is undefined.
func (p *Workers) Scratch(worker int) []float32 { return p.scratch[worker] }

// Close stops the workers. Run on closed workers is an error.
func (p *Workers) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Swap(true) {
		return
	}
	p.start()
	p.exited.Wait()
}

// Run calls f(worker, piece) once for each piece in [0, pieces), on all workers, and returns when all
// have ended. Which worker gets which piece is not deterministic, so f's results must depend only on
// the piece. A panic in f ends the job early and is returned as an error. f must not call Run.
func (p *Workers) Run(pieces int, f func(worker, piece int)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() {
		return fmt.Errorf("kernel: the worker pool is closed")
	}
	if p.refused != nil {
		return p.refused
	}
	if pieces <= 0 {
		return nil
	}
	if uint64(pieces) > allTaken {
		return fmt.Errorf("kernel: %d pieces are too many", pieces)
	}
	j := &p.job
	j.open(f, pieces)
	if pieces > 1 {
		p.start()
	}
	j.share(0)
	j.wait()
	j.f = nil
	if failure := j.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

// start announces a job (or the end) to the workers.
func (p *Workers) start() {
	p.epoch.Add(1)
	for w := 1; w < len(p.wake); w++ {
		if p.asleep[w].Swap(false) {
			p.wake[w] <- struct{}{}
		}
	}
}

// work is a worker's life: wait for a job, share in it.
func (p *Workers) work(w int) {
	defer p.exited.Done()
	for seen := uint64(0); ; {
		seen = p.await(w, seen)
		if p.closed.Load() {
			return
		}
		p.job.share(w)
	}
}

// await returns the new epoch once it differs from seen.
func (p *Workers) await(w int, seen uint64) uint64 {
	for range spins {
		if e := p.epoch.Load(); e != seen {
			return e
		}
	}
	for {
		p.asleep[w].Store(true)
		if e := p.epoch.Load(); e != seen {
			if !p.asleep[w].Swap(false) {
				<-p.wake[w] // start saw us asleep: take its token
			}
			return e
		}
		<-p.wake[w]
	}
}

// open begins a job. Its number is taken first, with no piece to take: a worker of the job before
// must not mistake this one's pieces for its own.
func (j *job) open(f func(worker, piece int), pieces int) {
	number := j.ticket.Load()>>32 + 1
	j.ticket.Store(number<<32 | allTaken)
	j.f = f
	j.pieces.Store(int64(pieces))
	j.left.Store(int64(pieces))
	j.failure.Store(nil)
	j.ticket.Store(number << 32)
}

// share takes pieces until none is left.
func (j *job) share(worker int) {
	for {
		piece, ok := j.take()
		if !ok {
			return
		}
		j.do(worker, piece)
	}
}

// take returns a piece that no other worker gets.
func (j *job) take() (piece int, ok bool) {
	for {
		ticket := j.ticket.Load()
		next := ticket & allTaken
		if next >= uint64(j.pieces.Load()) {
			return 0, false
		}
		if j.ticket.CompareAndSwap(ticket, ticket+1) {
			return int(next), true
		}
	}
}

// do does a piece. If it fails, pieces not yet taken are left undone.
func (j *job) do(worker, piece int) {
	ended := int64(1)
	defer func() {
		if r := recover(); r != nil {
			err := fmt.Errorf("kernel: piece %d of %d failed: %v", piece, j.pieces.Load(), r)
			j.failure.CompareAndSwap(nil, &err)
			if next := j.ticket.Or(allTaken) & allTaken; next < uint64(j.pieces.Load()) {
				ended += j.pieces.Load() - int64(next)
			}
		}
		if j.left.Add(-ended) == 0 {
			j.done <- struct{}{}
		}
	}()
	j.f(worker, piece)
}

// wait returns when the last piece is done.
func (j *job) wait() {
	for range spins {
		if j.left.Load() == 0 {
			break
		}
	}
	<-j.done
}
