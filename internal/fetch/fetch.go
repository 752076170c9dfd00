// Package fetch downloads the published files of Fashion-MNIST. It takes the fastest of several mirrors,
// goes on from what an earlier attempt has left, and checks what has come.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vggtrain/internal/display"
	"vggtrain/internal/idx"

	"github.com/dustin/go-humanize"
)

// Options say where Fetch takes files from and how patient it is. A zero field is a default.
type Options struct {
	Dir      string         // where the files go
	Mirrors  []string       // folders of the four .gz files, by http or https: the fastest is asked first, then the others in turn
	Tries    int            // how often each mirror is asked before it counts as failed
	Notice   func(string)   // receives what the user should know; may be nil
	Progress func(Progress) // receives how far a file is, each time that some of it has come; may be nil

	Client  *http.Client  // one that respects the environment's proxies
	Connect time.Duration // in which a mirror must have sent the smallest file
	Stall   time.Duration // in which a download must have gone on, not by drops
	Pause   time.Duration // before mirrors are asked again; twice as long each time

	files []idx.File // in their order; others than the published ones are for tests
}

// Progress is how far a file is.
type Progress struct {
	File     string // train-images-idx3-ubyte.gz
	Done     int64  // bytes that are here, those of earlier attempts too
	Size     int64  // bytes in all; 0: the mirror did not say
	Finished bool   // it is whole, right and in its place
}

// What Fetch says of a file.
const (
	FetchedNow    = "fetched"
	FetchedBefore = "already there" // and right
)

// Report is what Fetch did about one of the four files.
type Report struct {
	Name   string // train-images-idx3-ubyte
	Path   string // where it is
	Status string // FetchedNow or FetchedBefore
}

func (o Options) withDefaults() Options {
	if o.Mirrors == nil {
		o.Mirrors = mirrors
	}
	if o.Tries == 0 {
		o.Tries = 5
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Client == nil {
		o.Client = http.DefaultClient // whose transport asks http.ProxyFromEnvironment
	}
	if o.Connect == 0 {
		o.Connect = 15 * time.Second
	}
	if o.Stall == 0 {
		o.Stall = 10 * time.Second
	}
	if o.Pause == 0 {
		o.Pause = 500 * time.Millisecond
	}
	if o.files == nil {
		o.files = idx.Published[:]
	}
	return o
}

// Fetch completes the four published files in o.Dir: those that are missing or damaged. A file
// appears whole and verified, or not at all. The beginning of one stays beside it as name.gz.part:
// the next Fetch goes on from there if the mirror can and its file is still the same. A sound file
// with other content is left alone, and an error. Of several processes that fetch into one folder, one
// does it and the others wait.
func Fetch(ctx context.Context, o Options) ([]Report, error) {
	f := fetcher{o.withDefaults()}
	if info, err := os.Stat(f.Dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: not a folder: fetch into another one", display.Name(f.Dir)) // before anyone is asked
	}
	reports, err := f.survey()
	if err != nil || !slices.ContainsFunc(reports, missing) {
		return reports, err
	}
	ranked, err := f.probe(ctx)
	if err != nil {
		return nil, err
	}
	if err := f.fill(ctx, reports, ranked); err != nil {
		return nil, diskError(err)
	}
	return reports, nil
}

// diskError rewords the errors of files. Other errors stay as they are.
func diskError(err error) error {
	path, why := "", err
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		path, why = e.Path, e.Err
	} else if e, ok := errors.AsType[*os.LinkError](err); ok {
		path, why = e.New, e.Err
	} else {
		return err
	}
	return fmt.Errorf("%s: cannot be written (%w): make room for it and allow it, or fetch into another folder", display.Name(path), why)
}

// fetcher downloads the published files.
type fetcher struct{ Options }

// fill makes the folder if necessary, and fetches the files that the reports call missing.
func (f fetcher) fill(ctx context.Context, reports []Report, ranked []string) error {
	if err := os.MkdirAll(f.Dir, 0o777); err != nil {
		return err
	}
	unlock, err := lockFolder(ctx, f.Dir, f.Notice)
	if err != nil {
		return err
	}
	defer unlock()
	return f.fetchMissing(ctx, reports, ranked)
}

// Complete reports whether a folder has all published files.
func Complete(dir string) bool {
	reports, err := fetcher{Options{Dir: dir}.withDefaults()}.survey()
	return err == nil && !slices.ContainsFunc(reports, missing)
}

// survey reports which of the published files the folder has.
func (f fetcher) survey() ([]Report, error) {
	var reports []Report
	for _, p := range f.files {
		report, err := f.look(p)
		if err != nil {
			return nil, err
		}
		reports = append(reports, report)
	}
	return reports, nil
}

func missing(r Report) bool { return r.Status != FetchedBefore }

// look reports where a file is, or where it will be once it is fetched.
func (f fetcher) look(p idx.File) (Report, error) {
	switch content, path, err := p.Find(os.DirFS(f.Dir), f.Dir); {
	case err != nil: // also where it cannot be read: that it cannot be replaced either is found later
		return Report{p.Name, f.place(p), FetchedNow}, nil
	case p.Is(content):
		return Report{p.Name, path, FetchedBefore}, nil
	default:
		return Report{}, fmt.Errorf("%s: a sound file, but not the published one: move it away, or fetch into another folder", display.Name(path))
	}
}

// fetchMissing fetches the files that the reports call missing, except those that another process has
// fetched meanwhile.
func (f fetcher) fetchMissing(ctx context.Context, reports []Report, ranked []string) error {
	var lacking []idx.File
	for i, p := range f.files {
		if !missing(reports[i]) {
			continue
		}
		var err error
		if reports[i], err = f.look(p); err != nil {
			return err
		}
		if missing(reports[i]) {
			lacking = append(lacking, p)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	what := "Fashion-MNIST (29 MiB)"
	if len(lacking) < len(f.files) {
		what = fmt.Sprintf("%d of the %d files of Fashion-MNIST", len(lacking), len(f.files))
	}
	f.Notice(fmt.Sprintf("downloading %s from %s to %s", what, host(ranked[0]), display.Name(f.Dir)))
	for _, p := range lacking {
		if err := f.fetchFile(ctx, p, ranked); err != nil {
			return err
		}
	}
	return nil
}

// place is where a file goes. A server may have unpacked it on its way: readers go by the content.
func (f fetcher) place(p idx.File) string { return filepath.Join(f.Dir, p.Name+".gz") }

// largest bounds the bytes of a file on a mirror: a packed one is hardly larger than the plain one.
func largest(p idx.File) int64 {
	const slack = 1 << 16
	return p.Size + slack
}

func tooLarge(p idx.File) error {
	return permanent{fmt.Errorf("more than %s bytes sent", humanize.Comma(largest(p)))}
}
