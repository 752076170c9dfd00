package fetch

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// cut sends the first bytes of a whole file and hangs up.
func (s *shelf) cut(w http.ResponseWriter, name string, bytes int) {
	w.Header().Set("Content-Length", strconv.Itoa(len(s.packed[name])))
	if s.etag != "" {
		w.Header().Set("ETag", s.etag)
	}
	w.Write(s.packed[name][:bytes])
	panic(http.ErrAbortHandler)
}

// A download that is cut again and again goes on where it was, and each byte is sent once.
func TestFetchCut(t *testing.T) {
	l := newLibrary(t)
	name := l.images().Name + ".gz"
	size := len(l.packed[name])
	s := &shelf{library: l, etag: `"1"`}
	s.spoil = func(w http.ResponseWriter, r *http.Request, count int) bool {
		switch {
		case filepath.Base(r.URL.Path) != name || count > 3:
			return false
		case count == 1:
			s.cut(w, name, size/2)
		}
		// The rest, but not all of it.
		if r.Header.Get("If-Range") != `"1"` {
			t.Errorf("If-Range %q", r.Header.Get("If-Range"))
		}
		from, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"))
		if err != nil {
			t.Errorf("range %q", r.Header.Get("Range"))
		}
		w.Header().Set("Content-Range", "bytes "+strconv.Itoa(from)+"-"+strconv.Itoa(size-1)+"/"+strconv.Itoa(size))
		w.Header().Set("Content-Length", strconv.Itoa(size-from))
		w.Header().Set("ETag", s.etag)
		w.WriteHeader(http.StatusPartialContent)
		w.Write(l.packed[name][from : from+pace+count])
		panic(http.ErrAbortHandler)
	}
	o := l.options(t, serve(t, s))
	o.Tries = 1
	if _, err := Fetch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	l.wantFolder(t, o.Dir)
	asked := s.of(l.images())
	if len(asked) != 4 || asked[0] != "" || asked[1] != "bytes="+strconv.Itoa(size/2)+"-" {
		t.Errorf("asked for %q", asked)
	}
}

// start leaves a part of the images behind, as a download that was interrupted does, and returns its size.
func (s *shelf) start(t *testing.T, o Options) int {
	t.Helper()
	name := s.images().Name + ".gz"
	good, half := s.spoil, len(s.packed[name])/2
	waiting, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	s.spoil = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if filepath.Base(r.URL.Path) != name {
			return false
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(s.packed[name])))
		if s.etag != "" {
			w.Header().Set("ETag", s.etag)
		}
		w.Write(s.packed[name][:half])
		w.(http.Flusher).Flush()
		close(waiting)
		<-release
		return true
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	var done int64
	o.Progress = func(p Progress) {
		if done = p.Done; p.File == name && done == int64(half) {
			<-waiting
			cancel(interrupted)
		}
	}
	if _, err := Fetch(ctx, o); err != interrupted {
		t.Fatalf("interrupted after %d bytes: %v", done, err)
	}
	s.spoil = good
	s.mutex.Lock()
	s.asked, s.sent = nil, 0
	s.mutex.Unlock()
	return half
}

