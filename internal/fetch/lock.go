package fetch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"vggtrain/internal/display"

	"github.com/gofrs/flock"
)

// lockFolder waits until no other process fetches into dir, and keeps others away until unlock. The
// lock is the system's on the file .fetching, and ends with its process. Only its owner may remove the
// file; a new owner makes sure that the file is still there. On a file system without locks nobody
// waits: a file that two processes mix up is found by its checksum.
func lockFolder(ctx context.Context, dir string, notice func(string)) (unlock func(), err error) {
	path := filepath.Join(dir, ".fetching")
	for waited := false; ; {
		// For writing too, since network file systems lock only such files.
		lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o666))
		locked, err := lock.TryLock()
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			return nil, err // the file cannot be made
		}
		if err != nil {
			return func() {}, nil
		}
		if locked && inPlace(lock) {
			return func() { release(lock) }, nil
		}
		lock.Close()
		if locked { // its last owner has removed the file
			continue
		}
		if !waited {
			notice("another process is downloading to " + display.Name(dir) + ": waiting for it")
		}
		waited = true
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func inPlace(lock *flock.Flock) bool {
	held, err := lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(lock.Path())
	return err == nil && os.SameFile(held, there)
}

// release removes the file while the lock is held; on Windows, where open files cannot be removed,
// after.
func release(lock *flock.Flock) {
	if runtime.GOOS != "windows" && inPlace(lock) {
		os.Remove(lock.Path())
	}
	lock.Close()
	if runtime.GOOS == "windows" {
		os.Remove(lock.Path())
	}
}
