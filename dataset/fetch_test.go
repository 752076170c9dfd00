package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// library is four files as they are published, but small, and how mirrors pack them.
type library struct {
	files  []publishedFile
	packed map[string][]byte // by name.gz
}

func newLibrary(t testing.TB) *library {
	l := &library{packed: map[string][]byte{}}
	for i, content := range [][]byte{imagesFile(500, 28, 28), labelsFile(bytes.Repeat([]byte{1, 2, 3}, 200)...), imagesFile(90, 28, 28), labelsFile(7, 8, 9)} {
		p := publishedFiles[i]
		if p.magic == imagesMagic { // as long packed as plain
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for at := 16; at < len(content); at++ {
				content[at] = byte(random.Uint32())
			}
		}
		l.files = append(l.files, publishedFile{p.name, p.magic, int64(len(content)), digestOf(content)})
		l.packed[p.name+".gz"] = pack(t, content)
	}
	return l
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// images is the largest file, and the first.
func (l *library) images() publishedFile { return l.files[0] }

// shelf is a mirror of a library that remembers what it was asked.
type shelf struct {
	*library
	etag  string
	spoil func(w http.ResponseWriter, r *http.Request, count int) bool // answers in its place, or not

	mutex sync.Mutex
	asked []string // name and range of each request
	sent  int64    // bytes
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := filepath.Base(r.URL.Path)
	s.mutex.Lock()
	s.asked = append(s.asked, strings.TrimSpace(name+" "+r.Header.Get("Range")))
	if r.Header.Get("Accept-Encoding") != "identity" {
		s.asked = append(s.asked, name+" packed once more")
	}
	count := 0
	for _, asked := range s.asked {
		if strings.HasPrefix(asked, name) {
			count++
		}
	}
	etag := s.etag
	s.mutex.Unlock()
	if s.spoil != nil && s.spoil(w, r, count) {
		return
	}
	if etag != "" {
		w.Header().Set("ETag", etag)
	}
	http.ServeContent(&counted{w, s}, r, "", time.Time{}, bytes.NewReader(s.packed[name]))
}

type counted struct {
	http.ResponseWriter
	shelf *shelf
}

func (c *counted) Write(b []byte) (int, error) {
	c.shelf.mutex.Lock()
	c.shelf.sent += int64(len(b))
	c.shelf.mutex.Unlock()
	return c.ResponseWriter.Write(b)
}

// of are the requests for a file.
func (s *shelf) of(p publishedFile) (asked []string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, a := range s.asked {
		if strings.HasPrefix(a, p.name) {
			asked = append(asked, strings.TrimPrefix(strings.TrimPrefix(a, p.name+".gz"), " "))
		}
	}
	return asked
}

// cut sends the first bytes of a whole file and hangs up.
func (s *shelf) cut(w http.ResponseWriter, name string, bytes int) {
	w.Header().Set("Content-Length", strconv.Itoa(len(s.packed[name])))
	if s.etag != "" {
		w.Header().Set("ETag", s.etag)
	}
	w.Write(s.packed[name][:bytes])
	panic(http.ErrAbortHandler)
}

// options fetch the library into a new folder, without waiting.
func (l *library) options(t *testing.T, mirrors ...string) FetchOptions {
	return FetchOptions{
		Dir: filepath.Join(t.TempDir(), "new"), Mirrors: mirrors, files: l.files,
		Client: &http.Client{Transport: &http.Transport{}}, Connect: 20 * time.Second, Stall: 20 * time.Second, Pause: time.Millisecond,
	}
}

// wantFolder checks that the four files are right and nothing else is in the folder.
func (l *library) wantFolder(t *testing.T, dir string) {
	t.Helper()
	for _, p := range l.files {
		if content, path, err := openFolder(dir).read(p); err != nil || !p.is(content) {
			t.Errorf("%s: %v", path, err)
		}
	}
	wantEntries(t, dir, "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
}

func wantEntries(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, want) {
		t.Errorf("the folder has %v, want %v", names, want)
	}
}

func TestFetch(t *testing.T) {
	l := newLibrary(t)
	s := &shelf{library: l, etag: `"1"`}
	o := l.options(t, serve(t, s)+"/some/folder/")
	var notices []string
	o.Notice = func(text string) { notices = append(notices, text) }
	last := map[string]FetchProgress{}
	o.Progress = func(p FetchProgress) {
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
		if p := l.files[i]; r != (FetchReport{p.name, filepath.Join(o.Dir, p.name+".gz"), FetchedNow}) || !last[p.name+".gz"].Finished {
			t.Errorf("report %+v, progress %+v", r, last[p.name+".gz"])
		}
	}
	if len(notices) != 1 || !strings.HasPrefix(notices[0], "downloading Fashion-MNIST (30 MB) from 127.0.0.1") {
		t.Errorf("notices %q", notices)
	}

	// What is there and right is not asked for again, packed or plain; what is damaged is.
	plain := filepath.Join(o.Dir, l.files[1].name)
	if err := errors.Join(os.WriteFile(plain, labelsFile(bytes.Repeat([]byte{1, 2, 3}, 200)...), 0o666), os.Remove(plain+".gz")); err != nil {
		t.Fatal(err)
	}
	s.asked = nil
	clear(last)
	reports, err = Fetch(t.Context(), o)
	if err != nil || len(s.asked) != 0 || reports[0].Status != FetchedYet || reports[1].Path != plain {
		t.Errorf("again: %v, asked for %v, %+v", err, s.asked, reports)
	}
	if err := os.Truncate(filepath.Join(o.Dir, "t10k-images-idx3-ubyte.gz"), 5000); err != nil {
		t.Fatal(err)
	}
	reports, err = Fetch(t.Context(), o)
	if err != nil || len(s.of(l.files[2])) != 1 || len(s.of(l.files[0])) != 0 || reports[2].Status != FetchedNow || reports[3].Status != FetchedYet {
		t.Errorf("damaged: %v, asked for %v, %+v", err, s.asked, reports)
	}
}

// A sound file of somebody's own is not overwritten, and nobody is asked for anything.
func TestFetchLeavesOthers(t *testing.T) {
	l := newLibrary(t)
	s := &shelf{library: l}
	o := l.options(t, serve(t, s))
	own := filepath.Join(o.Dir, "t10k-labels-idx1-ubyte.gz")
	if err := errors.Join(os.Mkdir(o.Dir, 0o777), os.WriteFile(own, pack(t, labelsFile(1, 2)), 0o666)); err != nil {
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

// Each of the ways to be bad is an error that leaves nothing behind; with a good mirror beside it
// everything comes.
func TestFetchBadMirror(t *testing.T) {
	l := newLibrary(t)
	for name, bad := range badMirrors {
		for _, when := range []string{"always", "after the smallest file"} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				s := &shelf{library: l, spoil: func(w http.ResponseWriter, r *http.Request, _ int) bool {
					if when == "always" || filepath.Base(r.URL.Path) != "t10k-labels-idx1-ubyte.gz" {
						bad.serve(w, r)
						return true
					}
					return false
				}}
				url := serve(t, s)
				o := l.options(t, url)
				o.Stall, o.Tries = 200*time.Millisecond, 2
				_, err := Fetch(t.Context(), o)
				if err == nil || strings.Contains(err.Error(), "\n") || strings.Count(err.Error(), "127.0.0.1:") != 1 {
					t.Errorf("error %v", err)
				}
				if name == "endless" && !strings.Contains(err.Error(), "more than") {
					t.Errorf("error %v", err)
				}
				wantEntries(t, o.Dir)
				o.Stall, o.Mirrors = time.Second, []string{url, serve(t, &shelf{library: l})}
				if _, err := Fetch(t.Context(), o); err != nil {
					t.Errorf("with a second mirror: %v", err)
				}
				l.wantFolder(t, o.Dir)
			})
		}
	}
}

