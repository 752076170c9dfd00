package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/rng"
)

// LoaderOptions say how a source becomes batches.
type LoaderOptions struct {
	Side    int     // S: images are resized to S×S
	Batch   int     // images a batch; the last batch may have fewer
	Seed    uint64  // of the order and of the augmentation
	Shuffle bool    // another order in each epoch; else the source's own
	Augment Augment // its zero value leaves the images as they are
	Scales  []Scale // one a channel; nil: pixels become v/255

	// Workers load a batch of a Resident source when it is asked for: training has no use for them
	// then. nil: the caller of Next does.
	Workers Workers
	// Readers is the number of goroutines that read another source, Ahead the number of batches
	// that they read while one is in use. 0: one a processor, 2. Batches are the same for any
	// numbers.
	Readers, Ahead int
}

// Workers share the pieces of one job: *model.Workers.
type Workers interface {
	// Threads is the number of workers.
	Threads() int
	// Run calls f once for each piece in [0, pieces) and returns when all calls have ended. Calls
	// at the same time are by different workers in [0, Threads()).
	Run(pieces int, f func(worker, piece int)) error
}

// alone is the caller as the only worker.
type alone struct{}

func (alone) Threads() int { return 1 }

func (alone) Run(pieces int, f func(worker, piece int)) error {
	for piece := range pieces {
		f(0, piece)
	}
	return nil
}

// maxBatchBytes bounds the memory of one batch: a typing error must not take the machine down.
const maxBatchBytes = 16 << 30

// Batch is what one training step uses.
type Batch struct {
	Images []float32 // LoaderOptions.Batch×S×S×C, of which the first Rows are this batch's
	Labels []int32   // LoaderOptions.Batch, likewise
	Rows   int       // images in this batch
}

// Loader streams a source in batches. A batch depends on the seed, the epoch and its index alone. Only a
// few batches are in memory, never the whole resized set. The methods must not be called at the same
// time.
type Loader struct {
	source   Source
	resident bool
	options  LoaderOptions
	channels int
	tables   []*[256]float32 // what a pixel becomes, by channel

	epoch   epoch
	next    int       // index of the epoch's next batch, below 0 before the first Start
	slots   []slot    // batch b has slot b % len(slots)
	scratch []scratch // one a worker or reader
	share   func(worker, _ int)
	readers readers
}

// epoch is what an epoch draws.
type epoch struct {
	order []int      // positions in the source; nil: as they are
	draws rng.Stream // of the augmentation
}

// NewLoader returns a loader of a source. An empty source is an error, as are options out of bounds.
func NewLoader(s Source, o LoaderOptions) (*Loader, error) {
	rows, cols, channels := s.Size()
	l := &Loader{source: s, resident: Bytes(s) > 0, channels: channels, next: -1}
	l.options = o.withDefaults(channels)
	switch {
	case s.Len() == 0:
		return nil, errors.New("the set has no images")
	case o.Batch < 1:
		return nil, fmt.Errorf("batch of %d images: it must be 1 or more", o.Batch)
	case len(l.options.Scales) != channels:
		return nil, fmt.Errorf("%d scales for images of %d channels", len(o.Scales), channels)
	}
	for _, scale := range l.options.Scales {
		table, err := scale.Table()
		if err != nil {
			return nil, err
		}
		l.tables = append(l.tables, table)
	}
	if rows == 0 { // they vary
		rows, cols = o.Side, o.Side
	}
	threads, slots := l.options.Readers, l.options.Ahead+1
	if l.resident {
		threads, slots = l.options.Workers.Threads(), 1
	}
	for range threads {
		resizer, err := NewResizer(rows, cols, channels, o.Side)
		if err != nil {
			return nil, err
		}
		l.scratch = append(l.scratch, scratch{resizer: resizer})
	}
	size := o.Side * o.Side * channels
	if o.Batch > maxBatchBytes/4/size {
		return nil, fmt.Errorf("a batch of %s images of %d×%d takes more than %d GiB: make it smaller",
			humanize.Comma(int64(o.Batch)), o.Side, o.Side, maxBatchBytes>>30)
	}
	l.slots = make([]slot, slots)
	for i := range l.slots {
		l.slots[i].Batch = Batch{Images: make([]float32, o.Batch*size), Labels: make([]int32, o.Batch)}
	}
	l.share = func(worker, _ int) {
		s, d := &l.slots[0], &l.scratch[worker]
		s.rows.work(func(row int) error { return l.row(s, d, row) })
	}
	return l, nil
}

func (o LoaderOptions) withDefaults(channels int) LoaderOptions {
	if o.Workers == nil {
		o.Workers = alone{}
	}
	if o.Readers == 0 {
		o.Readers = runtime.GOMAXPROCS(0)
	}
	if o.Ahead == 0 {
		o.Ahead = 2
	}
	if o.Scales == nil {
		o.Scales = make([]Scale, channels)
	}
	return o
}

// Bytes returns the memory of the loader's batches.
func (l *Loader) Bytes() int64 { return 4 * int64(len(l.slots)*len(l.slots[0].Images)) }

// Batches returns the number of batches in an epoch.
func (l *Loader) Batches() int { return (l.source.Len()-1)/l.options.Batch + 1 }

// Start begins an epoch at the batch of index from.
func (l *Loader) Start(number, from int) {
	l.readers.stop()
	l.epoch = epoch{draws: rng.New(l.options.Seed, rng.Augment, uint64(number))}
	if l.options.Shuffle {
		l.epoch.order = rng.New(l.options.Seed, rng.Shuffle, uint64(number)).Perm(l.source.Len())
	}
	l.next = max(from, 0)
}

// Next returns the next batch, valid until the following call. After the last batch of the epoch the
// error is io.EOF; when ctx is done, ctx's. Other errors name an image. After an error other than
// io.EOF the batch is still the next one.
func (l *Loader) Next(ctx context.Context) (*Batch, error) {
	if err := ctx.Err(); err != nil {
		l.readers.stop()
		return nil, err
	}
	if l.next < 0 {
		return nil, errors.New("dataset: Next without Start")
	}
	if l.next >= l.Batches() {
		l.readers.stop()
		return nil, io.EOF
	}
	s, err := l.load(ctx)
	if err != nil {
		l.readers.stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("dataset: loading a batch: %w", err)
	}
	l.next++
	return &s.Batch, nil
}

// Epoch yields the batches of an epoch, as Start and Next do, and ends after an error.
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

// load waits for the next batch.
func (l *Loader) load(ctx context.Context) (*slot, error) {
	if l.resident {
		return l.loadNow(ctx)
	}
	return l.readAhead(ctx)
}

// loadNow has the workers load the next batch.
func (l *Loader) loadNow(ctx context.Context) (*slot, error) {
	s := &l.slots[0]
	l.open(ctx, s, l.next, nil)
	if err := l.options.Workers.Run(l.options.Workers.Threads(), l.share); err != nil {
		return nil, err
	}
	return s, s.rows.err
}
