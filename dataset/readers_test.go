package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vggtrain/internal/idx/idxtest"
)

// remote is a source elsewhere: each image takes a while, the later ones less.
type remote struct {
	Source
	fail map[int]error // by image

	read, now, most atomic.Int64 // images read, being read, being read at once
}

func (r *remote) Image(ctx context.Context, i int, p *Pixels) error {
	r.read.Add(1)
	now := r.now.Add(1)
	defer r.now.Add(-1)
	for most := r.most.Load(); now > most && !r.most.CompareAndSwap(most, now); most = r.most.Load() {
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second - time.Duration(i%16)*time.Millisecond):
	}
	if err := r.fail[i]; err != nil {
		return err
	}
	return r.Source.Image(ctx, i, p)
}

// elsewhere is a source that is not said to be in memory.
type elsewhere struct{ Source }

// Batches that are read ahead are those of a set in memory, whoever reads and wherever one starts.
func TestReadAheadRepeats(t *testing.T) {
	set := Head(openSample(t).Train, 100)
	o := LoaderOptions{Prepare: Preparation{Side: 32}, Batch: 7, Seed: 1, Shuffle: true, Augment: Augment{true, true}}
	images, labels, _ := collect(t, newLoader(t, set, o), 2, 0)
	for _, c := range []struct{ readers, ahead, from int }{{1, 1, 0}, {2, 1, 5}, {3, 2, 0}, {8, 20, 0}, {0, 0, 14}, {2, 3, 15}} {
		o.Readers, o.Ahead = c.readers, c.ahead
		l := newLoader(t, elsewhere{set}, o)
		l.Start(1, 3) // and leave it
		if _, err := l.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			gotImages, gotLabels, _ := collect(t, l, 2, c.from)
			if skip := min(7*c.from, 100); !slices.Equal(gotLabels, labels[skip:]) || !slices.Equal(gotImages, images[skip*32*32:]) {
				t.Errorf("%+v: other images", c)
			}
		}
	}
}

// No more images are read at once than there are readers, and no more batches than fit.
func TestReadAheadIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &remote{Source: numbered(100, func(int) int32 { return 0 })}
		l := newLoader(t, source, LoaderOptions{Prepare: Preparation{Side: 1}, Batch: 10, Readers: 4, Ahead: 3})
		l.Start(1, 0)
		start := time.Now()
		for n := range int64(3) {
			if _, err := l.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n == 0 && time.Since(start) > 4*time.Second { // ten images by four readers
				t.Errorf("the first batch took %v: it should not wait for others", time.Since(start))
			}
			time.Sleep(time.Hour) // training
			synctest.Wait()
			if want := 10 * (n + 1 + 3); source.read.Load() != want {
				t.Errorf("batch %d: %d images read, want %d", n, source.read.Load(), want)
			}
		}
		if most := source.most.Load(); most != 4 {
			t.Errorf("%d images were read at once, want 4", most)
		}
	}) // which fails where a goroutine is left
}

// The first image that fails is named, whichever fails first, and the batch stays the next one.
func TestReadAheadFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("b.png: cut short")
		for readers := 1; readers <= 5; readers++ {
			source := &remote{Source: numbered(40, func(int) int32 { return 0 }), fail: map[int]error{11: broken, 12: io.ErrUnexpectedEOF, 13: io.ErrNoProgress}}
			l := newLoader(t, source, LoaderOptions{Prepare: Preparation{Side: 1}, Batch: 10, Readers: readers})
			l.Start(1, 0)
			if _, err := l.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := l.Next(t.Context()); !errors.Is(err, broken) || !strings.HasSuffix(err.Error(), ": image 11: b.png: cut short") {
					t.Errorf("%d readers: error %v", readers, err)
				}
			}
			time.Sleep(time.Hour)
			source.fail = nil // mended
			images, _, _ := collectRest(t, l)
			if len(images) != 30 {
				t.Errorf("%d readers: then %d images, want 30", readers, len(images))
			}
		}
	})
}

// Next ends with its context, and so does all reading; with another one it goes on.
func TestReadAheadIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &remote{Source: numbered(40, func(int) int32 { return 0 })}
		l := newLoader(t, source, LoaderOptions{Prepare: Preparation{Side: 1}, Batch: 10, Readers: 1})
		l.Start(1, 0)
		start := time.Now()
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			if _, err := l.Next(ctx); err != context.DeadlineExceeded {
				t.Errorf("error %v", err)
			}
			cancel()
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("Next returned %v after its contexts were done", took-3*time.Second)
		}
		synctest.Wait()
		if now := source.now.Load(); now != 0 {
			t.Errorf("%d images are still being read", now)
		}
		short, cancel := context.WithTimeout(t.Context(), 25*time.Second) // ends while the third batch is being read
		defer cancel()
		if _, err := l.Next(short); err != nil {
			t.Fatal(err)
		}
		if images, _, _ := collectRest(t, l); len(images) != 30 {
			t.Errorf("then %d images, want 30", len(images))
		}
	})
}

