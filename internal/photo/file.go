package photo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"vggtrain/internal/display"
	"vggtrain/internal/files"

	"github.com/dustin/go-humanize"
)

// MaxFiles is the largest number of pictures in a folder.
const MaxFiles = 1 << 22

// File is an image file, not yet read.
type File struct {
	Name  string // as it was given, or the folder's with the file's after it
	Title string // name for messages
	open  func() (file io.ReadCloser, size int64, err error)
}

// Failure names the file in an error.
func (f File) Failure(err error) error { return fmt.Errorf("%s: %w", f.Title, err) }

// From returns a file over r. It can be read once.
func From(name, title string, r io.Reader) File {
	return File{name, title, func() (io.ReadCloser, int64, error) { return io.NopCloser(r), 0, nil }}
}

// Files returns the image at a path, or a folder's images sorted by name: files with a picture's name,
// or that begin as a picture does. Links are followed. It does not enter subfolders. notice, if not nil,
// receives other names, except ignored ones. Errors come when a file is read.
func Files(path string, notice func(string)) []File {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []File{{path, display.Name(path), func() (io.ReadCloser, int64, error) { return openNamed(path) }}}
	}
	found, out, err := photosIn(path)
	if err != nil {
		return []File{{path, display.Name(path), func() (io.ReadCloser, int64, error) { return nil, 0, err }}}
	}
	if len(out) > 0 && notice != nil {
		notice(fmt.Sprintf("%s: no image, or a folder: left out; %s such in all", display.Name(out[0]), humanize.Comma(int64(len(out)))))
	}
	return found
}

// photosIn lists the photos of a folder and the other names in it. Errors do not name the folder.
func photosIn(dir string) (found []File, out []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, out, fmt.Errorf("the folder cannot be read: %w", files.Cause(err))
	}
	var folders []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch folder := leadsToFolder(path, e); {
		case Ignored(e.Name()):
		case folder:
			folders = append(folders, e.Name())
			out = append(out, path)
		case !IsPicture(files.Everywhere{}, path):
			out = append(out, path)
		case len(found) == MaxFiles:
			return nil, out, fmt.Errorf("more than %s images: give fewer at a time", humanize.Comma(MaxFiles))
		default:
			found = append(found, InFS(files.Everywhere{}, path, display.Name(path)))
		}
	}
	switch {
	case len(found) > 0:
		return found, out, nil
	case len(folders) > 0:
		return nil, out, fmt.Errorf("no image in this folder, which holds %s: name one of them, or %s",
			someOf(folders), display.Name(filepath.Join(dir, "*", "*")))
	}
	return nil, out, fmt.Errorf("no image in this folder: %s files are looked for", Kinds("and"))
}

// leadsToFolder reports whether an entry is a folder, or a link to one.
func leadsToFolder(path string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// someOf lists the first few names.
func someOf(names []string) string {
	const few = 3
	var shown []string
	for _, name := range names[:min(few, len(names))] {
		shown = append(shown, display.Name(name))
	}
	if len(names) > few {
		shown = append(shown, "…")
	}
	return strings.Join(shown, ", ")
}

// IsPicture reports whether a file is a picture, by its name or else by how it begins.
func IsPicture(system fs.FS, name string) bool {
	if Readable(name) || Foreign(name) {
		return true
	}
	file, _, err := files.OpenRegular(system, name)
	if err != nil {
		return false
	}
	defer file.Close()
	head := make([]byte, HeadBytes)
	n, _ := io.ReadFull(file, head) // of a file that cannot be read: 0
	return Recognised(head[:n])
}

// openNamed opens a path named by the user.
func openNamed(path string) (io.ReadCloser, int64, error) {
	file, size, err := files.OpenRegular(files.Everywhere{}, path)
	switch {
	case errors.Is(err, files.ErrNotRegular):
		err = fmt.Errorf("%w: use - for standard input", err)
	case errors.Is(err, files.ErrNoFile):
		err = fmt.Errorf("%w: name an image, a folder of images, or - for standard input", err)
	}
	return file, size, err
}

// InFS returns the file of a name in a file system.
func InFS(system fs.FS, name, title string) File {
	return File{name, title, func() (io.ReadCloser, int64, error) { return files.OpenRegular(system, name) }}
}
