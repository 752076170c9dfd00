package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"vggtrain/internal/listing"
	"vggtrain/internal/photo"
)

// painted is a PNG file of a picture in which each pixel follows from its place and from a number.
func painted(t testing.TB, rows, cols, number int, coloured bool) *fstest.MapFile {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, cols, rows))
	for y := range rows {
		for x := range cols {
			v := byte(7*y + 3*x + 31*number)
			c := color.NRGBA{v, v, v, 255}
			if coloured {
				c.G, c.B = byte(200-x), byte(y+number)
			}
			m.SetNRGBA(x, y, c)
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: file.Bytes()}
}

// painting are n files of pictures of different sizes.
func painting(t testing.TB, n int, coloured func(i int) bool) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for i := range n {
		files[paintedName(i)] = painted(t, 20+i%7, 31-i%5, i, coloured(i))
	}
	return files
}

func paintedName(i int) string { return fmt.Sprintf("%c/%04d.png", 'a'+i%3, i) }

// paintings are pictures 0 to train of files to train on and the next ones to test, of three classes.
func paintings(files fs.FS, train, test int) *Data {
	list := &listing.List{FS: files, Title: "paintings", Classes: []string{"a", "b", "c"}}
	reader := photo.NewReader()
	source := func(from, to int) Source {
		var items []listing.Item
		for i := from; i < to; i++ {
			items = append(items, listing.Item{Name: paintedName(i), Label: int32(i % 3)})
		}
		return newPictures(list, items, reader)
	}
	d := &Data{Train: source(0, train), Classes: list.Classes, Origin: list.Title, Kind: ClassFolders}
	if test > 0 {
		d.Test = source(train, train+test)
	}
	return d
}

func always(int) bool { return true }
func never(int) bool  { return false }

// load loads data and returns the notices.
func load(t *testing.T, d *Data, o LoadOptions) (*Data, []string) {
	t.Helper()
	var notices []string
	o.Notice = func(text string) { notices = append(notices, text) }
	loaded, err := d.Load(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return loaded, notices
}

// What is in memory is what a Preparer makes of each file, in the order of the list; and a loader
// gives the same batches of it as of the files, augmented or not.
func TestLoad(t *testing.T) {
	d := paintings(painting(t, 40, always), 30, 10)
	for _, mode := range Modes {
		for _, channels := range []int{1, 3} {
			var seen []int
			loaded, notices := load(t, d, LoadOptions{Channels: channels, Side: 28, Mode: mode, Progress: func(done, total int) {
				if total != 40 {
					t.Errorf("%d pictures in all", total)
				}
				seen = append(seen, done)
			}})
			if (len(notices) > 0) != (channels == 1) || loaded.LeftOut != nil || len(seen) != 40 || !slices.IsSorted(seen) || seen[39] != 40 {
				t.Errorf("notices %q, left out %v, progress %v", notices, loaded.LeftOut, seen)
			}
			if loaded.Channels() != channels || loaded.Val != nil || loaded.Train.Len() != 30 || loaded.Test.Len() != 10 {
				t.Fatalf("%d channels, %d and %d pictures", loaded.Channels(), loaded.Train.Len(), loaded.Test.Len())
			}
			prepare := Preparation{Channels: channels, Side: 28, Mode: mode}
			q := newPreparer(t, prepare)
			for i := range 30 {
				p, err := Read(t.Context(), d.Train, i)
				if err != nil {
					t.Fatal(err)
				}
				want, got := make([]byte, q.Size()), inMemory(t, loaded.Train).image(i)
				if err := q.Bytes(want, p); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) || loaded.Train.Label(i) != int32(i%3) {
					t.Fatalf("%s, %d channels: picture %d is another", mode, channels, i)
				}
			}
			o := LoaderOptions{Prepare: prepare, Batch: 7, Seed: 5, Shuffle: true}
			for _, augment := range []Augment{{}, {true, true}} {
				o.Augment, o.Readers, o.Workers = augment, 3, team(2)
				want, labels, _ := collect(t, newLoader(t, loaded.Train, o), 2, 0)
				got, gotLabels, _ := collect(t, newLoader(t, d.Train, o), 2, 0)
				if !slices.Equal(got, want) || !slices.Equal(gotLabels, labels) {
					t.Errorf("%s, %d channels, %v: files give other batches than memory", mode, channels, augment)
				}
			}
		}
	}
}

// The channels are three if a picture of a sample has colour. One met later is told of.
func TestLoadChannels(t *testing.T) {
	last := func(n int) func(int) bool { return func(i int) bool { return i == n-1 } }
	for name, c := range map[string]struct {
		n        int
		coloured func(int) bool
		channels int
		notice   string
	}{
		"grey":            {20, never, 1, ""},
		"colour":          {20, always, 3, ""},
		"one in colour":   {20, last(20), 3, ""},
		"one not sampled": {1200, func(i int) bool { return i == unsampled(1200) }, 1, "1 picture in colour: made grey"},
	} {
		t.Run(name, func(t *testing.T) {
			d, notices := load(t, paintings(painting(t, c.n, c.coloured), c.n, 0), LoadOptions{Side: 8})
			if d.Channels() != c.channels || len(notices) > 1 || (len(notices) > 0) != (c.notice != "") || len(notices) > 0 && !strings.HasPrefix(notices[0], c.notice) {
				t.Errorf("%d channels, notices %q", d.Channels(), notices)
			}
		})
	}
	d := paintings(painting(t, 6, always), 6, 0)
	if _, notices := load(t, d, LoadOptions{Channels: 1, Side: 8}); len(notices) != 1 || !strings.HasPrefix(notices[0], "6 pictures in colour: made grey") {
		t.Errorf("notices %q", notices)
	}
}

