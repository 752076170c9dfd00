package tensorboard

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"vggtrain/internal/files"
)

// Writer writes an event file without buffering. An event that cannot be written, as on a full disk,
// is kept and retried before the next one.
type Writer struct {
	path    string
	f       file
	size    int64  // of the records that are there whole
	pending []byte // records that are not there
	lost    bool   // pending had no room for some
}

// file is the interface of a Writer to a file; tests inject failing ones.
type file interface {
	io.WriterAt
	io.Closer
	Truncate(size int64) error
}

// maxPending is the most bytes of records that are kept.
const maxPending = 16 << 20

// Create makes an event file in a folder, with a later name than the others there. If restart is not
// 0, the file tells readers that a process goes on at that step: they drop events from that step on.
func Create(folder string, at time.Time, restart int64) (*Writer, error) {
	seconds := at.Unix()
	all, err := list(folder)
	if err != nil {
		return nil, err
	}
	if len(all) > 0 {
		seconds = max(seconds, all[len(all)-1]+1)
	}
	path := filepath.Join(folder, fileName(seconds))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, files.Cause(err))
	}
	w := &Writer{path: path, f: f}
	w.pending = appendRecord(nil, versionEvent(at))
	if restart != 0 {
		w.pending = appendRecord(w.pending, startEvent(at, restart))
	}
	return w, nil
}

// Write adds values of a step.
func (w *Writer) Write(at time.Time, step int64, scalars ...Scalar) error {
	event := scalarsEvent(at, step, scalars)
	if len(w.pending)+len(event) > maxPending {
		w.lost = true
	} else {
		w.pending = appendRecord(w.pending, event)
	}
	return w.flush()
}

// flush writes what is pending. If a part of it was written, that is taken away again: else
// readers would wait for its end.
func (w *Writer) flush() error {
	if _, err := w.f.WriteAt(w.pending, w.size); err != nil {
		_ = w.f.Truncate(w.size) // best effort: the first error is the one to tell
		waits := "its events wait"
		if w.lost {
			waits = "so many wait that events are lost"
		}
		return fmt.Errorf("%s: %w: fix this, %s", w.path, files.Cause(err), waits)
	}
	w.size += int64(len(w.pending))
	w.pending = nil
	return nil
}

// Close retries pending events and closes the file. It is an error if events are missing.
func (w *Writer) Close() error {
	err := w.flush()
	if closeErr := w.f.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("%s: %w", w.path, files.Cause(closeErr))
	}
	if err == nil && w.lost {
		err = fmt.Errorf("%s: events are missing: they did not fit into memory while it could not be written", w.path)
	}
	return err
}

// Files are called events.out.tfevents.SECONDS.vggtrain. TensorBoard takes all that have
// "tfevents" in their names.
const (
	before = "events.out.tfevents."
	after  = ".vggtrain"
)

func fileName(seconds int64) string { return fmt.Sprintf("%s%010d%s", before, seconds, after) }

// list lists the seconds of a folder's event files in the order of their names. Links, folders and files
// of other programs are none.
func list(folder string) (all []int64, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder, files.Cause(err))
	}
	for _, entry := range entries {
		var seconds int64
		_, err := fmt.Sscanf(entry.Name(), before+"%d", &seconds)
		if err == nil && seconds >= 0 && fileName(seconds) == entry.Name() && entry.Type().IsRegular() {
			all = append(all, seconds)
		}
	}
	return all, nil
}

// Cut shortens Create's event files in a folder. It keeps each file's longest prefix of whole records
// accepted by keep, and removes files without values. So readers see neither events of repeated steps
// nor a record left unfinished by a killed process. found reports whether there was any file. Of
// several errors it returns the first.
func Cut(folder string, keep func(Event) bool) (found bool, err error) {
	all, err := list(folder)
	if err != nil {
		return false, err
	}
	for _, seconds := range all {
		err = cmp.Or(err, cut(filepath.Join(folder, fileName(seconds)), keep))
	}
	return len(all) > 0, err
}

func cut(path string, keep func(Event) bool) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", path, files.Cause(err))
	}
	size, hasValues, err := kept(f, keep)
	if end, seekErr := f.Seek(0, io.SeekEnd); err == nil && hasValues && (seekErr != nil || end > size) {
		err = f.Truncate(size)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil && !hasValues {
		err = os.Remove(path)
	}
	if err != nil {
		return fmt.Errorf("%s: events that are no longer true stay in it: %w", path, files.Cause(err))
	}
	return nil
}

// kept returns how many bytes of a file to keep, and whether there are values in them.
func kept(r io.Reader, keep func(Event) bool) (size int64, hasValues bool, err error) {
	in := bufio.NewReaderSize(r, headLen+maxEvent+tailLen)
	for {
		message, n, err := readRecord(in)
		if err == io.EOF {
			return size, hasValues, nil
		}
		if err != nil {
			return 0, false, err // not known what is there: nothing to cut
		}
		event, ok := parseEvent(message)
		if !ok || len(event.Tags) > 0 && !keep(event) {
			return size, hasValues, nil
		}
		size += int64(n)
		hasValues = hasValues || len(event.Tags) > 0
	}
}
