// Package files opens files of unknown origin and knows what file systems lack.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// OpenRegular opens a regular file. Other files give ErrNotRegular: reading a pipe may wait for ever.
// Errors do not name the file.
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

// ErrNotRegular is the error of a folder, a pipe or a device.
var ErrNotRegular = errors.New("not a regular file")

// absent is an fs.ErrNotExist in words of its own.
type absent string

func (a absent) Error() string   { return string(a) }
func (absent) Is(err error) bool { return err == fs.ErrNotExist }

// Both are fs.ErrNotExist.
const (
	ErrNoFile   = absent("no such file")
	ErrNoFolder = absent("no such folder")
)

// Cause strips the operation and the path from an error: our own messages have them.
func Cause(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}

// Everywhere is a file system over os.Open: names are any paths.
type Everywhere struct{}

func (Everywhere) Open(path string) (fs.File, error)     { return os.Open(path) }
func (Everywhere) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

// IsUnflushable reports whether err is the answer of a file system without fsync, as some network and
// FUSE file systems are. What is written there is as safe as it can be.
func IsUnflushable(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EROFS) || errors.Is(err, errors.ErrUnsupported)
}

// IsCut reports whether err means that a reader ended too early.
func IsCut(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
