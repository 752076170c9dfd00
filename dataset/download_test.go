package dataset

import (
	"context"
	"errors"
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

// quick are options that wait for no time but for that of a mirror that hangs.
func quick(t *testing.T, notices *[]string, mirrors ...string) OpenOptions {
	o := noWeb(t, notices)
	o.fetch.Client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	o.fetch.Mirrors = mirrors
	o.fetch.Connect, o.fetch.Stall = time.Minute, time.Minute
	return o
}

func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// serve starts a mirror on this machine.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// A mirror that is bad, in whatever way, leaves the sample.
func TestDownloadFails(t *testing.T) {
	for want, bad := range map[string]http.HandlerFunc{"status 404 Not Found": http.NotFound, "no answer in time": hangs} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			var notices []string
			o := quick(t, &notices, serve(t, bad))
			if want == "no answer in time" {
				o.fetch.Connect = 300 * time.Millisecond
			}
			data, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if data.Kind != Sampled || len(notices) != 2 || !strings.Contains(notices[0], want) {
				t.Errorf("kind %s, notices %q, want %q in the first", data.Kind, notices, want)
			}
			if _, err := os.Stat(o.cacheDir); !errors.Is(err, os.ErrNotExist) {
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
	o := quick(t, &notices, serve(t, http.HandlerFunc(hangs)), serve(t, http.HandlerFunc(http.NotFound)), good)
	data, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if data.Kind != Published || data.Origin != o.cacheDir || len(notices) != 1 || !strings.HasPrefix(notices[0], "downloading") {
		t.Errorf("kind %s from %s, notices %q", data.Kind, data.Origin, notices)
	}
	entries, err := os.ReadDir(o.cacheDir)
	if err != nil || len(entries) != 4 {
		t.Errorf("the cache holds %v (%v), want four files", entries, err)
	}
	// A second run needs no network, a third mends what was damaged.
	o.fetch.Client = &http.Client{Transport: noTransport{t}}
	if data, err := Open(t.Context(), o); err != nil || data.Origin != o.cacheDir {
		t.Errorf("second: %v, %v", data, err)
	}
	if err := os.Truncate(filepath.Join(o.cacheDir, "t10k-images-idx3-ubyte.gz"), 1000); err != nil {
		t.Fatal(err)
	}
	o.fetch.Client = http.DefaultClient
	if data, err := Open(t.Context(), o); err != nil || data.Origin != o.cacheDir {
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
	o.cacheDir = filepath.Join(file, "cache") // cannot be made
	data, err := Open(t.Context(), o)
	if err != nil || data.Kind != Sampled || !strings.Contains(strings.Join(notices, "|"), "not a directory") {
		t.Errorf("data %v, error %v, notices %q", data, err, notices)
	}
}
