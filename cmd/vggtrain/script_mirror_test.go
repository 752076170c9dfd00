package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptMirror runs `mirror NAME KIND`: it starts a server of Fashion-MNIST's files on this machine,
// puts its URL into the variable NAME, and writes a line of path and range for each request to
// NAME.log. The kinds:
//
//	good      has Debian's files
//	twice     answers "500 Internal Server Error" the first two times, for the smallest file
//	cut       hangs up in the middle of each file, the first time
//	slow      takes two minutes for the largest file, the first time
//	none      has no files
//	login     sends a page to log in, whatever is asked for
func scriptMirror(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mirror NAME KIND")
	}
	files := http.FileServer(http.Dir(publishedFolder))
	handler, known := map[string]func(http.ResponseWriter, *http.Request, int){
		"good": func(w http.ResponseWriter, r *http.Request, _ int) { files.ServeHTTP(w, r) },
		"twice": func(w http.ResponseWriter, r *http.Request, count int) {
			if count <= 2 && strings.Contains(r.URL.Path, "t10k-labels") {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			files.ServeHTTP(w, r)
		},
		"cut": func(w http.ResponseWriter, r *http.Request, count int) {
			if count == 1 && strings.Contains(r.URL.Path, "images") {
				w = &halfWriter{w, sizeOf(r.URL.Path) / 2}
			}
			files.ServeHTTP(w, r)
		},
		"slow": func(w http.ResponseWriter, r *http.Request, count int) {
			if count == 1 && strings.Contains(r.URL.Path, "train-images") {
				w = slowWriter{w}
			}
			files.ServeHTTP(w, r)
		},
		"none": func(w http.ResponseWriter, r *http.Request, _ int) { http.NotFound(w, r) },
		"login": func(w http.ResponseWriter, _ *http.Request, _ int) {
			fmt.Fprint(w, "<html><title>Welcome to our network</title></html>")
		},
	}[args[1]]
	if !known {
		ts.Fatalf("no mirror is %s", args[1])
	}
	log, err := os.Create(ts.MkAbs(args[0] + ".log"))
	ts.Check(err)
	var mutex sync.Mutex
	counts := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		fmt.Fprintln(log, strings.TrimSpace(r.URL.String()+" "+r.Header.Get("Range")))
		counts[r.URL.Path]++
		count := counts[r.URL.Path]
		mutex.Unlock()
		r.URL.Path = "/" + path.Base(r.URL.Path) // in any folder
		handler(w, r, count)
	}))
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
		_ = log.Close() // what is missing in it, the script has missed
	})
	ts.Setenv(args[0], server.URL)
}

func sizeOf(urlPath string) int {
	info, err := os.Stat(path.Join(publishedFolder, path.Base(urlPath)))
	if err != nil {
		return 0
	}
	return int(info.Size())
}

// halfWriter hangs up after so many bytes.
type halfWriter struct {
	http.ResponseWriter
	left int
}

func (h *halfWriter) Write(b []byte) (int, error) {
	if h.left -= len(b); h.left < 0 {
		panic(http.ErrAbortHandler)
	}
	return h.ResponseWriter.Write(b)
}

// slowWriter writes 256 KiB a second.
type slowWriter struct{ http.ResponseWriter }

func (s slowWriter) Write(b []byte) (int, error) {
	time.Sleep(time.Duration(len(b)) * time.Second / (256 << 10))
	n, err := s.ResponseWriter.Write(b)
	s.ResponseWriter.(http.Flusher).Flush()
	return n, err
}
