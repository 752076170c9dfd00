package listing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/files"
	"vggtrain/internal/photo"
)

// MaxFiles bounds the files and folders that are looked at.
const MaxFiles = photo.MaxFiles

// readAtOnce is how many names are read of a folder between two looks at the bounds.
const readAtOnce = 1024

// entry is a file or a folder. A link is what it leads to.
type entry struct {
	name    string
	folder  bool
	regular bool
	link    bool
}

// walker looks through folders. It counts what it leaves out.
type walker struct {
	ctx      context.Context
	fs       fs.FS
	left     int // files and folders that it may still look at
	progress func(files int)
	at       func(name string) string

	strays int    // files that are no pictures of a class
	stray  string // the first of them
}

// read returns the entries of a folder, sorted by name, except ignored ones.
func (w *walker) read(dir string) ([]entry, error) {
	file, err := w.fs.Open(dir)
	if err != nil {
		return nil, w.unreadable(dir, err)
	}
	defer file.Close()
	folder, ok := file.(fs.ReadDirFile)
	if !ok {
		return nil, fmt.Errorf("%s: %w", w.at(dir), errNoFolder)
	}
	var entries []entry
	for {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		found, err := folder.ReadDir(readAtOnce)
		if w.left -= len(found); w.left < 0 {
			return nil, fmt.Errorf("%s: more than %s files and folders up to here: no more are read; give fewer at a time", w.at(dir), humanize.Comma(MaxFiles))
		}
		for _, e := range found {
			if !photo.Ignored(e.Name()) {
				entries = append(entries, w.resolve(dir, e))
			}
		}
		switch {
		case err == io.EOF:
			slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
			w.tell(MaxFiles - w.left)
			return entries, nil
		case err != nil:
			return nil, w.unreadable(dir, err)
		}
	}
}

// tell reports progress.
func (w *walker) tell(files int) {
	if w.progress != nil {
		w.progress(files)
	}
}

var errNoFolder = errors.New("not a folder")

func (w *walker) unreadable(name string, err error) error {
	return fmt.Errorf("%s: cannot be read: %w", w.at(name), files.Cause(err))
}

// resolve follows a link. One that leads nowhere is neither a folder nor a regular file.
func (w *walker) resolve(dir string, e fs.DirEntry) entry {
	mode, link := e.Type(), e.Type()&fs.ModeSymlink != 0
	if link {
		if target, err := fs.Stat(w.fs, path.Join(dir, e.Name())); err == nil {
			mode = target.Mode()
		}
	}
	return entry{e.Name(), mode.IsDir(), mode.IsRegular(), link}
}

// real returns the name that a folder has without links.
func (w *walker) real(dir string) (string, error) {
	if linked, ok := w.fs.(interface{ real(string) (string, error) }); ok {
		real, err := linked.real(dir)
		if err != nil {
			return "", w.unreadable(dir, err)
		}
		return real, nil
	}
	return dir, nil
}

// pictures returns the names of the pictures in a folder and the folders below it. Each folder counts
// once, however many links lead to it: loops of links end. So does a link to a folder that this one is
// in, where other classes and other splits are.
func (w *walker) pictures(dir string) ([]string, error) {
	real, err := w.real(dir)
	if err != nil {
		return nil, err
	}
	c := &class{walker: w, seen: map[string]bool{}}
	in, err := w.real(path.Dir(dir)) // the set's, where the class itself is a link
	if err != nil {
		return nil, err
	}
	for _, above := range []string{filepath.Dir(real), in} {
		for ; !c.seen[above]; above = filepath.Dir(above) {
			c.seen[above] = true
		}
	}
	err = c.walk(dir, real)
	return c.names, err
}

// class is a walk through the folders of a class.
type class struct {
	*walker
	seen  map[string]bool // folders, by their names without links
	names []string
}

func (c *class) walk(dir, real string) error {
	if c.seen[real] {
		return nil
	}
	c.seen[real] = true
	entries, err := c.read(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, realName := path.Join(dir, e.name), path.Join(real, e.name)
		switch {
		case e.folder:
			if e.link {
				if realName, err = c.real(name); err != nil {
					return err
				}
			}
			if err := c.walk(name, realName); err != nil {
				return err
			}
		case c.isPicture(name, e):
			c.names = append(c.names, name)
		default:
			c.leaveOut(name)
		}
	}
	return nil
}

// isPicture reports whether a file is a picture, by its name or else by how it begins.
func (w *walker) isPicture(name string, e entry) bool {
	return photo.Readable(e.name) || photo.Foreign(e.name) || e.regular && photo.IsPicture(w.fs, name)
}

// leaveOut counts a file that is no picture of a class.
func (w *walker) leaveOut(name string) {
	if w.strays++; w.strays == 1 {
		w.stray = name
	}
}

// leaveOutAll counts all files of a folder that is no class.
func (w *walker) leaveOutAll(dir string) error {
	pictures, err := w.pictures(dir)
	for _, name := range pictures {
		w.leaveOut(name)
	}
	return err
}
