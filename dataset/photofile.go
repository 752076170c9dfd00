package dataset

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"
)

// PhotoFile is an image that has not been read yet.
type PhotoFile struct {
	Name string // as it was given, or the folder's with the file's after it
	open func() (file io.ReadCloser, size int64, err error)
}

// Failure names the file in an error.
func (f PhotoFile) Failure(err error) error { return fmt.Errorf("%s: %w", shown(f.Name), err) }

// PhotoFrom is a photo that can be read once, from r.
func PhotoFrom(name string, r io.Reader) PhotoFile {
	return PhotoFile{name, func() (io.ReadCloser, int64, error) { return io.NopCloser(r), 0, nil }}
}

// Photos returns the image that a path names, whether it can be read or not, or all those of a
// folder, in the order of their names: its files, and links that stay inside of it, whose names end
// as those of images do. Folders in it are not entered. notice is told of what is left out by its
// name; what is hidden (.name) is left out without. It is an error if a folder cannot be read or
// has no image.
func Photos(path string, notice func(string)) ([]PhotoFile, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []PhotoFile{{path, func() (io.ReadCloser, int64, error) { return openPhoto(everywhere{}, path, path) }}}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("%s: the folder cannot be read: %w", shown(path), cause(err))
	}
	var files []PhotoFile
	var out leftOut
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, "."):
		case e.IsDir() || !hasExtension(name, imageExtensions) && !hasExtension(name, foreignExtensions):
			out.add(filepath.Join(path, name))
		case len(files) == maxFiles:
			return nil, fmt.Errorf("%s: more than %s images: give fewer at a time", shown(path), humanize.Comma(maxFiles))
		default:
			files = append(files, inFolder(path, name))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no image in this folder: files that end in %s are looked for, and not in folders in it",
			shown(path), strings.Join(imageExtensions, ", "))
	}
	if out.count > 0 {
		notice(fmt.Sprintf("%s: no image by its name, or a folder: left out; %s such in all", shown(out.first), humanize.Comma(int64(out.count))))
	}
	return files, nil
}

// inFolder is a file of a folder, out of which links do not lead.
func inFolder(dir, name string) PhotoFile {
	path := filepath.Join(dir, name)
	return PhotoFile{path, func() (io.ReadCloser, int64, error) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: cannot be read: %w", shown(path), cause(err))
		}
		defer root.Close()
		file, size, err := openPhoto(root.FS(), name, path)
		if info, linkErr := root.Lstat(name); err != nil && linkErr == nil && info.Mode()&fs.ModeSymlink != 0 {
			return nil, 0, fmt.Errorf("%w; it is a link: links must be relative and stay inside %s", err, shown(dir))
		}
		return file, size, err
	}}
}

// openPhoto opens a regular file. Errors call it by title.
func openPhoto(files fs.FS, name, title string) (io.ReadCloser, int64, error) {
	file, size, err := openRegular(files, name)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", shown(title), err)
	}
	return file, size, nil
}
