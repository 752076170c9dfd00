package rundir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"time"

	"vggtrain/checkpoint"
	"vggtrain/internal/files"
)

// dying is how long Open waits for a lock: a process that was killed holds it until the system
// has taken back its memory.
const dying = 2 * time.Second

// Open takes the lock of an existing run's folder and removes the temporary files of a killed
// process. It waits a moment for the lock. The error is *InUseError if another process has it, and
// ctx's if ctx is done before.
func Open(ctx context.Context, path string) (*Dir, error) { return openWithin(ctx, path, dying) }

func openWithin(ctx context.Context, path string, wait time.Duration) (*Dir, error) {
	d := At(path)
	info, err := os.Stat(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: no such folder: name the folder of a run: %w", d.path, fs.ErrNotExist)
	case err != nil:
		return nil, systemError(d.path, err, adviceAgain)
	case !info.IsDir():
		return nil, fmt.Errorf("%s: is not a folder: name the folder of a run", d.path)
	}
	for deadline := time.Now().Add(wait); ; {
		err = d.takeLock()
		if _, inUse := errors.AsType[*InUseError](err); !inUse || !time.Now().Before(deadline) {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err != nil {
		return nil, err
	}
	if err = d.probe(); err == nil {
		err = d.removeTemps()
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// probe makes a file in the folder, flushes both and removes it: every save has to. That the lock was
// there to be opened does not say that files can be made.
func (d *Dir) probe() error {
	path := checkpoint.TempName(d.file(lockName))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil {
		d.probeFlush(f)
		f.Close()
		err = os.Remove(path)
	}
	switch {
	case checkpoint.IsReadOnly(err):
		return readOnlyError(d.path, err)
	case err != nil:
		return systemError(d.path, err, adviceAgain)
	}
	return nil
}

// probeFlush looks whether a file and its folder can be flushed to the disk. Other errors than that
// they cannot are for the first save to tell.
func (d *Dir) probeFlush(f *os.File) {
	err := d.flush(f)
	if !files.IsUnflushable(err) {
		err = d.flushFolder()
	}
	if files.IsUnflushable(err) {
		d.lack(fmt.Sprintf("%s: the file system cannot flush to the disk (fsync: %v): if power fails, the newest saves may be lost",
			d.path, checkpoint.Cause(err)))
	}
}

// flushFolder flushes the folder's entries; Windows has no such thing.
func (d *Dir) flushFolder() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return d.flush(folder)
}

// removeTemps removes the temporary files of a killed process. It ignores failures to remove one:
// such a file does no harm.
func (d *Dir) removeTemps() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return systemError(d.path, err, adviceAgain)
	}
	for _, e := range entries {
		if isTemp(e.Name()) && e.Type().IsRegular() {
			_ = os.Remove(d.file(e.Name()))
		}
	}
	return nil
}

// isTemp reports whether a name is of a temporary file of ours.
func isTemp(name string) bool {
	of, ok := checkpoint.TempOf(name)
	return ok && slices.Contains([]string{configName, stepsName, metricsName, checkpointName, bestName, asideName,
		curvesName, reportName, scoreName, lockName}, of)
}
