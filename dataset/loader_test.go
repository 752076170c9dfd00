package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/rng"
)

// collect copies what an epoch gives, from a batch on: its images and labels end to end, and the
// rows of each batch.
func collect(t *testing.T, l *Loader, number, from int) (images []float32, labels []int32, rows []int) {
	t.Helper()
	l.Start(number, from)
	return collectRest(t, l)
}

// collectRest copies what is left of an epoch.
func collectRest(t *testing.T, l *Loader) (images []float32, labels []int32, rows []int) {
	t.Helper()
	for {
		b, err := l.Next(t.Context())
		if err == io.EOF {
			return images, labels, rows
		} else if err != nil {
			t.Fatal(err)
		}
		size := len(b.Images) / len(b.Labels)
		images = append(images, b.Images[:b.Rows*size]...)
		labels = append(labels, b.Labels[:b.Rows]...)
		rows = append(rows, b.Rows)
	}
}

func newLoader(t testing.TB, s Source, o LoaderOptions) *Loader {
	t.Helper()
	l, err := NewLoader(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// team is Workers that are goroutines: worker w takes pieces w, w+n, w+2n …, each the last first.
// A panic becomes an error.
type team int

func (n team) Threads() int { return int(n) }

func (n team) Run(pieces int, f func(worker, piece int)) error {
	var group sync.WaitGroup
	failures := make([]error, n)
	for w := range int(n) {
		group.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					failures[w] = fmt.Errorf("worker %d: %v", w, r)
				}
			}()
			for piece := pieces - 1; piece >= 0; piece-- {
				if piece%int(n) == w {
					f(w, piece)
				}
			}
		})
	}
	group.Wait()
	return errors.Join(failures...)
}

// An epoch is what its definition says: permutation, crop, flip and resize, scale; Fashion-MNIST's
// own images are resized after the crop and the flip, others before.
func TestLoader(t *testing.T) {
	const n, side, seed, number = 130, 56, 11, 3
	set := inMemory(t, openSample(t).Train)
	for _, garments := range []bool{true, false} {
		o := LoaderOptions{
			Prepare: Preparation{Channels: 1, Side: side, Garments: garments}, Batch: 32, Seed: seed, Shuffle: true,
			Augment: Augment{true, true}, Scales: []Scale{{0.286, 0.353}}, Workers: team(3),
		}
		images, labels, rows := collect(t, newLoader(t, Head(set, n), o), number, 0)
		if diff := cmp.Diff([]int{32, 32, 32, 32, 2}, rows); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		q := newPreparer(t, o.Prepare)
		var image, varied, resized, pixels Pixels
		for k, i := range rng.New(seed, rng.Shuffle, number).Perm(n) {
			if labels[k] != set.Labels[i] {
				t.Errorf("image %d: label %d, want %d", k, labels[k], set.Labels[i])
			}
			image.Share(set.image(i), 28, 28, 1)
			draws := rng.New(seed, rng.Augment, number).Split(uint64(i))
			varied.Make(28, 28, 1)
			resized.Make(side, side, 1)
			pixels.Make(side, side, 1)
			var err error
			if garments {
				o.Augment.apply(varied.Pix, &image, zeros, draws)
				err = q.Bytes(pixels.Pix, &varied)
			} else {
				err = q.Bytes(resized.Pix, &image)
				o.Augment.apply(pixels.Pix, &resized, edges, draws)
			}
			if err != nil {
				t.Fatal(err)
			}
			for j, v := range pixels.Pix {
				want := (float32(v)/float32(255) - float32(0.286)) / float32(0.353)
				if got := images[k*side*side+j]; got != want {
					t.Fatalf("image %d, pixel %d: %v, want %v", k, j, got, want)
				}
			}
		}
	}
}

// Neither the batch size, nor where in the epoch one starts, nor who loads may change the images.
func TestLoaderRepeats(t *testing.T) {
	set := Head(openSample(t).Train, 100)
	o := LoaderOptions{Prepare: Preparation{Side: 32}, Batch: 100, Seed: 1, Shuffle: true, Augment: Augment{true, true}}
	images, labels, _ := collect(t, newLoader(t, set, o), 2, 0)
	for _, c := range []struct {
		batch, from int
		workers     Workers
	}{{7, 0, nil}, {7, 5, team(1)}, {1, 99, team(3)}, {1000, 0, team(1)}, {33, 3, team(2)}, {50, 2, team(1)}, {50, 7, team(1)}, {100, 0, team(8)}} {
		o.Batch, o.Workers = c.batch, c.workers
		l := newLoader(t, set, o)
		skip := min(c.from*c.batch, 100)
		for range 2 { // an epoch may be repeated
			gotImages, gotLabels, rows := collect(t, l, 2, c.from)
			if !slices.Equal(gotLabels, labels[skip:]) || !slices.Equal(gotImages, images[skip*32*32:]) {
				t.Errorf("%+v: other images", c)
			}
			if want := max(l.Batches()-c.from, 0); len(rows) != want {
				t.Errorf("%+v: %d batches, want %d", c, len(rows), want)
			}
		}
	}
}

