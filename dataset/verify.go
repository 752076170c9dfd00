package dataset

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"vggtrain/internal/idx"
	"vggtrain/internal/listing"
)

// Report is the result of Verify.
type Report struct {
	Dir   string       // what was looked at
	Files []FileReport // of Fashion-MNIST's four files; nil for other data
	Data  *Data        // other data, opened; nil for Fashion-MNIST's
	// Unreadable are the pictures of Data that cannot be read, in the order of the splits.
	Unreadable []string
}

// FileOK is the status of a file exactly as published.
const FileOK = "ok"

// FileReport is the result of Verify for one of the four files.
type FileReport struct {
	Name string `json:"name"` // train-images-idx3-ubyte
	Path string `json:"path"` // where it is or belongs
	// Status is FileOK; "missing": neither packed nor plain; "damaged": it cannot be read, or is no
	// IDX file of its kind; or "other": a sound IDX file, but not the published one.
	Status string `json:"status"`
	SHA256 string `json:"sha256"` // of the uncompressed bytes; "" if they cannot be read
	Detail string `json:"detail"` // what is wrong; "" if nothing is
}

// Verify checks data. Without o.Spec, or if it has one of the four files' names, it compares the four
// with the published ones, each by itself. Other data it opens, and reads every picture. progress, if
// not nil, receives the number of pictures read. Missing, wrong and unreadable files are in the report.
func Verify(ctx context.Context, o OpenOptions, progress func(done, total int)) (*Report, error) {
	o = o.withDefaults()
	r := &Report{Dir: o.Spec}
	if isAuto(o.Spec) {
		if r.Dir = Locate(o); r.Dir == "" {
			return nil, errors.New("no folder to verify: neither VGGTRAIN_DATA nor HOME is set; name one")
		}
	}
	f := openFolder(r.Dir)
	compared := isAuto(o.Spec) && isAuto(o.getenv(dataVariable))
	if !compared && r.Dir != sampleSpec {
		place, err := listing.Open(ctx, r.Dir, listing.Options{Progress: o.Listing})
		if err != nil {
			return nil, err
		}
		defer place.Close()
		f = folder{place.FS, place.Dir, place.Where()}
		compared = place.Table == "" && slices.ContainsFunc(place.Files(), isPublishedName)
	}
	var err error
	if compared {
		r.Files, err = f.compare()
		return r, err
	}
	o.Spec = r.Dir
	if r.Data, err = Open(ctx, o); err != nil {
		return nil, err
	}
	r.Unreadable, err = r.Data.unreadable(ctx, progress)
	return r, err
}

func isPublishedName(name string) bool {
	return slices.ContainsFunc(idx.Published[:], func(p idx.File) bool { return slices.Contains(p.Names(), name) })
}

// compare compares the four files with the published ones.
func (f folder) compare() ([]FileReport, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	files, err := fs.Sub(f.files, f.dir)
	if err != nil {
		return nil, err
	}
	var reports []FileReport
	for _, p := range idx.Published {
		content, path, err := p.Find(files, f.title)
		report := FileReport{Name: p.Name, Path: path}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			report.Status, report.Detail = "missing", err.Error()
		case err != nil:
			report.Status, report.Detail = "damaged", err.Error()
		case p.Is(content):
			report.Status, report.SHA256 = FileOK, p.SHA256
		default:
			report.Status, report.SHA256 = "other", hex.EncodeToString(content.Digest[:])
			report.Detail = path + ": not the published file, whose SHA-256 is " + p.SHA256
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// unreadable reads all pictures on all processors, and returns the errors of those that cannot be read.
func (d *Data) unreadable(ctx context.Context, progress func(done, total int)) ([]string, error) {
	var sources []Source
	total := 0
	for _, s := range []Source{d.Train, d.Val, d.Test} {
		if s != nil {
			sources, total = append(sources, s), total+s.Len()
		}
	}
	failures := make([]string, total)
	scratch := sync.Pool{New: func() any { return new(Pixels) }}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	var mutex sync.Mutex
	done := 0
	at := 0
	for _, s := range sources {
		for i := range s.Len() {
			failed := &failures[at]
			at++
			group.Go(func() error {
				if err := ctx.Err(); err != nil {
					return err
				}
				p := scratch.Get().(*Pixels)
				defer scratch.Put(p)
				err := s.Image(ctx, i, p)
				p.Close()
				if err != nil {
					*failed = err.Error()
				}
				mutex.Lock()
				defer mutex.Unlock()
				if done++; progress != nil {
					progress(done, total)
				}
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(failures, func(text string) bool { return text == "" }), nil
}
