// Package rundir is the folder of a run: its files and how they are written.
//
//	config.yaml     the settings, written once at the start
//	steps.jsonl     a line a step, written as the step ends
//	metrics.csv     a line an epoch
//	checkpoint.bin  the newest state
//	best.bin        the weights of the best epoch
package rundir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode"

	"vggtrain/checkpoint"
)

// Dir is a run folder.
type Dir struct {
	path    string
	created []string // the folders that Create made, outermost first
}

// Create makes the folder of a new run, and the folders above it. One that exists must be empty.
func Create(path string) (*Dir, error) {
	d := &Dir{path: filepath.Clean(path)}
	if err := d.makeAll(d.path); err != nil {
		d.Discard()
		return nil, err
	}
	if len(d.created) > 0 {
		return d, nil
	}
	empty, err := isEmpty(d.path)
	if err != nil {
		return nil, systemError(d.path, err)
	}
	if !empty {
		return nil, &ExistsError{Path: d.path}
	}
	return d, nil
}

// CreateDefault makes root/ARCH-TIME, with -2, -3, … appended where that exists, also if another
// process makes it at the same moment.
func CreateDefault(root, arch string, now time.Time) (*Dir, error) {
	name := safeName(arch) + "-" + now.Format("20060102-150405")
	d := &Dir{}
	if err := d.makeAll(filepath.Clean(root)); err != nil {
		d.Discard()
		return nil, err
	}
	for n := 1; ; n++ {
		d.path = filepath.Join(root, name)
		if n > 1 {
			d.path += fmt.Sprintf("-%d", n)
		}
		err := os.Mkdir(d.path, 0o777)
		if err == nil {
			d.created = append(d.created, d.path)
			return d, nil
		}
		if !errors.Is(err, fs.ErrExist) || n == 1000 {
			d.Discard()
			return nil, systemError(d.path, err)
		}
	}
}

// ExistsError is a run folder that exists and is not empty.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("%s: the folder exists and is not empty: choose another --out, or move it away", e.Path)
}

// makeAll makes a folder and those above it, and notes which it made.
func (d *Dir) makeAll(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s: exists and is not a folder: choose another --out", path)
	}
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return systemError(path, err)
	}
	if parent := filepath.Dir(path); parent != path {
		if err := d.makeAll(parent); err != nil {
			return err
		}
	}
	err = os.Mkdir(path, 0o777)
	if errors.Is(err, fs.ErrExist) {
		return nil // somebody else made it just now
	}
	if err != nil {
		return systemError(path, err)
	}
	d.created = append(d.created, path)
	return nil
}

// Discard removes the folders that Create made, as far as they are still empty: for a run that
// ends before it wrote anything. A folder with a file in it stays.
func (d *Dir) Discard() {
	for i := len(d.created) - 1; i >= 0; i-- {
		if os.Remove(d.created[i]) != nil { // fails where something is in it
			return
		}
	}
	d.created = nil
}

// Path is the folder itself; the others are files in it.
func (d *Dir) Path() string { return d.path }

// Config is the settings' file.
func (d *Dir) Config() string { return filepath.Join(d.path, "config.yaml") }

// StepsFile has a line of JSON a step.
func (d *Dir) StepsFile() string { return filepath.Join(d.path, "steps.jsonl") }

// MetricsFile has a line of CSV an epoch.
func (d *Dir) MetricsFile() string { return filepath.Join(d.path, "metrics.csv") }

// Checkpoint is the newest state.
func (d *Dir) Checkpoint() string { return filepath.Join(d.path, "checkpoint.bin") }

// Best is the weights of the epoch with the best val_accuracy.
func (d *Dir) Best() string { return filepath.Join(d.path, "best.bin") }

// WriteConfig writes config.yaml, as a whole or not at all.
func (d *Dir) WriteConfig(text []byte) error {
	return checkpoint.Replace(d.Config(), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

func isEmpty(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	_, err = f.Readdirnames(1)
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}

// safeName makes an architecture's name fit for a folder's.
func safeName(arch string) string {
	name := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || c == '-' || c == '_' {
			return c
		}
		return '_'
	}, arch)
	if name == "" {
		return "run"
	}
	const longest = 64
	if runes := []rune(name); len(runes) > longest {
		name = string(runes[:longest])
	}
	return name
}

// systemError turns "mkdir a/b: permission denied" into "a/b: permission denied: …".
func systemError(path string, err error) error {
	cause := err
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		cause = pathErr.Err
	}
	advice := "see to it, or choose another --out"
	if errors.Is(cause, syscall.ENOSPC) {
		advice = "free some room and try again"
	}
	return fmt.Errorf("%s: %w: %s", path, cause, advice)
}
