package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"vggtrain/internal/crash"
	"vggtrain/internal/files"
)

// Replace writes a file atomically. It writes NAME.tmp-… in the same folder, fsyncs it, renames it to
// path and fsyncs the folder (not on Windows, where that does not exist). On any failure the previous
// file stays as it was and the temporary one is removed; only a killed process leaves it behind. If
// only the fsync of the folder fails, the new file is in place, and the error says so. A file system
// without fsync is no failure. Permissions are kept. For a symbolic link, its target is replaced.
func Replace(path string, write func(io.Writer) error) error {
	return replace(osFilesystem{}, path, func(f file) error { return write(f) })
}

// filesystem is the interface of replace to the system; tests inject failing ones.
type filesystem interface {
	Stat(path string) (fs.FileInfo, error)
	Create(path string) (file, error) // fails if it exists
	Chmod(path string, mode fs.FileMode) error
	Rename(from, to string) error
	Remove(path string) error
	SyncFolder(path string) error
}

type file interface {
	io.Writer
	io.WriterAt
	// Direct switches writes past the system's cache on or off. It reports whether that has
	// succeeded.
	Direct(on bool) bool
	Sync() error
	Close() error
}

func replace(fsys filesystem, path string, write func(file) error) error {
	path, err := followed(path)
	if err != nil {
		return err
	}
	// A device or a pipe would be replaced by a file, a folder fails only at the end.
	before, statErr := fsys.Stat(path)
	if statErr == nil && !before.Mode().IsRegular() {
		return &Error{Path: path, What: "is there and is not a file", Advice: "choose another name", Err: fs.ErrExist}
	}
	f, temp, err := createTemp(fsys, path)
	if err != nil {
		return writeError(path, err)
	}
	if statErr == nil {
		_ = fsys.Chmod(temp, before.Mode().Perm()) // a file system without permissions has none to keep
	}
	err = write(f)
	if err == nil {
		if err = f.Sync(); files.IsUnflushable(err) {
			err = nil
		}
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = fsys.Rename(temp, path)
	}
	if err != nil {
		fsys.Remove(temp) // best effort: the first error is the one to tell
		return writeError(path, err)
	}
	if err := fsys.SyncFolder(filepath.Dir(path)); err != nil && !files.IsUnflushable(err) {
		what := "written, but the folder could not be flushed to the disk: " + Cause(err).Error()
		return &Error{Path: path, What: what, Advice: "if power fails now, the file of before may be there", Err: err}
	}
	return nil
}

// followed returns the file that a symbolic link leads to, and path if it is none. The system's
// own links, such as /dev/stdout, lead to what is no file, or to one that others have open.
func followed(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path, nil // what is wrong with it is found when it is written
	}
	target, err := filepath.EvalSymlinks(path)
	absolute, absErr := filepath.Abs(path)
	system := strings.HasPrefix(absolute, "/dev/") && !strings.HasPrefix(absolute, "/dev/shm/") || strings.HasPrefix(absolute, "/proc/")
	if err != nil || absErr != nil || system {
		return "", &Error{Path: path, What: "is a link that leads to no file of yours", Advice: "name the file itself", Err: fs.ErrInvalid}
	}
	return target, nil
}

func createTemp(fsys filesystem, path string) (f file, temp string, err error) {
	for range 100 {
		temp = TempName(path)
		if f, err = fsys.Create(temp); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return f, temp, err
}

// tempMark stands between the name of a file and eight hexadecimal digits in the name of the
// temporary file that Replace makes of it.
const tempMark = ".tmp-"

// TempName returns a random name for a temporary file beside path. Two calls may return the same.
func TempName(path string) string { return fmt.Sprintf("%s%s%08x", path, tempMark, rand.Uint32()) }

// TempOf returns the path from which TempName made the name; ok is false for other names.
func TempOf(name string) (path string, ok bool) {
	at := max(strings.LastIndex(name, tempMark), 0)
	digits, found := strings.CutPrefix(name[at:], tempMark)
	return name[:at], found && len(digits) == 8 && strings.Trim(digits, "0123456789abcdef") == ""
}

// writeError names the file to be written, not the temporary one.
func writeError(path string, err error) error {
	if errors.As(err, new(*Error)) {
		return err
	}
	cause := Cause(err)
	return &Error{Path: path, What: "not written: " + cause.Error(), Advice: adviceFor(cause), Err: err}
}

func adviceFor(cause error) string {
	switch {
	case errors.Is(cause, fs.ErrNotExist):
		return "make the folder first"
	case IsFull(cause):
		return "free some room and try again"
	default:
		return adviceSystem
	}
}

// osFilesystem is the system's. What it does to files, it says before, so that tests can kill it there.
type osFilesystem struct{}

func (osFilesystem) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

func (osFilesystem) Create(path string) (file, error) {
	crash.Point("create", path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err // not f: a nil *os.File is not a nil file
	}
	return osFile{f}, nil
}

func (osFilesystem) Chmod(path string, mode fs.FileMode) error { return os.Chmod(path, mode) }

func (osFilesystem) Rename(from, to string) error {
	crash.Point("rename", from)
	return rename(from, to)
}

func (osFilesystem) Remove(path string) error { return os.Remove(path) }

// osFile is a file of the system's.
type osFile struct{ *os.File }

func (f osFile) Write(p []byte) (int, error) {
	crash.Point("write", f.Name())
	return f.File.Write(p)
}

func (f osFile) WriteAt(p []byte, at int64) (int, error) {
	crash.Point("write at", f.Name())
	return f.File.WriteAt(p, at)
}

func (f osFile) Sync() error {
	crash.Point("flush", f.Name())
	return f.File.Sync()
}

func (f osFile) Close() error {
	crash.Point("close", f.Name())
	return f.File.Close()
}

func (f osFile) Direct(on bool) bool { return setDirect(f.File, on) }

func (osFilesystem) SyncFolder(path string) error {
	crash.Point("flush", path)
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