// What an interrupted download leaves is used by the next one, if it can be.
func TestFetchResumes(t *testing.T) {
	l := newLibrary(t)
	name := l.images().Name + ".gz"
	size := len(l.packed[name])
	part := func(o Options) string { return filepath.Join(o.Dir, name+".part") }
	for title, test := range map[string]struct {
		etag   string
		change func(t *testing.T, s *shelf, o *Options)
		want   []string // ranges asked for, "half" the rest after what was there
	}{
		"same":               {`"1"`, func(*testing.T, *shelf, *Options) {}, []string{"half"}},
		"changed":            {`"1"`, func(_ *testing.T, s *shelf, _ *Options) { s.etag = `"2"` }, []string{"half"}}, // answered with all
		"no validator":       {"", func(t *testing.T, _ *shelf, o *Options) { wantEntries(t, o.Dir) }, []string{""}},
		"weak validator":     {`W/"1"`, func(t *testing.T, _ *shelf, o *Options) { wantEntries(t, o.Dir) }, []string{""}},
		"another mirror":     {`"1"`, func(t *testing.T, s *shelf, o *Options) { o.Mirrors[0] += "/x" }, []string{""}},
		"ranges are ignored": {`"1"`, func(_ *testing.T, s *shelf, _ *Options) { s.spoil = ignoreRanges }, []string{"half"}},
		"another range": {`"1"`, func(_ *testing.T, s *shelf, _ *Options) {
			s.spoil = s.wrongRange("bytes 0-9/" + strconv.Itoa(size))
		}, []string{"half", ""}},
		"all as a range": {`"1"`, func(_ *testing.T, s *shelf, _ *Options) {
			s.spoil = s.wrongRange("bytes 0-" + strconv.Itoa(size-1) + "/" + strconv.Itoa(size))
		}, []string{"half", ""}},
		"no range":            {`"1"`, func(_ *testing.T, s *shelf, _ *Options) { s.spoil = s.wrongRange("") }, []string{"half", ""}},
		"If-Range is ignored": {`"1"`, func(_ *testing.T, s *shelf, _ *Options) { s.etag, s.spoil = `"2"`, ignoreIfRange }, []string{"half", ""}},
		"not satisfiable": {`"1"`, func(_ *testing.T, s *shelf, _ *Options) {
			s.spoil = func(w http.ResponseWriter, r *http.Request, _ int) bool {
				if r.Header.Get("Range") == "" {
					return false
				}
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				return true
			}
		}, []string{"half", ""}},
		"damaged": {`"1"`, func(t *testing.T, _ *shelf, o *Options) {
			if err := os.WriteFile(part(*o), make([]byte, size/2), 0o666); err != nil {
				t.Fatal(err)
			}
		}, []string{"half", ""}},
		"whole but damaged": {`"1"`, func(t *testing.T, _ *shelf, o *Options) {
			if err := os.WriteFile(part(*o), make([]byte, size), 0o666); err != nil {
				t.Fatal(err)
			}
		}, []string{""}},
		"whole": {`"1"`, func(t *testing.T, _ *shelf, o *Options) {
			if err := os.WriteFile(part(*o), l.packed[name], 0o666); err != nil {
				t.Fatal(err)
			}
		}, nil},
		"far too large": {`"1"`, func(t *testing.T, _ *shelf, o *Options) {
			if err := os.Truncate(part(*o), 1<<30); err != nil {
				t.Fatal(err)
			}
		}, []string{""}},
		"a senseless note": {`"1"`, func(t *testing.T, _ *shelf, o *Options) {
			if err := os.WriteFile(part(*o)+".json", []byte(`{"url": 3`), 0o666); err != nil {
				t.Fatal(err)
			}
		}, []string{""}},
		"no note": {`"1"`, func(t *testing.T, _ *shelf, o *Options) {
			if err := os.Remove(part(*o) + ".json"); err != nil {
				t.Fatal(err)
			}
		}, []string{""}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			s := &shelf{library: l, etag: test.etag}
			o := l.options(t, serve(t, s))
			half := s.start(t, o)
			if strings.HasPrefix(test.etag, `"`) {
				wantEntries(t, o.Dir, name+".part", name+".part.json")
			}
			test.change(t, s, &o)
			if _, err := Fetch(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			l.wantFolder(t, o.Dir)
			want := slices.Clone(test.want)
			if i := slices.Index(want, "half"); i >= 0 {
				want[i] = "bytes=" + strconv.Itoa(half) + "-"
			}
			if asked := s.of(l.images()); !slices.Equal(asked, want) {
				t.Errorf("asked for %q, want %q", asked, want)
			}
			rest := int64(size - half)
			for _, p := range l.packed {
				rest += int64(len(p))
			}
			rest += int64(len(l.packed["t10k-labels-idx1-ubyte.gz"]) - size) // the probe's
			if title == "same" && s.sent != rest {
				t.Errorf("%d bytes were sent, %d were missing", s.sent, rest)
			}
		})
	}
}

// The mirror that a part is of is asked first, even if another is faster now.
func TestFetchResumesWhereItBegan(t *testing.T) {
	l := newLibrary(t)
	s := &shelf{library: l, etag: `"1"`}
	o := l.options(t, serve(t, s))
	s.start(t, o)
	other := &shelf{library: l, etag: `"1"`}
	s.spoil = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if filepath.Base(r.URL.Path) == l.files[3].Name+".gz" {
			<-r.Context().Done() // the probe, which the other mirror answers
		}
		return false
	}
	o.Mirrors = append(o.Mirrors, serve(t, other))
	if _, err := Fetch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	l.wantFolder(t, o.Dir)
	if here, there := s.of(l.images()), other.of(l.images()); len(here) != 1 || len(there) != 0 {
		t.Errorf("asked for the images: %q where they began, %q elsewhere", here, there)
	}
}

func ignoreRanges(_ http.ResponseWriter, r *http.Request, _ int) bool {
	r.Header.Del("Range")
	return false
}

func ignoreIfRange(_ http.ResponseWriter, r *http.Request, _ int) bool {
	r.Header.Del("If-Range")
	return false
}

// wrongRange answers with the beginning instead of the rest.
func (s *shelf) wrongRange(says string) func(http.ResponseWriter, *http.Request, int) bool {
	return func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Header.Get("Range") == "" {
			return false
		}
		w.Header().Set("ETag", s.etag)
		if says != "" {
			w.Header().Set("Content-Range", says)
		}
		w.WriteHeader(http.StatusPartialContent)
		w.Write(s.packed[filepath.Base(r.URL.Path)])
		return true
	}
}

// A mirror that cuts each download at the same place and cannot go on costs a few tries, no more.
func TestFetchCutAlways(t *testing.T) {
	l := newLibrary(t)
	name := l.images().Name + ".gz"
	s := &shelf{library: l, etag: `"1"`}
	s.spoil = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if filepath.Base(r.URL.Path) == name {
			s.cut(w, name, len(l.packed[name])/2)
		}
		return false
	}
	o := l.options(t, serve(t, s))
	o.Tries = 3
	if _, err := Fetch(t.Context(), o); err == nil || !strings.HasSuffix(err.Error(), ": unexpected EOF") {
		t.Errorf("error %v", err)
	}
	if n := len(s.of(l.images())); n != 4 { // the first is worth another one
		t.Errorf("asked %d times", n)
	}
}
