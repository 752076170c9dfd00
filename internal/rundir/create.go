package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Create makes the folder of a new run, with the folders above it, and takes its lock. The error is
// *ExistsError if the folder exists and is not empty. If two processes create the same folder at
// once, one gets an *ExistsError or an *InUseError.
func Create(path string) (*Dir, error) {
	for tries := 1; ; tries++ {
		d := At(path)
		err := d.makeAll(d.path)
		if err == nil {
			err = d.takeEmpty()
		}
		if err == nil {
			return d, nil
		}
		d.Discard()
		// Another process that made these folders may take them away again, if it fails.
		if !errors.Is(err, fs.ErrNotExist) || tries == 10 {
			return nil, err
		}
	}
}

// CreateDefault makes root/ARCH-TIME and takes its lock. It appends -2, -3, … to a name that exists.
// That is safe against other processes.
func CreateDefault(root, arch string, now time.Time) (*Dir, error) {
	name := safeName(arch) + "-" + now.Format("20060102-150405")
	for n := 1; ; n++ {
		d := At(filepath.Join(root, name))
		if n > 1 {
			d.path += fmt.Sprintf("-%d", n)
		}
		err := d.makeNew()
		if err == nil {
			return d, nil
		}
		d.Discard()
		_, exists := errors.AsType[*ExistsError](err)
		_, inUse := errors.AsType[*InUseError](err)
		if !exists && !inUse && !errors.Is(err, fs.ErrNotExist) || n == 1000 { // that, as in Create
			return nil, err
		}
	}
}

// ExistsError is the error for a run folder that exists and is not empty.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("%s: the folder exists and is not empty: choose another --out, or move it away", e.Path)
}

// makeNew makes a folder that must not exist.
func (d *Dir) makeNew() error {
	if err := d.makeAll(filepath.Dir(d.path)); err != nil {
		return err
	}
	if err := d.mkdir(d.path, &ExistsError{Path: d.path}); err != nil {
		return err
	}
	return d.takeEmpty()
}

// mkdir makes a folder and records it for Discard. It returns exists if the folder exists.
func (d *Dir) mkdir(path string, exists error) error {
	err := os.Mkdir(path, 0o777)
	switch {
	case errors.Is(err, fs.ErrExist):
		return exists
	case err != nil:
		return systemError(path, err, adviceOut)
	}
	d.created = append(d.created, path)
	return nil
}

// makeAll makes a folder and those above it, and notes which it made.
func (d *Dir) makeAll(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("%s: exists and is not a folder: choose another --out", path)
	case !errors.Is(err, fs.ErrNotExist):
		return systemError(path, err, adviceOut)
	}
	if parent := filepath.Dir(path); parent != path {
		if err := d.makeAll(parent); err != nil {
			return err
		}
	}
	return d.mkdir(path, nil) // somebody else may make it just now
}

// takeEmpty takes the lock of a folder that must be empty.
func (d *Dir) takeEmpty() error {
	// Before, so that a folder that has nothing to do with runs is left as it is, and after,
	// when nobody else can begin a run there.
	if err := d.wantEmpty(); err != nil {
		return err
	}
	if err := d.takeLock(); err != nil {
		return err
	}
	if err := d.wantEmpty(); err != nil {
		return err
	}
	if err := d.probe(); err != nil {
		return err
	}
	return d.removeTemps()
}

// wantEmpty returns an error unless the folder is empty, except for a lock and temporary files: a
// process killed before its first file leaves these.
func (d *Dir) wantEmpty() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return systemError(d.path, err, adviceOut)
	}
	for _, e := range entries {
		if e.Name() != lockName && !isTemp(e.Name()) {
			return &ExistsError{Path: d.path}
		}
	}
	return nil
}

// Discard releases the lock and removes the folders made by Create, for a run that ends without
// files. A folder with a file in it stays.
func (d *Dir) Discard() {
	_ = d.Close() // best effort, as all here: the caller has a better error to tell
	for _, path := range slices.Backward(d.created) {
		if os.Remove(path) != nil { // fails where something is in it
			return
		}
	}
	d.created = nil
}

func inName(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) || c == '-' || c == '_' }

// safeName makes a folder's name of an architecture's.
func safeName(arch string) string {
	name := strings.Map(func(c rune) rune {
		if inName(c) {
			return c
		}
		return '_'
	}, arch)
	if name == "" {
		return "run"
	}
	runes := []rune(name)
	return string(runes[:min(len(runes), 64)])
}
