package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"vggtrain/internal/display"
	"vggtrain/internal/files"
	"vggtrain/internal/idx"
	"vggtrain/internal/photo"
)

// maxClasses bounds the class folders of a split.
const maxClasses = 256

// classFolder is a class in train or in test.
type classFolder struct {
	name  string
	files []string // paths, sorted
}

// labelled is an image file and its label.
type labelled struct {
	path  string
	label int32
}

// holdsClasses reports whether the folder has a folder train and none of the four files.
func (f folder) holdsClasses() bool {
	info, err := fs.Stat(f.files, "train")
	return err == nil && info.IsDir() && f.holdsNoFiles()
}

// holdsNoFiles reports whether the folder exists without any of the four files.
func (f folder) holdsNoFiles() bool {
	for _, p := range idx.Published {
		for _, name := range []string{p.Name, p.Name + ".gz"} {
			if _, err := fs.Stat(f.files, name); !errors.Is(err, fs.ErrNotExist) {
				return false
			}
		}
	}
	return f.check() == nil
}

// at names a file of the folder in messages.
func (f folder) at(name string) string {
	return display.Name(filepath.Join(f.title, filepath.FromSlash(name)))
}

// classes lists the class folders of train or test, sorted by name.
func (f folder) classes(split string, out *photo.LeftOut) ([]classFolder, error) {
	entries, err := f.list(split)
	if err != nil {
		return nil, err
	}
	var found []classFolder
	files := 0
	for _, entry := range entries {
		name := path.Join(split, entry.name)
		switch {
		case !entry.isDir && photo.Readable(name):
			return nil, fmt.Errorf("%s: an image outside of the class folders: move it to the folder of its class", f.at(name))
		case !entry.isDir:
			out.Add(name)
			continue
		case !display.Printable(entry.name):
			return nil, fmt.Errorf("%s: not a class name that can be printed: rename the folder", f.at(name))
		case len(found) == maxClasses:
			return nil, fmt.Errorf("%s: more than %d class folders: no more are read", f.at(split), maxClasses)
		}
		class := classFolder{name: entry.name}
		if class.files, err = f.images(name, out); err != nil {
			return nil, err
		}
		if files += len(class.files); files > photo.MaxFiles {
			return nil, fmt.Errorf("%s: more than %d images: no more are read", f.at(split), photo.MaxFiles)
		}
		found = append(found, class)
	}
	return found, nil
}

// images lists the image files of a class folder.
func (f folder) images(class string, out *photo.LeftOut) ([]string, error) {
	entries, err := f.list(class)
	if err != nil {
		return nil, err
	}
	var images []string
	for _, entry := range entries {
		name := path.Join(class, entry.name)
		switch {
		case entry.isDir:
			return nil, fmt.Errorf("%s: a folder in a class folder: put its images into the class folder itself", f.at(name))
		case photo.Readable(name):
			images = append(images, name)
		case photo.Foreign(name):
			return nil, fmt.Errorf("%s: %w: PNG, JPEG and GIF are; convert it to one of them", f.at(name), photo.ErrUnknown)
		default:
			out.Add(name)
		}
	}
	if len(images) == 0 {
		return nil, fmt.Errorf("%s: no images: put some in, or remove the class from train and test", f.at(class))
	}
	return images, nil
}

// entry is a file or a folder, or what a link leads to.
type entry struct {
	name  string
	isDir bool
}

// list returns the entries of a folder, sorted by name, except hidden ones.
func (f folder) list(dir string) ([]entry, error) {
	info, err := fs.Stat(f.files, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w: images are looked for in train/CLASS and test/CLASS", f.at(dir), files.ErrNoFolder)
	case err != nil:
		return nil, f.unreadable(dir, err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s: not a folder", f.at(dir))
	}
	found, err := fs.ReadDir(f.files, dir)
	if err != nil {
		return nil, f.unreadable(dir, err)
	}
	var entries []entry
	for _, e := range found {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		isDir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			name := path.Join(dir, e.Name())
			target, err := fs.Stat(f.files, name)
			if err != nil {
				return nil, f.unreadable(name, err)
			}
			isDir = target.IsDir()
		}
		entries = append(entries, entry{e.Name(), isDir})
	}
	return entries, nil
}

// unreadable explains why a file or a folder cannot be read. A link may lead nowhere, or out of the
// folder, where it is not followed.
func (f folder) unreadable(name string, err error) error {
	if info, linkErr := fs.Lstat(f.files, name); linkErr == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s: a link that cannot be followed (%w): links must be relative and stay inside %s",
			f.at(name), files.Cause(err), display.Name(f.title))
	}
	return fmt.Errorf("%s: cannot be read: %w", f.at(name), files.Cause(err))
}

// classNames returns the names of the labels: Fashion-MNIST's in their known order, if all folders
// have one of them, else the folders' own, sorted.
func classNames(folders []classFolder) []string {
	var known []string
	for _, class := range Classes {
		if slices.ContainsFunc(folders, func(f classFolder) bool { return folded(f.name) == folded(class) }) {
			known = append(known, class)
		}
	}
	var own []string
	for _, f := range folders {
		if !slices.ContainsFunc(known, func(class string) bool { return folded(f.name) == folded(class) }) {
			known = nil
		}
		own = append(own, f.name)
	}
	if len(known) > 0 {
		return known
	}
	return own // which are sorted
}

// folded makes all spellings of a class name as a file name equal: "t_shirt_top" and "T-shirt-top"
// are T-shirt/top.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" /_-", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// label returns the labelled files of train or test, in turn of their classes. Folders may spell
// Fashion-MNIST's names in their way.
func (f folder) label(split string, folders []classFolder, names []string) ([]labelled, error) {
	same := func(folder, name string) bool { return folder == name }
	if isKnown(names) {
		same = func(folder, name string) bool { return folded(folder) == folded(name) }
	}
	for _, c := range folders {
		if !slices.ContainsFunc(names, func(name string) bool { return same(c.name, name) }) {
			return nil, fmt.Errorf("%s: a class that train does not have: the two must have the same classes", f.at(path.Join(split, c.name)))
		}
	}
	classes := make([][]string, len(names))
	for label, name := range names {
		var of []classFolder
		for _, c := range folders {
			if same(c.name, name) {
				of = append(of, c)
			}
		}
		switch {
		case len(of) == 0:
			return nil, fmt.Errorf("%s: no folder of the class %s, which train has: the two must have the same classes", f.at(split), name)
		case len(of) > 1:
			return nil, fmt.Errorf("%s: the same class as the folder %s: keep one of the two", f.at(path.Join(split, of[1].name)), of[0].name)
		}
		classes[label] = of[0].files
	}
	return inTurn(classes), nil
}

// inTurn returns the first file of each class, then the second of each, and so on: the first N images
// of a set are of all classes.
func inTurn(classes [][]string) []labelled {
	var files []labelled
	for i, found := 0, true; found; i++ {
		found = false
		for label, of := range classes {
			if i < len(of) {
				files = append(files, labelled{of[i], int32(label)})
				found = true
			}
		}
	}
	return files
}

// isKnown reports whether all names are Fashion-MNIST's.
func isKnown(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(Classes, name) })
}
