package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/rng"
)

// LoaderOptions says how a set becomes batches.
type LoaderOptions struct {
	Side            int     // S: images are resized to S×S
	Batch           int     // images a batch; a set's last batch may have fewer
	Seed            uint64  // of the order and of the augmentation
	Shuffle         bool    // another order in each epoch; else the set's own
	Augment         Augment // its zero value leaves the images as they are
	Mean, Deviation float64 // a pixel v becomes (v/255 - Mean) / Deviation; 0, 1 or 0, 0: v/255
	Prefetch        int     // batches prepared ahead; 0: one
}

// maxBatchBytes bounds the memory of one batch: a typing error must not take the machine down.
const maxBatchBytes = 16 << 30

// Batch is what one training step uses.
type Batch struct {
	Images []float32 // LoaderOptions.Batch×S×S×1, of which the first Rows are this batch's
	Labels []int32   // LoaderOptions.Batch, likewise
	Rows   int       // images in this batch
}

// Loader streams a set in batches: a goroutine prepares the next ones in a few buffers that are
// used again and again, so that the resized set never exists. What a batch holds depends on the
// seed, the epoch and the batch's index alone. Except for Busy, its methods must not be called at
// the same time.
type Loader struct {
	set     *Set
	options LoaderOptions
	resizer *Resizer
	table   [256]float32 // what a pixel becomes
	varied  []byte       // H×W: the image being augmented
	buffers []*Batch
	busy    atomic.Int64 // nanoseconds
	epoch   *epoch       // under way; nil before the first Start
}

// epoch is one pass over the set, prepared by one goroutine.
type epoch struct {
	ctx    context.Context
	cancel context.CancelFunc
	order  []int      // positions in the set, nil: as they are
	draws  rng.Stream // of the augmentation
	free   chan *Batch
	ready  chan *Batch // closed at the end of the goroutine
	end    error       // why it ended: io.EOF after the last batch; set before ready is closed
	lent   *Batch      // what Next returned last
}

// NewLoader returns a loader of s. It is an error if the set is empty or the options are out of
// their bounds.
func NewLoader(s *Set, o LoaderOptions) (*Loader, error) {
	if o.Mean == 0 && o.Deviation == 0 {
		o.Deviation = 1
	}
	o.Prefetch = max(o.Prefetch, 1)
	switch {
	case s.N == 0:
		return nil, errors.New("the set has no images")
	case o.Batch < 1:
		return nil, fmt.Errorf("batch of %d images: it must be 1 or more", o.Batch)
	case !(o.Deviation > 0):
		return nil, fmt.Errorf("pixels cannot be divided by a deviation of %v: it must be above 0", o.Deviation)
	}
	resizer, err := NewResizer(s.Rows, s.Cols, o.Side)
	if err != nil {
		return nil, err
	}
	size := o.Side * o.Side
	if o.Batch > maxBatchBytes/4/size {
		return nil, fmt.Errorf("a batch of %s images of %d×%d takes more than %d GiB: make it smaller",
			humanize.Comma(int64(o.Batch)), o.Side, o.Side, maxBatchBytes>>30)
	}
	l := &Loader{set: s, options: o, resizer: resizer, varied: make([]byte, s.Rows*s.Cols)}
	for v := range l.table {
		// In float32 throughout, as torchvision's ToTensor and Normalize.
		l.table[v] = (float32(v)/255 - float32(o.Mean)) / float32(o.Deviation)
	}
	for range o.Prefetch + 1 { // one is with the consumer
		l.buffers = append(l.buffers, &Batch{Images: make([]float32, o.Batch*size), Labels: make([]int32, o.Batch)})
	}
	return l, nil
}

// Batches returns the number of batches in an epoch.
func (l *Loader) Batches() int { return (l.set.N-1)/l.options.Batch + 1 }

// Busy returns the time that was spent on preparing batches, of all epochs so far.
func (l *Loader) Busy() time.Duration { return time.Duration(l.busy.Load()) }

// Start begins an epoch at the batch of index from and ends the epoch under way, if any. When
// ctx is done, Next returns its error.
func (l *Loader) Start(ctx context.Context, number, from int) {
	l.Close()
	e := &epoch{
		draws: rng.New(l.options.Seed, rng.Augment, uint64(number)),
		free:  make(chan *Batch, len(l.buffers)),
		ready: make(chan *Batch, len(l.buffers)), // sending never waits
	}
	e.ctx, e.cancel = context.WithCancel(ctx)
	if l.options.Shuffle {
		e.order = rng.New(l.options.Seed, rng.Shuffle, uint64(number)).Perm(l.set.N)
	}
	for _, b := range l.buffers {
		e.free <- b
	}
	l.epoch = e
	go l.prepare(e, max(from, 0))
}

// Next returns the next batch, which is valid until the following call of Next, Start or Close.
// After the last batch of the epoch the error is io.EOF.
func (l *Loader) Next() (*Batch, error) {
	e := l.epoch
	if e == nil {
		return nil, errors.New("dataset: Next without Start")
	}
	if err := e.ctx.Err(); err != nil {
		return nil, err
	}
	if e.lent != nil {
		e.free <- e.lent
		e.lent = nil
	}
	b, ok := <-e.ready
	if !ok {
		return nil, e.end
	}
	e.lent = b
	return b, nil
}

// Close ends the epoch under way; its goroutine is gone when Close returns. Start may follow.
func (l *Loader) Close() {
	if l.epoch == nil {
		return
	}
	l.epoch.cancel()
	for range l.epoch.ready { // until it is closed
	}
	l.epoch = nil
}

// prepare sends the batches of an epoch, from the one of index from.
func (l *Loader) prepare(e *epoch, from int) {
	defer close(e.ready)
	defer func() { // a bug here must be an error of Next, not the end of the process
		if r := recover(); r != nil {
			e.end = fmt.Errorf("dataset: preparing a batch: %v", r)
		}
	}()
	for index := from; index < l.Batches(); index++ {
		select {
		case <-e.ctx.Done():
			e.end = e.ctx.Err()
			return
		case b := <-e.free:
			start := time.Now()
			l.fill(b, e, index*l.options.Batch)
			l.busy.Add(int64(time.Since(start)))
			e.ready <- b
		}
	}
	e.end = io.EOF
}

// fill puts the images of an epoch from position first on into b.
func (l *Loader) fill(b *Batch, e *epoch, first int) {
	size := l.options.Side * l.options.Side
	b.Rows = min(l.options.Batch, l.set.N-first)
	for row := range b.Rows {
		i := first + row
		if e.order != nil {
			i = e.order[i]
		}
		image := l.set.Image(i)
		if l.options.Augment != (Augment{}) {
			l.options.Augment.apply(l.varied, image, l.set.Rows, l.set.Cols, e.draws.Split(uint64(i)))
			image = l.varied
		}
		l.resizer.Floats(b.Images[row*size:(row+1)*size], image, &l.table)
		b.Labels[row] = int32(l.set.Labels[i])
	}
}
