// Package fetch downloads the published files of Fashion-MNIST. It takes the fastest of several
// mirrors, resumes earlier attempts and verifies the files.
package fetch

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vggtrain/internal/display"
	"vggtrain/internal/idx"
)

// Options are the settings of Fetch. A zero field means its default.
type Options struct {
	Dir      string         // where the files go
	Mirrors  []string       // folders of the four .gz files, by http or https: the fastest is asked first, then the others in turn
	Tries    int            // attempts at each mirror before it counts as failed
	Notice   func(string)   // receives warnings for the user; may be nil
	Progress func(Progress) // receives the progress of a file as its bytes arrive; may be nil

	Client  *http.Client  // one that respects the environment's proxies
	Connect time.Duration // time limit for a mirror to send the smallest file
	Stall   time.Duration // time limit for real progress of a download
	Pause   time.Duration // before mirrors are asked again; twice as long each time

	files []idx.File // in their order; others than the published ones are for tests
}

// Progress is the state of a file's download.
type Progress struct {
	File     string // train-images-idx3-ubyte.gz
	Done     int64  // bytes present, including earlier attempts'
	Size     int64  // bytes in all; 0: the mirror did not say
	Finished bool   // the file is whole, verified and in place
}

// Values of Report.Status.
const (
	FetchedNow    = "fetched"
	FetchedBefore = "already there" // and right
)

// Report is the result of Fetch for one of the four files.
type Report struct {
	Name   string // train-images-idx3-ubyte
	Path   string // where it is
	Status string // FetchedNow or FetchedBefore
}

func (o Options) withDefaults() Options {
	if o.Mirrors == nil {
		o.Mirrors = mirrors
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.files == nil {
		o.files = idx.Published[:]
	}
	o.Tries = cmp.Or(o.Tries, 5)
	o.Client = cmp.Or(o.Client, http.DefaultClient) // whose transport asks http.ProxyFromEnvironment
	o.Connect = cmp.Or(o.Connect, 15*time.Second)
	o.Stall = cmp.Or(o.Stall, 10*time.Second)
	o.Pause = cmp.Or(o.Pause, 500*time.Millisecond)
	return o
}

// Fetch downloads the missing and damaged ones of the four published files to o.Dir. A file appears
// whole and verified, or not at all. A partial download stays beside it as name.gz.part: the next
// Fetch resumes it if the mirror can and its file is unchanged. A sound file with other content is an
// error and left alone. If several processes fetch into one folder, one does and the others wait.
func Fetch(ctx context.Context, o Options) ([]Report, error) {
	o = o.withDefaults()
	if info, err := os.Stat(o.Dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: not a folder: fetch into another one", display.Name(o.Dir)) // before anyone is asked
	}
	reports, err := o.survey()
	if err != nil || !slices.ContainsFunc(reports, missing) {
		return reports, err
	}
	ranked, err := o.probe(ctx)
	if err != nil {
		return nil, err
	}
	reports, err = o.fill(ctx, ranked)
	if path, why := diskFault(err); path != "" {
		err = fmt.Errorf("%s: cannot be written (%w): make room for it and allow it, or fetch into another folder", display.Name(path), why)
	}
	return reports, err
}

// fill makes the folder if necessary, and fetches what it lacks.
func (o Options) fill(ctx context.Context, ranked []string) ([]Report, error) {
	if err := os.MkdirAll(o.Dir, 0o777); err != nil {
		return nil, err
	}
	unlock, err := lockFolder(ctx, o.Dir, o.Notice)
	if err != nil {
		return nil, err
	}
	defer unlock()
	reports, err := o.survey() // another process may have fetched some meanwhile
	if err != nil {
		return nil, err
	}
	var lacking []idx.File
	for i, p := range o.files {
		if missing(reports[i]) {
			lacking = append(lacking, p)
		}
	}
	if len(lacking) == 0 {
		return reports, nil
	}
	what := "Fashion-MNIST (29 MiB)"
	if len(lacking) < len(o.files) {
		what = fmt.Sprintf("%d of the %d files of Fashion-MNIST", len(lacking), len(o.files))
	}
	o.Notice(fmt.Sprintf("downloading %s from %s to %s", what, host(ranked[0]), display.Name(o.Dir)))
	for _, p := range lacking {
		if err := o.fetchFile(ctx, p, ranked); err != nil {
			return nil, err
		}
	}
	return reports, nil
}

// Complete reports whether a folder has all published files.
func Complete(dir string) bool {
	reports, err := Options{Dir: dir}.withDefaults().survey()
	return err == nil && !slices.ContainsFunc(reports, missing)
}

func missing(r Report) bool { return r.Status != FetchedBefore }

// survey reports which of the published files the folder has, and where the others will be.
func (o Options) survey() ([]Report, error) {
	var reports []Report
	for _, p := range o.files {
		switch content, path, err := p.Find(os.DirFS(o.Dir), o.Dir); {
		case err != nil: // also where it cannot be read: that it cannot be replaced either is found later
			reports = append(reports, Report{p.Name, o.place(p), FetchedNow})
		case p.Is(content):
			reports = append(reports, Report{p.Name, path, FetchedBefore})
		default:
			return nil, fmt.Errorf("%s: a sound file, but not the published one: move it away, or fetch into another folder", display.Name(path))
		}
	}
	return reports, nil
}

// place is the path of a downloaded file. A server may have unpacked it on its way: readers go by the
// content.
func (o Options) place(p idx.File) string { return filepath.Join(o.Dir, p.Name+".gz") }
