package fetch

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A part that is wrong and cannot be thrown away, as on a disk that has become read-only, is the
// disk's error, once.
func TestFetchCannotDiscard(t *testing.T) {
	l := newLibrary(t)
	path := filepath.Join(t.TempDir(), "images.part")
	if err := os.WriteFile(path, []byte("wrong"), 0o666); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path) // which nobody may truncate
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const from = "http://127.0.0.1:1"
	p := &part{file: file, size: 5, of: source{from, `"1"`, 5}}
	if err := l.options(t, from).withDefaults().fromMirror(t.Context(), p, l.images(), from); !isDisks(err) {
		t.Errorf("error %v, want the disk's", err)
	}
}

// A mirror that brings much each time, but never pieces that fit, is given up.
func TestFetchPiecesNeverFit(t *testing.T) {
	l := newLibrary(t)
	name := l.images().Name + ".gz"
	size := len(l.packed[name])
	for title, rest := range map[string]func(w http.ResponseWriter, from int){
		"another range": func(w http.ResponseWriter, _ int) {
			w.Header().Set("Content-Range", "bytes 0-9/"+strconv.Itoa(size))
			w.WriteHeader(http.StatusPartialContent)
		},
		"other bytes": func(w http.ResponseWriter, from int) {
			w.Header().Set("Content-Range", "bytes "+strconv.Itoa(from)+"-"+strconv.Itoa(size-1)+"/"+strconv.Itoa(size))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(make([]byte, size-from))
		},
	} {
		s := &shelf{library: l, etag: `"1"`}
		s.spoil = func(w http.ResponseWriter, r *http.Request, count int) bool {
			switch {
			case filepath.Base(r.URL.Path) != name:
				return false
			case count > 20: // so that this test ends
				http.NotFound(w, r)
			case r.Header.Get("Range") == "":
				s.cut(w, name, size/2)
			default:
				rest(w, size/2)
			}
			return true
		}
		o := l.options(t, serve(t, s))
		o.Tries = 1
		if _, err := Fetch(t.Context(), o); err == nil || strings.Contains(err.Error(), "404 Not Found") {
			t.Errorf("%s: error %v", title, err)
		}
		if n := len(s.of(l.images())); n != 4 { // and once more from the beginning
			t.Errorf("%s: asked %d times: %q", title, n, s.of(l.images()))
		}
		if _, err := os.Stat(filepath.Join(o.Dir, name+".part")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: a part is left (%v)", title, err)
		}
	}
}