// Errors that may pass are waited for, others not.
func TestFetchTries(t *testing.T) {
	l := newLibrary(t)
	for status, again := range map[int]bool{500: true, 502: true, 503: true, 429: true, 408: true, 404: false, 403: false, 407: false} {
		s := &shelf{library: l, spoil: func(w http.ResponseWriter, _ *http.Request, count int) bool {
			if count <= 2 {
				w.WriteHeader(status)
			}
			return count <= 2
		}}
		o := l.options(t, serve(t, s))
		o.Tries = 3
		_, err := Fetch(t.Context(), o)
		if (err == nil) != again {
			t.Errorf("status %d twice: %v", status, err)
		}
		if asked := len(s.of(l.files[3])); again && asked != 4 || !again && asked != 1 { // the probe's three, and one
			t.Errorf("status %d twice: asked %d times", status, asked)
		}
		o.Tries, o.Dir, s.asked = 2, filepath.Join(t.TempDir(), "new"), nil
		if _, err := Fetch(t.Context(), o); err == nil || !strings.Contains(err.Error(), "status "+strconv.Itoa(status)+" ") {
			t.Errorf("status %d, two tries: %v", status, err)
		}
	}
}

// A download that is cut again and again goes on where it was, and each byte is sent once.
func TestFetchCut(t *testing.T) {
	l := newLibrary(t)
	name := l.images().name + ".gz"
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
func (s *shelf) start(t *testing.T, o FetchOptions) int {
	t.Helper()
	name := s.images().name + ".gz"
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
	o.Progress = func(p FetchProgress) {
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
	name := l.images().name + ".gz"
	size := len(l.packed[name])
	part := func(o FetchOptions) string { return filepath.Join(o.Dir, name+".part") }
	for title, test := range map[string]struct {
		etag   string
		change func(t *testing.T, s *shelf, o *FetchOptions)
		want   []string // ranges asked for, "half" the rest after what was there
	}{
		"same":               {`"1"`, func(*testing.T, *shelf, *FetchOptions) {}, []string{"half"}},
		"changed":            {`"1"`, func(_ *testing.T, s *shelf, _ *FetchOptions) { s.etag = `"2"` }, []string{"half"}}, // answered with all
		"no validator":       {"", func(t *testing.T, _ *shelf, o *FetchOptions) { wantEntries(t, o.Dir) }, []string{""}},
		"weak validator":     {`W/"1"`, func(t *testing.T, _ *shelf, o *FetchOptions) { wantEntries(t, o.Dir) }, []string{""}},
		"another mirror":     {`"1"`, func(t *testing.T, s *shelf, o *FetchOptions) { o.Mirrors[0] += "/x" }, []string{""}},
		"ranges are ignored": {`"1"`, func(_ *testing.T, s *shelf, _ *FetchOptions) { s.spoil = ignoreRanges }, []string{"half"}},
		"another range": {`"1"`, func(_ *testing.T, s *shelf, _ *FetchOptions) {
			s.spoil = s.wrongRange("bytes 0-9/" + strconv.Itoa(size))
		}, []string{"half", ""}},
		"all as a range": {`"1"`, func(_ *testing.T, s *shelf, _ *FetchOptions) {
			s.spoil = s.wrongRange("bytes 0-" + strconv.Itoa(size-1) + "/" + strconv.Itoa(size))
		}, []string{"half", ""}},
		"no range":            {`"1"`, func(_ *testing.T, s *shelf, _ *FetchOptions) { s.spoil = s.wrongRange("") }, []string{"half", ""}},
		"If-Range is ignored": {`"1"`, func(_ *testing.T, s *shelf, _ *FetchOptions) { s.etag, s.spoil = `"2"`, ignoreIfRange }, []string{"half", ""}},
		"not satisfiable": {`"1"`, func(_ *testing.T, s *shelf, _ *FetchOptions) {
			s.spoil = func(w http.ResponseWriter, r *http.Request, _ int) bool {
				if r.Header.Get("Range") == "" {
					return false
				}
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				return true
			}
		}, []string{"half", ""}},
		"damaged": {`"1"`, func(t *testing.T, _ *shelf, o *FetchOptions) {
			if err := os.WriteFile(part(*o), make([]byte, size/2), 0o666); err != nil {
				t.Fatal(err)
			}
		}, []string{"half", ""}},
		"whole but damaged": {`"1"`, func(t *testing.T, _ *shelf, o *FetchOptions) {
			if err := os.WriteFile(part(*o), make([]byte, size), 0o666); err != nil {
				t.Fatal(err)
			}
		}, []string{""}},
		"whole": {`"1"`, func(t *testing.T, _ *shelf, o *FetchOptions) {
			if err := os.WriteFile(part(*o), l.packed[name], 0o666); err != nil {
				t.Fatal(err)
			}
		}, nil},
		"far too large": {`"1"`, func(t *testing.T, _ *shelf, o *FetchOptions) {
			if err := os.Truncate(part(*o), 1<<30); err != nil {
				t.Fatal(err)
			}
		}, []string{""}},
		"a senseless note": {`"1"`, func(t *testing.T, _ *shelf, o *FetchOptions) {
			if err := os.WriteFile(part(*o)+".json", []byte(`{"url": 3`), 0o666); err != nil {
				t.Fatal(err)
			}
		}, []string{""}},
		"no note": {`"1"`, func(t *testing.T, _ *shelf, o *FetchOptions) {
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
		if filepath.Base(r.URL.Path) == l.files[3].name+".gz" {
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

func TestInRoundsEndsWithTheDisk(t *testing.T) {
	f := fetcher{FetchOptions{Tries: 5, Notice: func(string) {}}}
	full := &os.PathError{Op: "write", Path: "x", Err: errors.New("no space left on device")}
	asked := 0
	err := f.inRounds(t.Context(), []string{"http://a", "http://b"}, func([]string) []failure {
		asked++
		return []failure{{"http://a", full}}
	})
	if err != full || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
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
	name := l.images().name + ".gz"
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

func TestFetchRedirected(t *testing.T) {
	l := newLibrary(t)
	behind := serve(t, &shelf{library: l})
	o := l.options(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, behind+r.URL.Path, http.StatusFound)
	})))
	if _, err := Fetch(t.Context(), o); err != nil {
		t.Error(err)
	}
	l.wantFolder(t, o.Dir)
}

func TestFetchThroughProxy(t *testing.T) {
	l := newLibrary(t)
	s := &shelf{library: l}
	var hosts []string
	proxy, err := url.Parse(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts = append(hosts, r.URL.Host) // which only a request to a proxy has
		s.ServeHTTP(w, r)
	})))
	if err != nil {
		t.Fatal(err)
	}
	o := l.options(t, "http://mirror.invalid/data")
	o.Client.Transport.(*http.Transport).Proxy = http.ProxyURL(proxy)
	if _, err := Fetch(t.Context(), o); err != nil {
		t.Error(err)
	}
	l.wantFolder(t, o.Dir)
	if len(hosts) != 5 || hosts[0] != "mirror.invalid" {
		t.Errorf("the proxy was asked for %v", hosts)
	}
}

// Of several that fetch into a folder at the same time, one does it.
func TestFetchTogether(t *testing.T) {
	l := newLibrary(t)
	name := l.images().name + ".gz"
	s := &shelf{library: l, spoil: func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if filepath.Base(r.URL.Path) == name {
			time.Sleep(50 * time.Millisecond)
		}
		return false
	}}
	o := l.options(t, serve(t, s))
	var all sync.WaitGroup
	var mutex sync.Mutex
	waited := 0
	o.Notice = func(text string) {
		mutex.Lock()
		defer mutex.Unlock()
		if strings.HasPrefix(text, "another process is downloading to ") {
			waited++
		}
	}
	for range 4 {
		all.Go(func() {
			if _, err := Fetch(t.Context(), o); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	l.wantFolder(t, o.Dir)
	if n := len(s.of(l.images())); n != 1 || waited != 3 {
		t.Errorf("asked %d times for the images, %d waited", n, waited)
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
	if _, err := Fetch(t.Context(), o); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("in a file: %v", err)
	}
	// What is in the way is not removed, and nobody else is asked.
	o = l.options(t, serve(t, s), "http://127.0.0.1:1")
	for _, name := range []string{"train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz.part"} {
		way := filepath.Join(o.Dir, name)
		if err := os.MkdirAll(filepath.Join(way, "in"), 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := Fetch(t.Context(), o); err == nil || !strings.Contains(err.Error(), way) || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("a folder in the way: %v", err)
		}
		if err := errors.Join(os.Remove(filepath.Join(way, "in")), os.Remove(way)); err != nil {
			t.Errorf("a folder in the way: %v", err)
		}
	}
}

func TestGetStalls(t *testing.T) {
	f := fetcher{FetchOptions{Client: http.DefaultClient, Stall: 50 * time.Millisecond}}
	get := func(url string) error {
		return f.get(t.Context(), url, nil, func(_ *http.Response, body io.Reader) error {
			_, err := io.Copy(io.Discard, body)
			return err
		})
	}
	for _, name := range []string{"hangs within", "hangs before"} {
		if err := get(serve(t, badMirrors[name].serve)); err == nil || err.Error() != "less than 16,384 bytes received in 50ms" {
			t.Errorf("%s: %v", name, err)
		}
	}
	// 25 pieces, one each 50 ms.
	inPieces := func(size int) string {
		return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for range 25 {
				w.Write(make([]byte, size))
				w.(http.Flusher).Flush()
				select {
				case <-time.After(50 * time.Millisecond):
				case <-r.Context().Done():
					return
				}
			}
		}))
	}
	// Slow but steady is no stall; a busy machine may hold a piece back.
	f.Stall = time.Second
	if err := get(inPieces(3000)); err != nil {
		t.Errorf("slow mirror: %v", err)
	}
	f.Stall = 200 * time.Millisecond
	if err := get(inPieces(1)); err == nil {
		t.Error("a mirror that drips is waited for")
	}
}

