package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"vggtrain/internal/rng"
)

// reading is a set that is read.
type reading struct {
	set      *Set
	digests  [][sha256.Size]byte // of the files
	failures map[int]error       // by picture: what the set has of it is nothing
	hopeless atomic.Bool         // so many that the rest need not be read
}

// read reads all pictures of a source on all processors. It is no error if one cannot be read, unless
// l.Strict.
func (l *loading) read(ctx context.Context, source Source, prepare Preparation, seeColour bool) (*reading, error) {
	n := source.Len()
	r := &reading{
		set: &Set{
			Images: make([]byte, n*prepare.Size()), Labels: make([]int32, n),
			Rows: prepare.Side, Cols: prepare.Side, Channels: prepare.Channels,
		},
		digests: make([][sha256.Size]byte, n), failures: map[int]error{},
	}
	var first failure
	err := parallel(ctx, n, func() (func(i int), error) {
		q, err := NewPreparer(prepare, nil)
		buffer := make([]byte, 32<<10) // for the files' digests
		return func(i int) {
			if r.hopeless.Load() {
				return
			}
			first.try(i, func() error {
				err := l.picture(ctx, r, source, q, buffer, i, seeColour)
				if l.finished(r, i, err); l.Strict {
					return err
				}
				return nil
			})
		}, err
	})
	return r, cmp.Or(err, first.err)
}

// parallel calls functions that start returns, one a processor, for each i in [0, n), until ctx is
// done.
func parallel(ctx context.Context, n int, start func() (do func(i int), err error)) error {
	var next atomic.Int64
	var group errgroup.Group
	for range min(n, runtime.GOMAXPROCS(0)) {
		do, err := start()
		if err != nil {
			return err
		}
		group.Go(func() error {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				do(i)
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

// picture reads picture i of a source.
func (l *loading) picture(ctx context.Context, r *reading, source Source, q *Preparer, buffer []byte, i int, seeColour bool) (err error) {
	var p Pixels
	defer p.Close()
	_, title := fileOf(source, i)
	defer recovered(title, &err)
	r.set.Labels[i] = source.Label(i)
	if err := source.Image(ctx, i, &p); err != nil {
		return err
	}
	if err := q.Bytes(r.set.image(i), &p); err != nil {
		return fmt.Errorf("%s: %w", title, err)
	}
	if seeColour && p.coloured() {
		l.coloured.Add(1)
	}
	from, k := viewed(source, i)
	if files, ok := from.(*pictures); ok {
		p.Close()
		r.digests[i], err = files.digest(ctx, k, buffer)
		return err
	}
	r.digests[i] = sha256.Sum256(r.set.image(i))
	return nil
}

// recovered makes a decoder's panic an error: no file may take the program down.
func recovered(title string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: %v", title, r)
	}
}

// finished counts picture i and notes its error.
func (l *loading) finished(r *reading, i int, err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if err != nil {
		r.failures[i] = err
		n := len(r.set.Labels)
		r.hopeless.Store(len(r.failures) > max(hopelessNumber, n/leftOutShare))
	}
	if l.done++; l.Progress != nil {
		l.Progress(l.done, l.total)
	}
}

// drop removes the pictures that could not be read.
func (r *reading) drop() {
	kept := 0
	for i := range r.set.Labels {
		if r.failures[i] != nil {
			continue
		}
		if kept < i {
			copy(r.set.image(kept), r.set.image(i))
			r.set.Labels[kept], r.digests[kept] = r.set.Labels[i], r.digests[i]
		}
		kept++
	}
	r.set.Images = r.set.Images[:kept*r.set.Rows*r.set.Cols*r.set.Channels]
	r.set.Labels = r.set.Labels[:kept]
}

// sampleSize is how many pictures of train stand for all, where all would take long.
const sampleSize = 512

// sampled returns the positions of at most sampleSize images of n, drawn by the seed.
func sampled(n int, seed uint64) []int {
	return rng.New(seed, rng.Sample, 0).Perm(n)[:min(n, sampleSize)]
}

// channelsOf returns 3 if a picture of a sample has colour, else 1. It passes over those that cannot be
// read.
func channelsOf(ctx context.Context, s Source, seed uint64) (int, error) {
	if _, _, channels := s.Size(); channels == 1 {
		return 1, nil
	}
	index := sampled(s.Len(), seed)
	var coloured atomic.Bool
	err := parallel(ctx, len(index), func() (func(i int), error) {
		return func(i int) {
			var p Pixels
			defer p.Close()
			var err error
			defer recovered("", &err)
			if !coloured.Load() && s.Image(ctx, index[i], &p) == nil && p.coloured() {
				coloured.Store(true)
			}
		}, nil
	})
	if coloured.Load() {
		return 3, err
	}
	return 1, err
}
