// Package files opens files that others have made.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// OpenRegular opens a file that is regular: others, as a pipe, may let us wait for ever. Its errors
// do not name the file.
func OpenRegular(files fs.FS, name string) (file fs.File, size int64, err error) {
	info, err := fs.Stat(files, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, ErrNoFile
	case err != nil:
		return nil, 0, fmt.Errorf("cannot be read: %w", Cause(err))
	case !info.Mode().IsRegular():
		return nil, 0, ErrNotRegular
	}
	if file, err = files.Open(name); err != nil {
		return nil, 0, fmt.Errorf("cannot be read: %w", Cause(err))
	}
	return file, info.Size(), nil
}

var ErrNotRegular = errors.New("not a regular file")

// absent is an error that is fs.ErrNotExist and says what does not exist.
type absent string

func (a absent) Error() string   { return string(a) }
func (absent) Is(err error) bool { return err == fs.ErrNotExist }

const (
	ErrNoFile   = absent("no such file")
	ErrNoFolder = absent("no such folder")
)

// Cause drops the operation and the path that our own message has already.
func Cause(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}

// Everywhere is a file system of all paths that os.Open takes.
type Everywhere struct{}

func (Everywhere) Open(path string) (fs.File, error)     { return os.Open(path) }
func (Everywhere) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

// IsCut reports whether a reader's error is that it has ended before all was there.
func IsCut(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
