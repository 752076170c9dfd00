package tensorboard

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"vggtrain/internal/files"
)

// Cut shortens the event files that Create has made in a folder: of each it keeps the longest
// beginning of whole records whose events are to be kept, and removes it if that has no values. So
// events of steps that are done again, and a record that a killed process left unfinished, are
// there for no reader. found tells whether there was any file. Of several errors it returns the first.
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
