package fetch

import (
	"cmp"
	"encoding/json"
	"errors"
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
	file  *os.File
	size  int64
	of    source
	grown func() // called after each write
}

// source is a file on a mirror at one time.
type source struct {
	URL string `json:"url"`
	// Validator identifies the version of the file: a strong ETag, or the time of its last change.
	// "": the download cannot be resumed.
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
	p := &part{file: file, of: readSource(path + ".json")}
	if p.size, err = file.Seek(0, io.SeekEnd); p.size > largest {
		err = p.begin(source{})
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return p, nil
}

// readSource reads the note beside a part; the zero source if it makes no sense.
func readSource(path string) (s source) {
	file, _, err := files.OpenRegular(files.Everywhere{}, path)
	if err != nil {
		return source{}
	}
	defer file.Close()
	if json.NewDecoder(io.LimitReader(file, 1<<14)).Decode(&s) != nil {
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
		if err := os.Remove(p.note()); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
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
	p.grown()
	return n, err
}

// check verifies the whole file, and empties the part if it is wrong.
func (p *part) check(file idx.File) error {
	_, err := p.file.Seek(0, io.SeekStart)
	if err == nil {
		err = verify(p.file, p.size, file)
	}
	if err == nil {
		return nil
	}
	if p.of.Size > 0 { // else it may have been cut
		err = permanent{err}
	}
	return p.discard(err)
}

// finish makes the part durable and the file at a path.
func (p *part) finish(path string) error {
	err := p.file.Sync()
	if files.IsUnflushable(err) {
		err = nil
	}
	if err := cmp.Or(err, p.file.Close()); err != nil {
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

// diskFault returns the file and the cause of a file's error, "" and err of a mirror's.
func diskFault(err error) (path string, why error) {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Path, e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok { // of a rename
		return e.New, e.Err
	}
	return "", err
}

func isDisks(err error) bool {
	path, _ := diskFault(err)
	return path != ""
}

// syncFolder makes a rename in dir durable, if the system can (Windows cannot). Errors do not matter:
// a download that is lost with the power is made again.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
