package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"

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
	Workers         Workers // share the images of a batch; nil: the caller of Next loads all
}

// Workers share the pieces of one job: *kernel.Workers.
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
	Images []float32 // LoaderOptions.Batch×S×S×1, of which the first Rows are this batch's
	Labels []int32   // LoaderOptions.Batch, likewise
	Rows   int       // images in this batch
}

// Loader streams a set in batches, each loaded into the same memory when it is asked for, so that
// the resized set never exists. What a batch holds depends on the seed, the epoch and the batch's
// index alone. Its methods must not be called at the same time.
type Loader struct {
	set     *Set
	options LoaderOptions
	table   *[256]float32 // what a pixel becomes
	desks   []desk        // one a worker
	load    func(worker, row int)
	batch   Batch

	order []int      // positions in the set of the epoch under way, nil: as they are
	draws rng.Stream // of its augmentation
	next  int        // index of its next batch, below 0 before the first Start
	first int        // position in the epoch of the batch being loaded
}

// desk is the memory that a worker needs to load an image.
type desk struct {
	resizer *Resizer
	varied  []byte // H×W: the image being augmented
}

// NewLoader returns a loader of s. It is an error if the set is empty or the options are out of
// their bounds.
func NewLoader(s *Set, o LoaderOptions) (*Loader, error) {
	if o.Workers == nil {
		o.Workers = alone{}
	}
	switch {
	case s.N == 0:
		return nil, errors.New("the set has no images")
	case o.Batch < 1:
		return nil, fmt.Errorf("batch of %d images: it must be 1 or more", o.Batch)
	}
	table, err := PixelTable(o.Mean, o.Deviation)
	if err != nil {
		return nil, err
	}
	l := &Loader{set: s, options: o, table: table, next: -1}
	l.load = l.image
	for range o.Workers.Threads() {
		resizer, err := NewResizer(s.Rows, s.Cols, o.Side)
		if err != nil {
			return nil, err
		}
		l.desks = append(l.desks, desk{resizer, make([]byte, s.Rows*s.Cols)})
	}
	size := o.Side * o.Side
	if o.Batch > maxBatchBytes/4/size {
		return nil, fmt.Errorf("a batch of %s images of %d×%d takes more than %d GiB: make it smaller",
			humanize.Comma(int64(o.Batch)), o.Side, o.Side, maxBatchBytes>>30)
	}
	l.batch = Batch{Images: make([]float32, o.Batch*size), Labels: make([]int32, o.Batch)}
	return l, nil
}

// leastDeviation is far below that of any set with two different pixels in it (1/255 of one pixel in
// a thousand million is 1e-7), and far above where float32 overflows.
const leastDeviation = 1e-9

// PixelTable holds what each pixel becomes for a network: v becomes (v/255 - mean) / deviation, or
// v/255 where both are 0. In float32 throughout, as torchvision's ToTensor and Normalize. It is an
// error if the deviation is otherwise less than 1e-9.
func PixelTable(mean, deviation float64) (*[256]float32, error) {
	if mean == 0 && deviation == 0 {
		deviation = 1
	}
	if !(float32(deviation) >= leastDeviation) {
		return nil, fmt.Errorf("pixels cannot be divided by a deviation of %v: it must be %v or more", deviation, leastDeviation)
	}
	table := new([256]float32)
	for v := range table {
		table[v] = (float32(v)/255 - float32(mean)) / float32(deviation)
	}
	return table, nil
}

// Batches returns the number of batches in an epoch.
func (l *Loader) Batches() int { return (l.set.N-1)/l.options.Batch + 1 }

// Start begins an epoch at the batch of index from.
func (l *Loader) Start(number, from int) {
	l.order = nil
	if l.options.Shuffle {
		l.order = rng.New(l.options.Seed, rng.Shuffle, uint64(number)).Perm(l.set.N)
	}
	l.draws = rng.New(l.options.Seed, rng.Augment, uint64(number))
	l.next = max(from, 0)
}

// Next loads the next batch, which is valid until the following call. After the last batch of the
// epoch the error is io.EOF; when ctx is done, its error.
func (l *Loader) Next(ctx context.Context) (*Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.next < 0 {
		return nil, errors.New("dataset: Next without Start")
	}
	if l.next >= l.Batches() {
		return nil, io.EOF
	}
	l.first = l.next * l.options.Batch
	l.batch.Rows = min(l.options.Batch, l.set.N-l.first)
	if err := l.options.Workers.Run(l.batch.Rows, l.load); err != nil {
		return nil, fmt.Errorf("dataset: loading a batch: %w", err)
	}
	l.next++
	return &l.batch, nil
}

// image loads the image of a row of the batch.
func (l *Loader) image(worker, row int) {
	i := l.first + row
	if l.order != nil {
		i = l.order[i]
	}
	image, desk := l.set.Image(i), &l.desks[worker]
	if l.options.Augment != (Augment{}) {
		l.options.Augment.apply(desk.varied, image, l.set.Rows, l.set.Cols, l.draws.Split(uint64(i)))
		image = desk.varied
	}
	size := l.options.Side * l.options.Side
	desk.resizer.Floats(l.batch.Images[row*size:(row+1)*size], image, l.table)
	l.batch.Labels[row] = int32(l.set.Labels[i])
}
