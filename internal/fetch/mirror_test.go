package fetch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vggtrain/internal/idx"
	"vggtrain/internal/idx/idxtest"
	"vggtrain/internal/memory/memorytest"
)

// The ways a mirror can be bad. Each must end in its error, and none may leave a file.
var badMirrors = map[string]struct {
	serve http.HandlerFunc
	want  string // in the error; "no answer in time": it hangs, and is found by the time alone
}{
	"not found": {http.NotFound, "status 404 Not Found"},
	"broken":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "status 500 Internal Server Error"},
	"a login page": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>Welcome to our network</html>") },
		"sent text/html and not the file: perhaps a page to log in"},
	"empty": {func(http.ResponseWriter, *http.Request) {}, "the header has 0 bytes"},
	"other labels": {func(w http.ResponseWriter, _ *http.Request) { w.Write(idxtest.Labels(1, 2, 3)) },
		"not the published file"},
	"cut short": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5000")
		w.Write(idxtest.Labels(1, 2, 3))
	}, "unexpected EOF"},
	"endless": {func(w http.ResponseWriter, _ *http.Request) {
		for block := append([]byte(idx.GzipMagic), make([]byte, 1<<16)...); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}, "more than 65,547 bytes sent"},
	"hangs before": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer in time"},
	"hangs within": {func(w http.ResponseWriter, r *http.Request) {
		w.Write(idxtest.Labels(1))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, "no answer in time"},
	"redirects for ever": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, "stopped after 10 redirects"},
	"hangs up":           {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
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
				o.Tries = 2
				hangs := bad.want == "no answer in time"
				if hangs {
					o.Stall = 200 * time.Millisecond
				}
				_, err := Fetch(t.Context(), o)
				if err == nil || strings.Contains(err.Error(), "\n") || strings.Count(err.Error(), "127.0.0.1:") != 1 {
					t.Errorf("error %v", err)
				}
				if when == "always" && !hangs && !strings.Contains(err.Error(), bad.want) {
					t.Errorf("error %v, want one with %q", err, bad.want)
				}
				if name == "endless" && !strings.Contains(err.Error(), "more than") {
					t.Errorf("error %v", err)
				}
				wantEntries(t, o.Dir)
				if hangs { // a good mirror may be late too, but not each time
					o.Stall, o.Tries = time.Second, 1000
				}
				o.Mirrors = []string{url, serve(t, &shelf{library: l})}
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

func TestInRoundsEndsWithTheDisk(t *testing.T) {
	f := Options{Tries: 5, Notice: func(string) {}}
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

func TestGetHangs(t *testing.T) {
	f := Options{Client: http.DefaultClient, Stall: 50 * time.Millisecond}
	for _, name := range []string{"hangs within", "hangs before"} {
		if err := f.discard(t, serve(t, badMirrors[name].serve)); err == nil || err.Error() != "less than 16,384 bytes received in 50ms" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// discard gets a URL and throws away what it is.
func (f Options) discard(t *testing.T, url string) error {
	return f.get(t.Context(), url, http.Header{}, func(_ *http.Response, body io.Reader) error {
		_, err := io.Copy(io.Discard, body)
		return err
	})
}

// Slow but steady is no stall, a drop now and then is. The time is the bubble's: nothing waits.
func TestGetStalls(t *testing.T) {
	const stalled = "less than 16,384 bytes received in 9.5s"
	synctest.Test(t, func(t *testing.T) {
		f := Options{Stall: 9500 * time.Millisecond} // between two drops
		for size, want := range map[int]string{1: stalled, pace / 9: stalled, pace/9 + 1: ""} {
			f.Client = &http.Client{Transport: dripping(size)}
			got := ""
			if err := f.discard(t, "http://mirror.invalid/file"); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%d bytes a second: error %q, want %q", size, got, want)
			}
		}
	})
}

// dripping is a mirror on which a file takes a minute, of so many bytes a second.
type dripping int

func (d dripping) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: &drip{r.Context(), int(d), 60}}, nil
}

type drip struct {
	ctx           context.Context
	size, seconds int // of a drop; left
}

func (d *drip) Close() error { return nil }

func (d *drip) Read(b []byte) (int, error) {
	if d.seconds--; d.seconds < 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(time.Second):
		return min(len(b), d.size), nil
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

// A packed file may claim to hold anything: what is unpacked is bounded by what is published.
func TestFetchBomb(t *testing.T) {
	l := newLibrary(t)
	small := l.files[3]
	bomb := idxtest.Pack(t, append(idxtest.Labels(7, 8, 9), make([]byte, 50<<20)...))
	for name, content := range map[string][]byte{"more than announced": bomb, "announced": idxtest.Pack(t, idxtest.Labels(make([]byte, 50<<20)...))} {
		var err error
		const bound = 4 << 20
		taken := memorytest.Allocated(bound, func() { err = verify(bytes.NewReader(content), int64(len(content)), small) })
		if err == nil || taken > bound {
			t.Errorf("%s: %v, %d bytes allocated", name, err, taken)
		}
	}
}

// A mirror cannot make us unpack more than the file that is looked for.
func TestVerifyBound(t *testing.T) {
	p := idx.Published[3]
	packed := idxtest.Pack(t, append(idxtest.Header(p.Magic, 10_100), make([]byte, 10_100)...))
	err := verify(bytes.NewReader(packed), int64(len(packed)), p)
	if want := "10,100 bytes of labels announced: no more than 10,008 are read"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
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
		if got := fileURL(mirror, idx.Published[0]); CheckMirror(mirror) != nil || !strings.HasSuffix(got, "/train-images-idx3-ubyte.gz") || host(mirror) == mirror {
			t.Errorf("mirror %s gives %s", mirror, got)
		}
	}
}
