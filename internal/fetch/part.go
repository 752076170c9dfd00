package fetch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"vggtrain/internal/crash"
	"vggtrain/internal/files"
	"vggtrain/internal/idx"
)

// part is the beginning of a file, name.gz.part. Beside it, name.gz.part.json holds its source.
type part struct {
	file *os.File
	size int64
	of   source
}

// source is a file on a mirror at one time.
type source struct {
	URL string `json:"url"`
	// Validator changes with the file: a strong ETag, or the time of its last change. "": a
	// download cannot be resumed.
	Validator string `json:"validator"`
	Size      int64  `json:"size"` // in bytes; 0: not known
}

// sourceOf reads an answer's header.
func sourceOf(url string, response *http.Response) source {
	s := source{URL: url, Validator: response.Header.Get("Last-Modified"), Size: max(response.ContentLength, 0)}
	if tag := response.Header.Get("ETag"); strings.HasPrefix(tag, `"`) { // a weak one begins with W/
		s.Validator = tag
	}
	return s
}

// openPart opens the part at a path, or begins one. A part that is too large begins anew.
func openPart(path string, largest int64) (*part, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() { // opening a pipe would wait
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, err
	}
	p := &part{file: file, size: info.Size(), of: readSource(path + ".json")}
	if p.size > largest {
		err = p.begin(source{})
	} else {
		_, err = file.Seek(p.size, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return p, nil
}

// readSource reads the note beside a part; the zero source if it makes no sense.
func readSource(path string) (s source) {
	const most = 1 << 14
	file, size, err := files.OpenRegular(files.Everywhere{}, path)
	if err != nil {
		return source{}
	}
	defer file.Close()
	if size > most || json.NewDecoder(io.LimitReader(file, most)).Decode(&s) != nil {
		return source{}
	}
	return s
}

// begin empties the part and gives it a source; the zero source: none.
func (p *part) begin(s source) error {
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	p.size, p.of = 0, s
	if s.Validator == "" {
		if err := os.Remove(p.note()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("%s: %w", p.note(), err)
	}
	return os.WriteFile(p.note(), text, 0o666)
}

// discard empties the part because of an error, and returns that.
func (p *part) discard(because error) error {
	if err := p.begin(source{}); err != nil {
		return err
	}
	return because
}

func (p *part) note() string { return p.file.Name() + ".json" }

// Write adds to the part.
func (p *part) Write(b []byte) (int, error) {
	crash.Point("receive", p.file.Name())
	n, err := p.file.Write(b)
	p.size += int64(n)
	return n, err
}

// check verifies the whole file.
func (p *part) check(file idx.File) error {
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return verify(p.file, p.size, file)
}

// finish makes the part durable and the file at a path.
func (p *part) finish(path string) error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	if err := p.file.Close(); err != nil {
		return err
	}
	if err := os.Rename(p.file.Name(), path); err != nil {
		return err
	}
	os.Remove(p.note()) // without its part it says nothing
	syncFolder(filepath.Dir(path))
	return nil
}

// leave closes the part and keeps it if a later download can go on from it.
func (p *part) leave() {
	p.file.Close()
	if p.size == 0 || p.of.Validator == "" {
		os.Remove(p.file.Name())
		os.Remove(p.note())
	}
}

// isDisks tells errors of files from those of mirrors.
func isDisks(err error) bool {
	if _, ok := errors.AsType[*os.LinkError](err); ok { // of a rename
		return true
	}
	_, ok := errors.AsType[*fs.PathError](err)
	return ok
}

// syncFolder makes a rename in dir durable, if the system can (Windows cannot). Errors do not matter:
// a download that is lost with the power is made again.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
