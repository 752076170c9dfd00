package dataset

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// What cannot be read is left out and named: up to ten pictures, and up to a tenth.
func TestLoadLeavesOut(t *testing.T) {
	const n = 120
	broken := func(count int) *Data {
		files := painting(t, n, never)
		for i := range count {
			switch name := paintedName(3 * i); i % 4 {
			case 0:
				files[name] = &fstest.MapFile{Data: files[name].Data[:30]}
			case 1:
				files[name] = &fstest.MapFile{}
			case 2:
				delete(files, name)
			default:
				files[name] = &fstest.MapFile{Data: []byte("<html>")}
			}
		}
		return paintings(files, n, 0)
	}
	for count, c := range map[int]struct {
		names int
		fails bool
	}{1: {1, false}, 10: {10, false}, 11: {10, false}, 12: {10, false}, 13: {10, true}, 40: {10, true}} {
		var notices []string
		d, err := broken(count).Load(t.Context(), LoadOptions{Side: 8, Notice: func(s string) { notices = append(notices, s) }})
		if (err != nil) != c.fails {
			t.Fatalf("%d: %v", count, err)
		}
		text := strings.Join(notices, "\n")
		if c.fails {
			text = err.Error()
			if !strings.HasPrefix(text, "paintings: ") {
				t.Errorf("%d: %q", count, text)
			}
		} else if len(d.LeftOut) != count || d.Train.Len() != n-count || len(inMemory(t, d.Train).Images) != (n-count)*64 || len(notices) != 1 {
			t.Errorf("%d: %d left out, %d there, notices %q", count, len(d.LeftOut), d.Train.Len(), notices)
		}
		if strings.Count(text, ".png (") != c.names || strings.Contains(text, "\n") || !strings.Contains(text, fmt.Sprintf("%d of 120 pictures of train", count)) {
			t.Errorf("%d: %q", count, text)
		}
	}
	d, _ := load(t, broken(2), LoadOptions{Side: 8})
	want := []LeftOut{{"a/0000.png", "the PNG is cut short: replace the file"}, {"a/0003.png", "the file is empty: replace it"}}
	if diff := cmp.Diff(want, d.LeftOut); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	q, whole := newPreparer(t, Preparation{Channels: 1, Side: 8}), paintings(painting(t, n, never), n, 0)
	pixels := make([]byte, 64)
	for k, i := range append([]int{1, 2}, 4, 5, 6) { // the others move up
		p, err := Read(t.Context(), whole.Train, i)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Bytes(pixels, p); err != nil || !bytes.Equal(pixels, inMemory(t, d.Train).image(k)) || d.Train.Label(k) != int32(i%3) {
			t.Errorf("picture %d is not that of file %d (%v)", k, i, err)
		}
	}
	for _, seed := range []uint64{1, 2, 3} { // the first, whoever reads
		_, err := broken(9).Load(t.Context(), LoadOptions{Side: 8, Strict: true, Seed: seed})
		if err == nil || err.Error() != "paintings/a/0000.png: the PNG is cut short: replace the file" {
			t.Errorf("strict: %v", err)
		}
	}
}

// Where thousands cannot be read, the rest are not read.
func TestLoadEndsWithoutHope(t *testing.T) {
	const n = 5000
	files := fstest.MapFS{}
	for i := range n {
		files[paintedName(i)] = &fstest.MapFile{}
	}
	d := paintings(files, n, 0)
	_, err := d.Load(t.Context(), LoadOptions{Side: 8, Channels: 1})
	if err == nil || !strings.HasPrefix(err.Error(), "paintings: 1,00") || !strings.Contains(err.Error(), " or more of 5,000 pictures of train") {
		t.Error(err)
	}
}

// A class may lose all its pictures, a set may not.
func TestLoadLosesClasses(t *testing.T) {
	files := painting(t, 9, never)
	for _, i := range []int{1, 4, 7} {
		files[paintedName(i)] = &fstest.MapFile{}
	}
	d, notices := load(t, paintings(files, 9, 0), LoadOptions{Side: 8})
	if len(d.Classes) != 3 || d.Train.Len() != 6 || len(notices) != 2 || notices[1] != `no picture that can be read is left in train of "b"` {
		t.Errorf("%d pictures, notices %q", d.Train.Len(), notices)
	}
	for i := range 9 {
		files[paintedName(i)] = &fstest.MapFile{}
	}
	if _, err := paintings(files, 9, 0).Load(t.Context(), LoadOptions{Side: 8}); err == nil || !strings.HasPrefix(err.Error(), "paintings: no picture of train can be read: ") {
		t.Errorf("error %v", err)
	}
}

// panics is a source whose third picture's decoder panics.
type panics struct{ Source }

func (p panics) Image(ctx context.Context, i int, to *Pixels) error {
	if i == 3 {
		panic("no such table")
	}
	return p.Source.Image(ctx, i, to)
}

func TestLoadSurvivesPanics(t *testing.T) {
	d := paintings(painting(t, 12, always), 12, 0)
	d.Train = panics{d.Train}
	loaded, notices := load(t, d, LoadOptions{Side: 8})
	if want := []LeftOut{{"image 3", "no such table"}}; !slices.Equal(loaded.LeftOut, want) || len(notices) != 1 {
		t.Errorf("%v, notices %q", loaded.LeftOut, notices)
	}
}