// A packed file may claim to hold anything: what is unpacked is bounded by what is published.
func TestFetchBomb(t *testing.T) {
	l := newLibrary(t)
	small := l.files[3]
	bomb := pack(t, append(labelsFile(7, 8, 9), make([]byte, 50<<20)...))
	for name, content := range map[string][]byte{"more than announced": bomb, "announced": pack(t, labelsFile(make([]byte, 50<<20)...))} {
		var err error
		taken := allocated(func() { err = verify(bytes.NewReader(content), int64(len(content)), small) })
		if err == nil || taken > 4<<20 {
			t.Errorf("%s: %v, %d bytes allocated", name, err, taken)
		}
	}
}

func TestCheckMirror(t *testing.T) {
	for mirror, good := range map[string]bool{
		"http://x": true, "https://x.example:8443/a/b/": true, "x.example": false, "ftp://x": false, "http://": false, "": false,
		"http://x/?a=b": false, "http://x/#a": false, "file:///data": false, "http://x\n": false,
	} {
		if err := CheckMirror(mirror); (err == nil) != good {
			t.Errorf("%q: %v", mirror, err)
		}
	}
	// The real list: only its form, since tests touch no network.
	for _, mirror := range mirrors {
		if got := fileURL(mirror, publishedFiles[0]); CheckMirror(mirror) != nil || !strings.HasSuffix(got, "/train-images-idx3-ubyte.gz") || host(mirror) == mirror {
			t.Errorf("mirror %s gives %s", mirror, got)
		}
	}
}

// Where `data fetch` puts the files is where fit looks first, or where they are already.
func TestFetchDir(t *testing.T) {
	var notices []string
	o := noWeb(t, &notices)
	if got := FetchDir(o); got != o.CacheDir {
		t.Errorf("nothing anywhere: %s", got)
	}
	if err := os.MkdirAll(o.SystemDir, 0o777); err != nil {
		t.Fatal(err)
	}
	if got := FetchDir(o); got != o.CacheDir {
		t.Errorf("an empty folder of the system: %s", got)
	}
	o.Getenv = func(string) string { return "elsewhere" }
	if got := FetchDir(o); got != "elsewhere" {
		t.Errorf("named by the variable: %s", got)
	}
	o.Getenv = func(string) string { return "sample" }
	if got := FetchDir(o); got != o.CacheDir {
		t.Errorf("the sample: %s", got)
	}
	if _, err := os.Stat(debianFolder); err == nil && !testing.Short() {
		o.SystemDir = debianFolder
		if got := FetchDir(o); got != debianFolder {
			t.Errorf("the system's are whole: %s", got)
		}
	}
}

// serve starts a mirror on this machine.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