// A source that panics, or that gives what it has not promised, is an error that names the image.
func TestSourceBreaksItsWord(t *testing.T) {
	for want, image := range map[string]func(p *Pixels){
		"image 3: a picture of 2 channels":            func(p *Pixels) { p.Make(2, 1, 2) },
		"image 3: runtime error: index out of range":  func(p *Pixels) { p.Pix = p.Make(2, 1, 1)[:1]; _ = p.Pix[1] },
		"image 3: runtime error: slice bounds out of": func(p *Pixels) { p.Make(2, 3, 1); p.Pix = slices.Clip(p.Pix[:4]) },
		"image 3: a picture of 0×0 pixels":            func(p *Pixels) { p.Make(0, 0, 1) },
	} {
		l := newLoader(t, made{10, func(i int, p *Pixels) {
			if p.Make(1, 2, 1); i == 3 {
				image(p)
			}
		}}, LoaderOptions{Prepare: Preparation{Side: 4}, Batch: 10})
		l.Start(1, 0)
		if _, err := l.Next(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// made is a source of n images of any size, which are made when they are read.
type made struct {
	n     int
	image func(i int, p *Pixels)
}

func (m made) Len() int             { return m.n }
func (m made) Label(i int) int32    { return 1 << 16 * int32(i) }
func (m made) Size() (r, c, ch int) { return 0, 0, 1 }
func (m made) Image(_ context.Context, i int, p *Pixels) error {
	m.image(i, p)
	return nil
}

// colours is made with three channels.
type colours struct{ made }

func (c colours) Size() (rows, cols, channels int) { return 0, 0, 3 }

// A batch of N×S×S×3 is, channel by channel, what grey images of each channel give.
func TestLoaderOfColours(t *testing.T) {
	const side = 24
	size := func(i int) (rows, cols int) { return 20 + i%5, 31 - i/2 }
	pixels := func(i int) []byte { rows, cols := size(i); return idxtest.Noise(3*rows*cols + i)[i:] }
	source := colours{made{11, func(i int, p *Pixels) {
		rows, cols := size(i)
		copy(p.Make(rows, cols, 3), pixels(i))
	}}}
	scales := []Scale{{0.1, 0.2}, {0.3, 0.4}, {0.5, 0.6}}
	o := LoaderOptions{Prepare: Preparation{Side: side}, Batch: 4, Shuffle: true, Augment: Augment{true, true}}
	for c := range 3 {
		o.Scales = scales
		got, labels, _ := collect(t, newLoader(t, source, o), 1, 0)
		channel := made{source.n, func(i int, p *Pixels) {
			rows, cols := size(i)
			grey, all := p.Make(rows, cols, 1), pixels(i)
			for k := range grey {
				grey[k] = all[3*k+c]
			}
		}}
		o.Scales = scales[c : c+1]
		want, wantLabels, _ := collect(t, newLoader(t, channel, o), 1, 0)
		if !slices.Equal(labels, wantLabels) || len(got) != 3*len(want) {
			t.Fatalf("channel %d: labels %v, want %v; %d numbers for %d", c, labels, wantLabels, len(got), len(want))
		}
		for k, v := range want {
			if got[3*k+c] != v {
				t.Fatalf("channel %d, pixel %d: %v, want %v", c, k, got[3*k+c], v)
			}
		}
	}
}

// A source needs four methods. This one makes its images: one row of a grey that grows.
type ramp struct{}

func (ramp) Len() int                         { return 5 }
func (ramp) Label(i int) int32                { return int32(i % 2) }
func (ramp) Size() (rows, cols, channels int) { return 1, 2, 1 }

func (ramp) Image(_ context.Context, i int, p *Pixels) error {
	pixels := p.Make(1, 2, 1)
	pixels[0], pixels[1] = byte(51*i), byte(51*i)
	return nil
}

func ExampleLoader() {
	train, val, err := Holdout(ramp{}, 1, 7)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train.Len(), "images to train on,", val.Len(), "held out")
	loader, err := NewLoader(train, LoaderOptions{Prepare: Preparation{Side: 1}, Batch: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	for batch, err := range loader.Epoch(context.Background(), 1) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(batch.Images[:batch.Rows], batch.Labels[:batch.Rows])
	}
	// Output:
	// 4 images to train on, 1 held out
	// [0 0.2 0.4] [0 1 0]
	// [0.6] [1]
}