func TestLoaderOrder(t *testing.T) {
	class := func(i int) int32 { return int32(i % 10) }
	set := numbered(300, class)
	order := func(o LoaderOptions, number int) (order []int) {
		o.Prepare, o.Batch = Preparation{Side: 2, Mode: Stretch}, 64
		images, _, _ := collect(t, newLoader(t, set, o), number, 0)
		for k := range 300 {
			order = append(order, int(math.Round(float64(images[4*k]*255)))<<8+int(math.Round(float64(images[4*k+1]*255))))
		}
		return order
	}
	sorted := order(LoaderOptions{}, 1)
	if !slices.IsSorted(sorted) || sorted[299] != 299 {
		t.Errorf("without shuffle: %v", sorted)
	}
	first := order(LoaderOptions{Shuffle: true}, 1)
	if slices.Equal(first, order(LoaderOptions{Shuffle: true}, 2)) {
		t.Error("two epochs have the same order")
	}
	if slices.Equal(first, order(LoaderOptions{Shuffle: true, Seed: 1}, 1)) {
		t.Error("two seeds have the same order")
	}
	slices.Sort(first)
	if !slices.Equal(first, sorted) {
		t.Error("an epoch does not have each image once")
	}
}

func TestLoaderOptions(t *testing.T) {
	set := openSample(t).Test
	for name, o := range map[string]LoaderOptions{
		"batch":     {Prepare: Preparation{Side: 56}},
		"side":      {Batch: 1},
		"huge side": {Batch: 1, Prepare: Preparation{Side: 1 << 20}},
		"memory":    {Batch: 1 << 40, Prepare: Preparation{Side: 224}},
		"deviation": {Batch: 1, Prepare: Preparation{Side: 56}, Scales: []Scale{{Mean: 0.5}}},
		"tiny":      {Batch: 1, Prepare: Preparation{Side: 56}, Scales: []Scale{{0.5, 1e-50}}},
		"NaN":       {Batch: 1, Prepare: Preparation{Side: 56}, Scales: []Scale{{Deviation: math.NaN()}}},
		"channels":  {Batch: 1, Prepare: Preparation{Side: 56}, Scales: make([]Scale, 3)},
	} {
		if _, err := NewLoader(set, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := NewLoader(Head(set, 0), LoaderOptions{Batch: 1, Prepare: Preparation{Side: 56}}); err == nil {
		t.Error("empty set: no error")
	}
	// Without normalisation a pixel is what torchvision's ToTensor makes of it.
	for _, deviation := range []float64{0, 1} {
		l := newLoader(t, set, LoaderOptions{Batch: 1, Prepare: Preparation{Side: 28}, Scales: []Scale{{Deviation: deviation}}})
		for v := range 256 {
			if got, want := l.scratch[0].preparer.tables[0][v], float32(v)/float32(255); got != want {
				t.Errorf("deviation %v: pixel %d becomes %v, want %v", deviation, v, got, want)
			}
		}
	}
}

func TestLoaderStartsAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	set := inMemory(t, openSample(t).Train)
	l := newLoader(t, set, LoaderOptions{Prepare: Preparation{Side: 28}, Batch: 10})
	if _, err := l.Next(ctx); err == nil || err == io.EOF {
		t.Errorf("Next before Start: error %v", err)
	}
	l.Start(1, 0)
	if _, err := l.Next(ctx); err != nil {
		t.Error(err)
	}
	cancel()
	for range 2 {
		if _, err := l.Next(ctx); err != context.Canceled {
			t.Errorf("after the cancellation: %v", err)
		}
	}
	// The batch that was not loaded is the next one.
	b, err := l.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := set.Labels[10:20]; !slices.Equal(b.Labels, want) {
		t.Errorf("labels %v, want %v", b.Labels, want)
	}
	// An epoch may be left anywhere.
	if _, _, rows := collect(t, l, 2, 0); len(rows) != 500 {
		t.Errorf("after Start: %d batches", len(rows))
	}
	if _, err := l.Next(t.Context()); err != io.EOF {
		t.Errorf("after the end: error %v", err)
	}
}

// A panic is an error of Next.
func TestLoaderFails(t *testing.T) {
	set := *inMemory(t, openSample(t).Test)
	set.Images = slices.Clip(set.Images[:15*28*28])
	l := newLoader(t, &set, LoaderOptions{Prepare: Preparation{Side: 28}, Batch: 10, Workers: team(2)})
	l.Start(1, 0)
	_, first := l.Next(t.Context())
	_, second := l.Next(t.Context())
	if first != nil || second == nil || !strings.Contains(second.Error(), "loading a batch: image 15: runtime error: slice bounds out of range") {
		t.Errorf("errors %v, %v", first, second)
	}
}

func TestLoaderAllocatesNothing(t *testing.T) {
	l := newLoader(t, openSample(t).Train, LoaderOptions{Prepare: Preparation{Side: 56}, Batch: 100, Augment: Augment{true, true}})
	l.Start(1, 0)
	next := func() {
		if _, err := l.Next(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := testing.AllocsPerRun(40, next); n != 0 {
		t.Errorf("%v allocations a batch", n)
	}
}

func BenchmarkLoader(b *testing.B) {
	set := openSample(b).Train
	for _, side := range []int{56, 224} {
		for name, augment := range map[string]Augment{"none": {}, "garments": {true, true}, "others": {true, true}} {
			b.Run(fmt.Sprintf("%d/%s", side, name), func(b *testing.B) {
				l := newLoader(b, set, LoaderOptions{Prepare: Preparation{Side: side, Garments: name == "garments"}, Batch: 128, Shuffle: true, Augment: augment})
				for n := 0; b.Loop(); n++ {
					if n%(l.Batches()-1) == 0 { // without the last batch, which has fewer images
						l.Start(n, 0)
					}
					if _, err := l.Next(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(128*side*side), "ns/pixel")
			})
		}
	}
}
