package rundir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"vggtrain/checkpoint"
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

// probe makes a file in the folder and removes it: every save has to. That the lock was there to
// be opened does not say that files can be made.
func (d *Dir) probe() error {
	path := checkpoint.TempName(d.file(lockName))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil {
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
