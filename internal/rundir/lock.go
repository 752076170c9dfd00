package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/gofrs/flock"

	"vggtrain/checkpoint"
)

// InUseError is the error for a run folder in use by another process.
type InUseError struct {
	Path string
	PID  int    // of that process; 0: unknown
	Host string // its machine, if that is not this one: folders may be shared
}

func (e *InUseError) Error() string {
	who := ""
	switch {
	case e.PID != 0 && e.Host != "":
		who = fmt.Sprintf(" (%d on %s)", e.PID, e.Host)
	case e.PID != 0:
		who = fmt.Sprintf(" (%d)", e.PID)
	}
	return fmt.Sprintf("%s: another process%s is working on this run: wait for it, or stop it", e.Path, who)
}

// takeLock takes the system's lock on the file .lock: it ends with its process, however that ends, and
// children do not inherit it. Only its holder removes the file, and a new holder checks that the file
// is still there: no two processes hold the lock of a folder on two different files.
func (d *Dir) takeLock() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.takeLocked()
}

func (d *Dir) takeLocked() error {
	path := d.file(lockName)
	for range 100 {
		// Opening a pipe would wait for its other end, and a link leads elsewhere.
		info, statErr := os.Lstat(path)
		if statErr == nil && !info.Mode().IsRegular() {
			return notFile(path)
		}
		// For writing too, since network file systems lock only such files.
		lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o666))
		locked, err := d.tryLock(lock)
		if isLockless(err) {
			d.lack(fmt.Sprintf("%s: the file system gives no lock (%v): see to it that no second process works on this run", d.path, err))
			locked, err = true, nil
		}
		switch {
		case errors.Is(err, fs.ErrPermission) && statErr == nil:
			return systemError(path, err, adviceAgain) // the file is another user's
		case err != nil:
			return lockError(d.path, err)
		case !locked:
			return d.inUse()
		case isInPlace(lock):
			if d.folder, err = os.Stat(d.path); err != nil {
				_ = lock.Close()
				return systemError(d.path, err, adviceAgain)
			}
			noteOwner(lock)
			d.lock = lock
			return nil
		}
		_ = lock.Close() // its last owner has removed it: try again with a new one
	}
	return d.inUse()
}

func isInPlace(lock *flock.Flock) bool {
	held, err := lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(lock.Path())
	return err == nil && os.SameFile(held, there)
}

// Held returns an error if the folder at the path is no longer the locked one: it was moved or
// removed, and another process may use the path. Call it before each write by path, on any goroutine,
// until Close.
func (d *Dir) Held() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lock == nil { // the file may be another process's
		return fmt.Errorf("%s: written to without its lock: a mistake of the program, please report it", d.path)
	}
	if !d.isThere() {
		return fmt.Errorf("%s: the folder was moved or removed while the run was on: put it back", d.path)
	}
	return d.keepLock()
}

// contested returns an error if another process may write the files that are open here. A folder that
// was moved is still ours, with its open files.
func (d *Dir) contested() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lock == nil || !d.isThere() {
		return nil
	}
	return d.keepLock()
}

// isThere reports whether the locked folder is the one at the path.
func (d *Dir) isThere() bool {
	there, err := os.Stat(d.path)
	return err == nil && os.SameFile(d.folder, there)
}

// keepLock takes the lock again if somebody has removed its file, as one that looks left behind. If
// another process was faster, the folder is no longer ours, even after its end: it may have changed
// any file.
func (d *Dir) keepLock() error {
	lost := d.lock
	if d.taken != nil || isInPlace(lost) {
		return d.taken
	}
	if err := d.takeLocked(); err != nil {
		err = fmt.Errorf("%w; it could begin since the file %s was removed", err, lockName)
		if _, inUse := errors.AsType[*InUseError](err); inUse {
			d.taken = err
		}
		return err
	}
	_ = lost.Close() // of a file that is gone
	return nil
}

// Close releases the lock. All writes to the folder must have ended. A second call does nothing.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	lock := d.lock
	if lock == nil {
		return nil
	}
	d.lock = nil
	// Where open files can be removed, it must be done while the lock is held; on Windows they
	// cannot, not even those that others have open: so it is safe after.
	windows := runtime.GOOS == "windows"
	if !windows && isInPlace(lock) {
		_ = os.Remove(lock.Path()) // a file that stays is in nobody's way
	}
	err := lock.Close()
	if windows {
		_ = os.Remove(lock.Path())
	}
	if err != nil {
		return systemError(lock.Path(), err, adviceAgain)
	}
	return nil
}

// isLockless reports whether err is the answer of a file system without locks, or of a system without
// them for it. A Flock that holds none is in place as long as its file is there.
func isLockless(err error) bool {
	if _, opening := errors.AsType[*fs.PathError](err); opening {
		return false
	}
	return errors.Is(err, syscall.ENOLCK) || errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported)
}

// lack records what the file system lacks, once.
func (d *Dir) lack(notice string) {
	if !slices.Contains(d.lacks, notice) {
		d.lacks = append(d.lacks, notice)
	}
}

// lockError says why a lock cannot be had, other than that somebody has it.
func lockError(folder string, err error) error {
	if checkpoint.IsReadOnly(err) {
		return readOnlyError(folder, err)
	}
	if _, opening := errors.AsType[*fs.PathError](err); opening {
		return systemError(folder, err, adviceAgain)
	}
	return fmt.Errorf("%s: the file system gives no lock (%w): put the run folder on another one", folder, err)
}

func readOnlyError(folder string, err error) error {
	return fmt.Errorf("%s: the folder is read-only (%w): make it writable, or use another one", folder, checkpoint.Cause(err))
}

// ownerAt is where the owner stands in the file: on Windows others cannot read the first byte
// while it is locked.
const ownerAt = 1

// noteOwner writes who holds the lock, for the error that others get. Best effort: the lock holds
// without it, on a full disk too.
func noteOwner(lock *flock.Flock) {
	f, err := os.OpenFile(lock.Path(), os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	host, _ := os.Hostname()
	_, _ = f.WriteAt(fmt.Appendf(nil, "%d %s\n", os.Getpid(), host), ownerAt)
}

// inUse reads who holds the lock, as far as it can.
func (d *Dir) inUse() error {
	e := &InUseError{Path: d.path}
	f, err := os.Open(d.file(lockName))
	if err != nil {
		return e
	}
	defer f.Close()
	text := make([]byte, 256)
	n, _ := f.ReadAt(text, ownerAt)
	line, _, whole := strings.Cut(string(text[:n]), "\n")
	pid, host, _ := strings.Cut(line, " ")
	if e.PID, err = strconv.Atoi(pid); err != nil || e.PID < 0 || !whole {
		e.PID = 0
	}
	if own, _ := os.Hostname(); host != own && !strings.ContainsFunc(host, func(c rune) bool { return !inName(c) && c != '.' }) {
		e.Host = host
	}
	return e
}
