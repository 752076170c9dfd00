package fetch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vggtrain/internal/idx"
	"vggtrain/internal/idx/idxtest"
)

// library is four files as they are published, but small, and how mirrors pack them.
type library struct {
	files  []idx.File
	packed map[string][]byte // by name.gz
}

func newLibrary(t testing.TB) *library {
	l := &library{packed: map[string][]byte{}}
	for i, content := range [][]byte{idxtest.Images(500, 28, 28), idxtest.Labels(bytes.Repeat([]byte{1, 2, 3}, 200)...), idxtest.Images(90, 28, 28), idxtest.Labels(7, 8, 9)} {
		p := idx.Published[i]
		if p.Magic == idx.ImagesMagic { // as long packed as plain
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for at := 16; at < len(content); at++ {
				content[at] = byte(random.Uint32())
			}
		}
		l.files = append(l.files, idx.File{Name: p.Name, Magic: p.Magic, Size: int64(len(content)), SHA256: digestOf(content)})
		l.packed[p.Name+".gz"] = idxtest.Pack(t, content)
	}
	return l
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// images is the largest file, and the first.
func (l *library) images() idx.File { return l.files[0] }

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
func (s *shelf) of(p idx.File) (asked []string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, a := range s.asked {
		if strings.HasPrefix(a, p.Name) {
			asked = append(asked, strings.TrimPrefix(strings.TrimPrefix(a, p.Name+".gz"), " "))
		}
	}
	return asked
}

// options fetch the library into a new folder, without waiting.
func (l *library) options(t *testing.T, mirrors ...string) Options {
	return Options{
		Dir: filepath.Join(t.TempDir(), "new"), Mirrors: mirrors, files: l.files,
		Client: &http.Client{Transport: &http.Transport{}}, Connect: 20 * time.Second, Stall: 20 * time.Second, Pause: time.Millisecond,
	}
}

// wantFolder checks that the four files are right and nothing else is in the folder.
func (l *library) wantFolder(t *testing.T, dir string) {
	t.Helper()
	for _, p := range l.files {
		if content, path, err := p.Find(os.DirFS(dir), dir); err != nil || !p.Is(content) {
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

// serve starts a mirror on this machine.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
