package listing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"vggtrain/internal/display"
	"vggtrain/internal/files"
	"vggtrain/internal/idx"
)

// Place is a folder, a zip file or a CSV file, opened to be looked into.
type Place struct {
	FS    fs.FS
	Title string // path as the user gave it; of a CSV file, its folder's
	Dir   string // folder of FS that holds the data: "." or one that is wrapped in others
	Table string // CSV file in Dir, if it is what the user named; "": Dir as a whole

	entries []entry // of Dir
	walker  *walker
	closer  io.Closer
}

// Options are the settings of Open. The zero value is good.
type Options struct {
	Progress func(files int) // receives the number of files and folders seen so far; may be nil
}

// Open opens a folder, a zip file or a CSV file. A folder that only wraps another is entered. All calls
// of the place end when ctx does. Errors name the path.
func Open(ctx context.Context, name string, o Options) (*Place, error) {
	p, err := open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", display.Name(name), err)
	}
	if err := p.enter(ctx, o); err != nil {
		_ = p.Close() // which is not what went wrong
		return nil, err
	}
	return p, nil
}

// enter reads Dir.
func (p *Place) enter(ctx context.Context, o Options) error {
	p.walker = &walker{ctx: ctx, fs: p.FS, left: MaxFiles, progress: o.Progress, at: p.At}
	if p.Table != "" {
		return nil
	}
	return p.unwrap()
}

func open(name string) (*Place, error) {
	info, err := os.Stat(name)
	switch ending := strings.ToLower(filepath.Ext(name)); {
	case errors.Is(err, fs.ErrNotExist) && (ending == ".zip" || ending == ".csv"):
		return nil, files.ErrNoFile
	case errors.Is(err, fs.ErrNotExist):
		return nil, files.ErrNoFolder
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", files.Cause(err))
	case info.IsDir():
		return &Place{FS: tree{name}, Title: name, Dir: "."}, nil
	case !info.Mode().IsRegular():
		return nil, errors.New("not a folder, nor a zip or CSV file")
	case ending == ".csv":
		dir, file := filepath.Split(name)
		return &Place{FS: tree{dir}, Title: dir, Dir: ".", Table: file}, nil
	}
	return openZip(name, info.Size())
}

// Close closes a zip file. Nothing can be read of FS any more.
func (p *Place) Close() error {
	if p.closer == nil {
		return nil
	}
	return p.closer.Close()
}

// At names a file of FS in messages.
func (p *Place) At(name string) string {
	return display.Name(filepath.Join(p.Title, filepath.FromSlash(name)))
}

// Where names the data in messages: Dir, or the CSV file.
func (p *Place) Where() string { return p.At(path.Join(p.Dir, p.Table)) }

// Files returns the names of the files in Dir, sorted. Those of folders and what is always ignored are
// not among them.
func (p *Place) Files() []string {
	var names []string
	for _, e := range p.entries {
		if !e.folder {
			names = append(names, e.name)
		}
	}
	return names
}

// Tables returns the names of the CSV files in Dir, or of the one that the user named.
func (p *Place) Tables() []string {
	if p.Table != "" {
		return []string{p.Table}
	}
	return slices.DeleteFunc(p.Files(), func(name string) bool { return !isTable(name) })
}

func isTable(name string) bool { return strings.EqualFold(path.Ext(name), ".csv") }

// unwrap reads Dir, and enters a folder that is alone in it and holds other folders or files of data.
// What a zip holds is often wrapped so.
func (p *Place) unwrap() error {
	seen := map[string]bool{}
	for {
		real, err := p.walker.real(p.Dir)
		if err != nil {
			return err
		}
		seen[real] = true
		if p.entries, err = p.walker.read(p.Dir); err != nil {
			return err
		}
		inner, err := p.wrapped()
		if err != nil || inner == "" {
			return err
		}
		if real, err = p.walker.real(inner); err != nil || seen[real] { // a link to where we come from
			return err
		}
		p.Dir = inner
	}
}

// wrapped returns the folder that Dir only wraps, or "".
func (p *Place) wrapped() (string, error) {
	only := ""
	for _, e := range p.entries {
		switch {
		case e.folder && only != "" || e.folder && splitOf(e.name) != noSplit || !e.folder && HoldsData(e.name):
			return "", nil
		case e.folder:
			only = e.name
		}
	}
	if only == "" {
		return "", nil
	}
	dir := path.Join(p.Dir, only)
	inside, err := p.walker.read(dir)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(inside, func(e entry) bool { return e.folder || HoldsData(e.name) }) {
		return "", nil // pictures alone: a class
	}
	return dir, nil
}

// HoldsData reports whether a file of the name is data other than a picture: a CSV file, or one of IDX.
func HoldsData(name string) bool { return isTable(name) || idx.IsName(name) }

// Holds says what is in the place, for messages: "it holds Train/cat, Train/dog and notes.txt".
func (p *Place) Holds() string {
	const most = 4
	var names []string
	for _, e := range p.entries {
		if len(names) > most {
			break
		}
		if !e.folder {
			names = append(names, display.Name(e.name))
			continue
		}
		inside, err := p.walker.read(path.Join(p.Dir, e.name))
		folders := 0
		for _, f := range inside {
			if f.folder && err == nil {
				folders++
				names = append(names, display.Name(path.Join(e.name, f.name)))
			}
		}
		if folders == 0 {
			names = append(names, display.Name(e.name+"/"))
		}
	}
	switch {
	case len(names) == 0:
		return "it is empty"
	case len(names) > most:
		names = append(names[:most], "more")
	}
	return "it holds " + english.WordSeries(names, "and")
}
