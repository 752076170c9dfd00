package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// The errors of reading, for errors.Is. A missing or forbidden file gives fs.ErrNotExist or
// fs.ErrPermission.
var (
	// ErrNotSafetensors: something else altogether: text, an archive, an empty file, a folder.
	ErrNotSafetensors = errors.New("not a safetensors file")
	// ErrNoDigest: a safetensors file without a digest; ReadForeign takes it.
	ErrNoDigest = errors.New("no digest")
	// ErrDamaged: a file that contradicts itself or its digest: cut short, bits flipped.
	ErrDamaged = errors.New("damaged")
	// ErrVersion: a whole file of a later format version.
	ErrVersion = errors.New("later format version")
	// ErrUnsupported: a safetensors file with content not supported here, such as integers.
	ErrUnsupported = errors.New("unsupported")
)

// Error says what is wrong with a file, in one line: file: what: what to do.
type Error struct {
	Path   string
	What   string
	Advice string
	Err    error // one of the above, or the system's
}

func (e *Error) Error() string { return e.Path + ": " + e.What + ": " + e.Advice }
func (e *Error) Unwrap() error { return e.Err }

const (
	adviceGive   = "give a checkpoint.bin, a best.bin or a .safetensors file"
	adviceCopy   = "use an intact copy"
	adviceInit   = "only fit --init takes such files"
	adviceUpdate = "use the vggtrain that wrote it, or a later one"
	adviceSystem = "fix this and try again"
)

func notSafetensors(format string, args ...any) error {
	return &Error{What: "not a safetensors file: " + fmt.Sprintf(format, args...), Advice: adviceGive, Err: ErrNotSafetensors}
}

func damaged(format string, args ...any) error {
	return &Error{What: "damaged: " + fmt.Sprintf(format, args...), Advice: adviceCopy, Err: ErrDamaged}
}

func unsupported(format string, args ...any) error {
	return &Error{What: fmt.Sprintf(format, args...), Advice: "save its tensors as F32", Err: ErrUnsupported}
}

// at puts the path into an error of this package, and turns an error of the system
// ("open best.bin: no such file or directory") into one.
func at(path string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.Path = path
		return e
	}
	e := &Error{Path: path, What: err.Error(), Advice: adviceSystem, Err: err}
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		e.What = pathErr.Op + ": " + pathErr.Err.Error()
	}
	if errors.Is(err, fs.ErrNotExist) {
		e.What, e.Advice = "no such file", adviceGive
	}
	return e
}

// Cause strips the names of files from an error of the system: they may be temporary ones.
func Cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// IsFull reports whether err is a full disk or an exhausted quota.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || windowsFull(err)
}

// IsReadOnly reports whether err is of a folder or file system that may not be written to.
func IsReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || windowsProtected(err)
}