// unsampled is a position that is in no sample of n by seed 0.
func unsampled(n int) int {
	index := sampled(n, 0)
	for i := range n {
		if !slices.Contains(index, i) {
			return i
		}
	}
	panic("all are in the sample")
}

// The digest is of what is learned: names, labels and files, not of where they lie or how they are
// prepared.
func TestLoadDigest(t *testing.T) {
	files := painting(t, 12, always)
	digest := func(d *Data, o LoadOptions) [32]byte {
		o.Side = max(o.Side, 8)
		loaded, _ := load(t, d, o)
		return loaded.Digest
	}
	first := digest(paintings(files, 9, 3), LoadOptions{})
	if digest(paintings(files, 9, 3), LoadOptions{Side: 9, Mode: Pad, Channels: 1}) != first {
		t.Error("another preparation has another digest")
	}
	files["a/0000.txt"] = &fstest.MapFile{}
	if digest(paintings(files, 9, 3), LoadOptions{}) != first {
		t.Error("a file that is not used changes the digest")
	}
	seen := map[[32]byte]string{first: "first", {}: "none"}
	for name, change := range map[string]func(d *Data) *Data{
		"other splits": func(*Data) *Data { return paintings(files, 8, 4) },
		"fewer":        func(*Data) *Data { return paintings(files, 9, 0) },
		"classes":      func(d *Data) *Data { d.Classes = []string{"a", "b", "d"}; return d },
		"labels":       func(d *Data) *Data { d.Train.(*pictures).items[0].Label = 1; return d },
		"order":        func(d *Data) *Data { slices.Reverse(d.Train.(*pictures).items); return d },
		"val":          func(d *Data) *Data { d.Val, d.Test = d.Test, nil; return d },
		"a view":       func(d *Data) *Data { d.Train = Head(d.Train, 5); return d },
		"a file": func(*Data) *Data {
			other := painting(t, 12, always)
			other[paintedName(4)] = painted(t, 20, 20, 99, true)
			return paintings(other, 9, 3)
		},
		"one cannot be read": func(*Data) *Data {
			other := painting(t, 12, always)
			delete(other, paintedName(4))
			return paintings(other, 9, 3)
		},
	} {
		got := digest(change(paintings(files, 9, 3)), LoadOptions{})
		if before, ok := seen[got]; ok {
			t.Errorf("%s: the digest of %s", name, before)
		}
		seen[got] = name
	}
}

// A set in memory stays, and so does the digest of the data.
func TestLoadInMemory(t *testing.T) {
	d := openSample(t)
	loaded, notices := load(t, d, LoadOptions{Channels: 3, Side: 8, Strict: true})
	if len(notices) > 0 || loaded.Train != d.Train || loaded.Test != d.Test || loaded.Digest != d.Digest || loaded == d {
		t.Errorf("%+v, notices %q", loaded, notices)
	}
}

// Views are loaded, nothing else of what they are of.
func TestLoadViews(t *testing.T) {
	files := painting(t, 30, always)
	for i := range 30 {
		if i%2 == 1 {
			delete(files, paintedName(i))
		}
	}
	d := paintings(files, 30, 0)
	d.Train = Subset(Subset(d.Train, []int{4, 6, 8, 10, 12}), []int{3, 1})
	loaded, notices := load(t, d, LoadOptions{Side: 8})
	if len(notices) > 0 || loaded.Train.Len() != 2 || loaded.Train.Label(0) != 1 || loaded.Train.Label(1) != 0 {
		t.Errorf("%d pictures, notices %q", loaded.Train.Len(), notices)
	}
}

func TestLoadRefuses(t *testing.T) {
	d := paintings(fstest.MapFS{}, 100_000, 0)
	read := false
	for want, o := range map[string]LoadOptions{
		"paintings: 100,000 pictures of 224×224×1 bytes: 4.7 GiB are more than the 2.0 GiB that are": {Side: 224, Channels: 1},
		"pictures of 0×0":        {Channels: 1},
		"pictures of 2 channels": {Channels: 2, Side: 1},
	} {
		o.Progress = func(int, int) { read = true }
		if _, err := d.Load(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), want) || read {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var mutex sync.Mutex
	count := 0
	_, err := paintings(painting(t, 200, always), 200, 0).Load(ctx, LoadOptions{Side: 8, Progress: func(int, int) {
		mutex.Lock()
		defer mutex.Unlock()
		count++
		cancel()
	}})
	if !errors.Is(err, context.Canceled) || count > 100 {
		t.Errorf("after %d pictures: %v", count, err)
	}
}
