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

// Files returns the image at a path, or a folder's images sorted by name: files with a picture's
// name, and links to such files inside the folder. It does not enter subfolders. notice, if not nil,
// receives other names, except hidden ones (.name). Errors come when a file is read.
func Files(path string, notice func(string)) []File {
	file := File{path, display.Name(path), func() (io.ReadCloser, int64, error) { return openNamed(path) }}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []File{file}
	}
	found, out, err := photosIn(path)
	if err != nil {
		file.open = func() (io.ReadCloser, int64, error) { return nil, 0, err }
		return []File{file}
	}
	if len(out) > 0 && notice != nil {
		notice(fmt.Sprintf("%s: no image by its name, or a folder: left out; %s such in all", display.Name(out[0]), humanize.Comma(int64(len(out)))))
	}
	return found
}

// photosIn lists the photos of a folder and the other names in it. Errors do not name the folder.
func photosIn(dir string) (found []File, out []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, out, fmt.Errorf("the folder cannot be read: %w", files.Cause(err))
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, "."):
		case e.IsDir() || !Readable(name) && !Foreign(name):
			out = append(out, filepath.Join(dir, name))
		case len(found) == MaxFiles:
			return nil, out, fmt.Errorf("more than %s images: give fewer at a time", humanize.Comma(MaxFiles))
		default:
			found = append(found, inFolder(dir, name))
		}
	}
	if len(found) == 0 {
		return nil, out, fmt.Errorf("no image in this folder: files that end in %s are looked for, and not in folders in it",
			strings.Join(Extensions, ", "))
	}
	return found, out, nil
}

// inFolder is a file of a folder. Links out of the folder are not followed.
func inFolder(dir, name string) File {
	path := filepath.Join(dir, name)
	return File{path, display.Name(path), func() (io.ReadCloser, int64, error) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, 0, fmt.Errorf("cannot be read: %w", files.Cause(err))
		}
		defer root.Close()
		file, size, err := files.OpenRegular(within{root}, name)
		if info, linkErr := root.Lstat(name); err != nil && linkErr == nil && info.Mode()&fs.ModeSymlink != 0 {
			return nil, 0, fmt.Errorf("%w; it is a link: links must be relative and stay inside %s", err, display.Name(dir))
		}
		return file, size, err
	}}
}

// within is the file system of a root. Unlike the root's own it takes names in no encoding.
type within struct{ *os.Root }

func (w within) Open(name string) (fs.File, error) { return w.Root.Open(name) }

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
