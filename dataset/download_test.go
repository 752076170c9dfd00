package dataset

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// goodMirror serves the published files, which this machine must have.
func goodMirror(t *testing.T) http.Handler {
	if _, err := os.Stat(debianFolder); err != nil {
		t.Skipf("the real Fashion-MNIST is not here (%v): apt-get install dataset-fashion-mnist", err)
	}
	return http.FileServer(http.Dir(debianFolder))
}

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
	"other labels": {func(w http.ResponseWriter, _ *http.Request) { w.Write(labelsFile(1, 2, 3)) },
		"not the published file"},
	"cut short": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5000")
		w.Write(labelsFile(1, 2, 3))
	}, "unexpected EOF"},
	"endless": {func(w http.ResponseWriter, _ *http.Request) {
		for block := append([]byte(gzipMagic), make([]byte, 1<<16)...); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}, "more than 75,544 bytes sent"},
	"hangs before": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer in time"},
	"hangs within": {func(w http.ResponseWriter, r *http.Request) {
		w.Write(labelsFile(1))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, "no answer in time"},
	"redirects for ever": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, "stopped after 10 redirects"},
	"hangs up":           {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
}

// quick are options that wait for no time but for that of a mirror that hangs.
func quick(t *testing.T, notices *[]string, mirrors ...string) OpenOptions {
	o := noWeb(t, notices)
	o.Client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	o.Mirrors = mirrors
	o.Connect, o.Stall = time.Minute, time.Minute
	return o
}

func TestDownloadFails(t *testing.T) {
	for name, bad := range badMirrors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var notices []string
			o := quick(t, &notices, serve(t, bad.serve))
			if bad.want == "no answer in time" {
				o.Connect = 300 * time.Millisecond
			}
			data, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if data.Kind != Sampled || len(notices) != 2 || !strings.Contains(notices[0], bad.want) {
				t.Errorf("kind %s, notices %q, want %q in the first", data.Kind, notices, bad.want)
			}
			if _, err := os.Stat(o.CacheDir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the cache folder was made (%v)", err)
			}
		})
	}
}

// Nobody listens: the usual state without a network, which must cost no time.
func TestDownloadRefused(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	var notices []string
	data, err := Open(t.Context(), quick(t, &notices, s.URL, "http://[::1]:1", "no url at all"))
	if err != nil || data.Kind != Sampled || len(notices) != 2 {
		t.Errorf("data %v, error %v, notices %q", data, err, notices)
	}
}

func TestDownload(t *testing.T) {
	if testing.Short() {
		t.Skip("TestFetch downloads less")
	}
	good := serve(t, goodMirror(t))
	var notices []string
	o := quick(t, &notices, serve(t, badMirrors["hangs before"].serve), serve(t, badMirrors["not found"].serve), good)
	data, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if data.Kind != Published || data.Origin != o.CacheDir || len(notices) != 1 || !strings.HasPrefix(notices[0], "downloading") {
		t.Errorf("kind %s from %s, notices %q", data.Kind, data.Origin, notices)
	}
	entries, err := os.ReadDir(o.CacheDir)
	if err != nil || len(entries) != 4 {
		t.Errorf("the cache holds %v (%v), want four files", entries, err)
	}
	// A second run needs no network, a third mends what was damaged.
	o.Client = &http.Client{Transport: noTransport{t}}
	if data, err := Open(t.Context(), o); err != nil || data.Origin != o.CacheDir {
		t.Errorf("second: %v, %v", data, err)
	}
	if err := os.Truncate(filepath.Join(o.CacheDir, "t10k-images-idx3-ubyte.gz"), 1000); err != nil {
		t.Fatal(err)
	}
	o.Client = http.DefaultClient
	if data, err := Open(t.Context(), o); err != nil || data.Origin != o.CacheDir {
		t.Errorf("third: %v, %v", data, err)
	}
	if last := notices[len(notices)-2]; !strings.Contains(last, "cut short") {
		t.Errorf("notices %q", notices)
	}
}

func TestDownloadCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var notices []string
	o := quick(t, &notices, serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})))
	if data, err := Open(ctx, o); err != context.Canceled {
		t.Errorf("data %v, error %v, want context.Canceled", data, err)
	}
}

func TestDownloadNoFolder(t *testing.T) {
	good := serve(t, goodMirror(t))
	var notices []string
	o := quick(t, &notices, good)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o.CacheDir = filepath.Join(file, "cache") // cannot be made
	data, err := Open(t.Context(), o)
	if err != nil || data.Kind != Sampled || !strings.Contains(strings.Join(notices, "|"), "not a directory") {
		t.Errorf("data %v, error %v, notices %q", data, err, notices)
	}
}
