package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/memory"
	"vggtrain/internal/rng"
)

// LoaderOptions are the settings of a Loader.
type LoaderOptions struct {
	Prepare Preparation
	Scales  []Scale // one a channel; nil: pixels become v/255
	Batch   int     // images a batch; the last batch may have fewer
	Seed    uint64  // of the order and of the augmentation
	Shuffle bool    // another order in each epoch; else the source's own
	Augment Augment // its zero value leaves the images as they are

	// Workers load the batches of a Resident source during Next, when training does not need them. If
	// nil, the caller of Next loads.
	Workers Workers
	// Readers and Ahead are for other sources: the number of reading goroutines (0: one a processor)
	// and of prefetched batches (0: 2). Batches do not depend on them.
	Readers, Ahead int
}

// Workers run the pieces of a job in parallel: *model.Workers.
type Workers interface {
	// Threads is the number of workers.
	Threads() int
	// Run calls f once for each piece in [0, pieces) and returns when all calls have ended.
	// Concurrent calls have different workers, in [0, Threads()).
	Run(pieces int, f func(worker, piece int)) error
}

// maxBatchBytes bounds the memory of one batch: a typing error must not take the machine down.
const maxBatchBytes = 16 << 30

// Batch has the images and labels of one training step.
type Batch struct {
	Images []float32 // LoaderOptions.Batch×S×S×C; the first Rows are valid
	Labels []int32   // LoaderOptions.Batch, likewise
	Rows   int       // images in this batch
}

// Loader streams a source in batches. A batch depends only on the seed, the epoch and its index. Only
// a few batches are in memory, never the whole resized set. A Loader is not safe for concurrent use.
type Loader struct {
	source   Source
	resident bool
	options  LoaderOptions

	order   []int           // the epoch's positions in the source; nil: as they are
	draws   rng.Stream      // of the epoch's augmentation
	next    int             // index of the epoch's next batch, below 0 before the first Start
	ctx     context.Context // of the loading under way
	slots   []slot          // batch b has slot b % len(slots)
	scratch []scratch       // one a worker
	load    func(worker, row int)
	readers readers
}

// NewLoader returns a loader of a source. It is an error if the source is empty or an option out of
// bounds.
func NewLoader(s Source, o LoaderOptions) (*Loader, error) {
	l := &Loader{source: s, resident: Bytes(s) > 0, options: o, next: -1}
	if o.Prepare.Channels == 0 {
		_, _, o.Prepare.Channels = s.Size()
	}
	switch {
	case s.Len() == 0:
		return nil, errors.New("the set has no images")
	case o.Batch < 1:
		return nil, fmt.Errorf("batch of %d images: it must be 1 or more", o.Batch)
	}
	threads, slots := cmp.Or(o.Readers, runtime.GOMAXPROCS(0)), cmp.Or(o.Ahead, 2)+1
	if l.resident {
		threads, slots = 1, 1
		if o.Workers != nil {
			threads = o.Workers.Threads()
		}
	}
	for range threads {
		preparer, err := NewPreparer(o.Prepare, o.Scales)
		if err != nil {
			return nil, err
		}
		l.scratch = append(l.scratch, scratch{preparer: preparer})
	}
	size := o.Prepare.Size()
	if o.Batch > maxBatchBytes/4/size {
		return nil, fmt.Errorf("a batch of %s images of %d×%d takes more than %d GiB: make it smaller",
			humanize.Comma(int64(o.Batch)), o.Prepare.Side, o.Prepare.Side, maxBatchBytes>>30)
	}
	l.slots = make([]slot, slots)
	for i := range l.slots {
		images, err := memory.Floats(o.Batch * size)
		if err != nil {
			return nil, fmt.Errorf("batches: %w", err)
		}
		l.slots[i].Batch = Batch{Images: images, Labels: make([]int32, o.Batch)}
	}
	l.load = func(worker, row int) { l.row(&l.slots[0], &l.scratch[worker], row) }
	l.readers = readers{turn: make(chan struct{}), free: make(chan *scratch, threads)}
	close(l.readers.turn)
	for i := range l.scratch {
		l.readers.free <- &l.scratch[i]
	}
	l.ctx, l.readers.cancel = context.WithCancel(context.Background())
	l.readers.cancel() // nothing is under way
	return l, nil
}

// Bytes returns the size of the batch buffers in bytes.
func (l *Loader) Bytes() int64 { return 4 * int64(len(l.slots)*len(l.slots[0].Images)) }

// Batches returns the number of batches in an epoch.
func (l *Loader) Batches() int { return (l.source.Len()-1)/l.options.Batch + 1 }

// Start begins epoch number at batch from, counted from 0.
func (l *Loader) Start(number, from int) {
	l.readers.cancel()
	l.readers.group.Wait()
	l.draws = rng.New(l.options.Seed, rng.Augment, uint64(number))
	if l.options.Shuffle {
		l.order = rng.New(l.options.Seed, rng.Shuffle, uint64(number)).Perm(l.source.Len())
	}
	l.next = max(from, 0)
}

// Next returns the next batch, valid until the following call. The error is io.EOF after the epoch's
// last batch, and ctx's when ctx is done. Other errors name an image. After an error other than
// io.EOF, Next tries the same batch again.
func (l *Loader) Next(ctx context.Context) (*Batch, error) {
	if err := ctx.Err(); err != nil {
		l.readers.cancel()
		return nil, err
	}
	if l.next < 0 {
		return nil, errors.New("dataset: Next without Start")
	}
	if l.next >= l.Batches() {
		l.readers.cancel()
		return nil, io.EOF
	}
	load := l.readAhead
	if l.resident {
		load = l.loadNow
	}
	s, err := load(ctx)
	if err != nil {
		l.readers.cancel()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("dataset: loading a batch: %w", err)
	}
	l.next++
	return &s.Batch, nil
}

// Epoch yields the batches of an epoch, by Start and Next. It stops after an error.
func (l *Loader) Epoch(ctx context.Context, number int) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		l.Start(number, 0)
		for {
			b, err := l.Next(ctx)
			if errors.Is(err, io.EOF) || !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// loadNow has the workers load the next batch.
func (l *Loader) loadNow(ctx context.Context) (*slot, error) {
	l.ctx = ctx
	s := l.open(l.next)
	if l.options.Workers != nil {
		if err := l.options.Workers.Run(s.Rows, l.load); err != nil {
			return nil, err
		}
	} else {
		for row := range s.Rows {
			l.load(0, row)
		}
	}
	return s, s.failed.err
}
