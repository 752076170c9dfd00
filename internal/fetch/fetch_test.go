package fetch

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vggtrain/internal/idx/idxtest"
)

func TestFetch(t *testing.T) {
	l := newLibrary(t)
	s := &shelf{library: l, etag: `"1"`}
	o := l.options(t, serve(t, s)+"/some/folder/")
	var notices []string
	o.Notice = func(text string) { notices = append(notices, text) }
	last := map[string]Progress{}
	o.Progress = func(p Progress) {
		if was := last[p.File]; p.Done < was.Done || was.Finished || p.Size != int64(len(l.packed[p.File])) {
			t.Errorf("%+v after %+v", p, was)
		}
		last[p.File] = p
	}
	reports, err := Fetch(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	l.wantFolder(t, o.Dir)
	for i, r := range reports {
		if p := l.files[i]; r != (Report{p.Name, filepath.Join(o.Dir, p.Name+".gz"), FetchedNow}) || !last[p.Name+".gz"].Finished {
			t.Errorf("report %+v, progress %+v", r, last[p.Name+".gz"])
		}
	}
	if len(notices) != 1 || !strings.HasPrefix(notices[0], "downloading Fashion-MNIST (29 MiB) from 127.0.0.1") {
		t.Errorf("notices %q", notices)
	}

	// What is there and right is not asked for again, packed or plain; what is damaged is.
	plain := filepath.Join(o.Dir, l.files[1].Name)
	if err := errors.Join(os.WriteFile(plain, idxtest.Labels(bytes.Repeat([]byte{1, 2, 3}, 200)...), 0o666), os.Remove(plain+".gz")); err != nil {
		t.Fatal(err)
	}
	s.asked = nil
	clear(last)
	reports, err = Fetch(t.Context(), o)
	if err != nil || len(s.asked) != 0 || reports[0].Status != FetchedBefore || reports[1].Path != plain {
		t.Errorf("again: %v, asked for %v, %+v", err, s.asked, reports)
	}
	if err := os.Truncate(filepath.Join(o.Dir, "t10k-images-idx3-ubyte.gz"), 5000); err != nil {
		t.Fatal(err)
	}
	reports, err = Fetch(t.Context(), o)
	if err != nil || len(s.of(l.files[2])) != 1 || len(s.of(l.files[0])) != 0 || reports[2].Status != FetchedNow || reports[3].Status != FetchedBefore {
		t.Errorf("damaged: %v, asked for %v, %+v", err, s.asked, reports)
	}
	if len(notices) != 2 || !strings.HasPrefix(notices[1], "downloading 1 of the 4 files of Fashion-MNIST from 127.0.0.1") {
		t.Errorf("damaged: notices %q", notices)
	}
}

// A sound file of somebody's own is not overwritten, and nobody is asked for anything.
func TestFetchLeavesOthers(t *testing.T) {
	l := newLibrary(t)
	s := &shelf{library: l}
	o := l.options(t, serve(t, s))
	own := filepath.Join(o.Dir, "t10k-labels-idx1-ubyte.gz")
	if err := errors.Join(os.Mkdir(o.Dir, 0o777), os.WriteFile(own, idxtest.Pack(t, idxtest.Labels(1, 2)), 0o666)); err != nil {
		t.Fatal(err)
	}
	if _, err := Fetch(t.Context(), o); err == nil || err.Error() != own+": a sound file, but not the published one: move it away, or fetch into another folder" {
		t.Errorf("error %v", err)
	}
	wantEntries(t, o.Dir, filepath.Base(own))
	if len(s.asked) != 0 {
		t.Errorf("asked for %v", s.asked)
	}
}

// Of several that fetch into a folder at the same time, one does it: it is held up until all others
// have said that they wait for it.
func TestFetchTogether(t *testing.T) {
	const processes = 4
	l := newLibrary(t)
	name := l.images().Name + ".gz"
	othersWait := make(chan struct{})
	s := &shelf{library: l, spoil: func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if filepath.Base(r.URL.Path) == name {
			select {
			case <-othersWait:
			case <-r.Context().Done():
			}
		}
		return false
	}}
	o := l.options(t, serve(t, s))
	o.Tries = 1
	var mutex sync.Mutex
	waiting := 0
	o.Notice = func(text string) {
		mutex.Lock()
		defer mutex.Unlock()
		if strings.HasPrefix(text, "another process is downloading to ") {
			if waiting++; waiting == processes-1 {
				close(othersWait)
			}
		}
	}
	var all sync.WaitGroup
	for range processes {
		all.Go(func() {
			if _, err := Fetch(t.Context(), o); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	l.wantFolder(t, o.Dir)
	if n := len(s.of(l.images())); n != 1 || waiting != processes-1 {
		t.Errorf("asked %d times for the images, %d waited", n, waiting)
	}
}

func TestFetchDiskAtFault(t *testing.T) {
	l := newLibrary(t)
	s := &shelf{library: l}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	o := l.options(t, serve(t, s), "http://127.0.0.1:1")
	o.Dir = filepath.Join(file, "new")
	if _, err := Fetch(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), file+": cannot be written (not a directory): ") && filepath.Separator == '/' {
		t.Errorf("in a file: %v", err)
	}
	// What is in the way is not removed, and nobody else is asked.
	o = l.options(t, serve(t, s), "http://127.0.0.1:1")
	for _, name := range []string{"train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz.part"} {
		way := filepath.Join(o.Dir, name)
		if err := os.MkdirAll(filepath.Join(way, "in"), 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := Fetch(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), way+": cannot be written (") || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("a folder in the way: %v", err)
		}
		if err := errors.Join(os.Remove(filepath.Join(way, "in")), os.Remove(way)); err != nil {
			t.Errorf("a folder in the way: %v", err)
		}
	}
}
