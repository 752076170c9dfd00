package rundir

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"vggtrain/checkpoint"
	"vggtrain/internal/files"
)

// lines is a file that grows by whole lines. A line that cannot be written, as on a full disk, is
// kept and written before the next one.
type lines struct {
	path      string
	contested func() error // an error while the file is another process's

	mu      sync.Mutex // guards what follows
	f       appendFile // nil: closed
	size    int64      // of the lines that are there whole
	pending []byte     // lines that are not there
	lost    int        // lines that pending had no room for
	syncErr error      // the first one of Sync
}

// appendFile is the interface of lines to a file; tests inject failing ones.
type appendFile interface {
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
	Stat() (fs.FileInfo, error)
}

const (
	maxPending = 64 << 20 // bytes of lines that are kept: half a million steps
	maxChunk   = 64 << 10 // bytes that are written at once; more than any line
)

// append writes a line to the system, unbuffered, so that it can be read as soon as append
// returns.
func (l *lines) append(line []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return l.errClosed()
	}
	if len(l.pending)+len(line) > maxPending {
		if err := l.flush(); err != nil {
			l.lost++
			return l.missing(err)
		}
	}
	l.pending = append(l.pending, line...)
	return l.missing(l.flush())
}

// flush writes the pending lines as far as it can. If only a part of a line was written, that is
// taken away again, or the next attempt writes over it.
func (l *lines) flush() error {
	if err := l.contested(); err != nil {
		return err
	}
	for len(l.pending) > 0 {
		chunk := l.pending[:min(len(l.pending), maxChunk)]
		chunk = chunk[:bytes.LastIndexByte(chunk, '\n')+1]
		if _, err := l.f.WriteAt(chunk, l.size); err != nil {
			// Also if it says that nothing was written: if the system takes a part and then fails
			// on the rest, os.File does not count that part. Best effort: the first error is the
			// one to tell.
			_ = l.f.Truncate(l.size)
			return err
		}
		l.size += int64(len(chunk))
		l.pending = l.pending[len(chunk):]
	}
	l.pending = nil // a slice of no length would hold on to the memory of all that waited
	return nil
}

// missing wraps an error of the system with its consequence for the lines. Equal consequences give
// equal texts, so that they are reported once.
func (l *lines) missing(err error) error {
	if err == nil {
		return nil
	}
	advice := "fix this"
	if checkpoint.IsFull(err) {
		advice = "free some room"
	}
	waits := "its lines wait"
	if l.lost > 0 {
		waits = "so many wait that lines are lost"
	}
	return fmt.Errorf("%s: %w: %s, %s", l.path, checkpoint.Cause(err), advice, waits)
}

func (l *lines) errClosed() error { return fmt.Errorf("%s: %w", l.path, os.ErrClosed) }

// Sync writes pending lines and fsyncs the file. It may run while another goroutine writes; lines of
// that moment may or may not be included.
func (l *lines) Sync() error {
	l.mu.Lock()
	f := l.f
	if f == nil {
		l.mu.Unlock()
		return l.errClosed()
	}
	err := l.missing(l.flush())
	l.mu.Unlock() // who writes a line need not wait for the disk
	syncErr := f.Sync()
	if syncErr == nil || files.IsUnflushable(syncErr) {
		return err
	}
	syncErr = systemError(l.path, syncErr, "some of its lines may be missing")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.syncErr = cmp.Or(l.syncErr, syncErr)
	return cmp.Or(err, syncErr)
}

// Close retries the pending lines and closes the file. It is an error if lines are missing from the
// file at the path. A second call does nothing.
func (l *lines) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	err := l.flush()
	switch n := l.lost + bytes.Count(l.pending, []byte{'\n'}); {
	case err != nil:
		err = fmt.Errorf("%s: %w: lines missing from it: %d", l.path, checkpoint.Cause(err), n)
	case n > 0:
		err = fmt.Errorf("%s: lines missing from it: %d: they did not fit into memory while it could not be written", l.path, n)
	}
	replaced := l.checkInPlace()
	closeErr := l.f.Close()
	if closeErr != nil {
		closeErr = systemError(l.path, closeErr, "some of its lines may be missing")
	}
	l.f, l.pending = nil, nil
	return cmp.Or(err, replaced, l.syncErr, closeErr)
}

// checkInPlace returns an error unless the open file is the one at its path.
func (l *lines) checkInPlace() error {
	written, err := l.f.Stat()
	if err != nil {
		return systemError(l.path, err, adviceAgain)
	}
	there, err := os.Lstat(l.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return systemError(l.path, err, adviceAgain)
	}
	if err != nil || !os.SameFile(written, there) {
		return fmt.Errorf("%s: removed or replaced while the run was on: lines are missing from it", l.path)
	}
	return nil
}
