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
func (f folder) classes(split string, out *[]string) ([]classFolder, error) {
	entries, err := f.list(split)
	if err != nil {
		return nil, err
	}
	var found []classFolder
	files := 0
	for _, entry := range entries {
		name := path.Join(split, entry.Name())
		switch {
		case !entry.IsDir() && photo.Readable(name):
			return nil, fmt.Errorf("%s: an image outside of the class folders: move it to the folder of its class", f.at(name))
		case !entry.IsDir():
			*out = append(*out, name)
			continue
		case !display.Printable(entry.Name()):
			return nil, fmt.Errorf("%s: not a class name that can be printed: rename the folder", f.at(name))
		case len(found) == maxClasses:
			return nil, fmt.Errorf("%s: more than %d class folders: no more are read", f.at(split), maxClasses)
		}
		class := classFolder{name: entry.Name()}
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
func (f folder) images(class string, out *[]string) ([]string, error) {
	entries, err := f.list(class)
	if err != nil {
		return nil, err
	}
	var images []string
	for _, entry := range entries {
		name := path.Join(class, entry.Name())
		switch {
		case entry.IsDir():
			return nil, fmt.Errorf("%s: a folder in a class folder: put its images into the class folder itself", f.at(name))
		case photo.Readable(name):
			images = append(images, name)
		case photo.Foreign(name):
			return nil, fmt.Errorf("%s: %w: %s are; convert it to one of them", f.at(name), photo.ErrUnknown, photo.Kinds("and"))
		default:
			*out = append(*out, name)
		}
	}
	if len(images) == 0 {
		return nil, fmt.Errorf("%s: no images: put some in, or remove the class from train and test", f.at(class))
	}
	return images, nil
}

// list returns the entries of a folder, sorted by name, except hidden ones. A link is listed as its
// target.
func (f folder) list(dir string) ([]fs.DirEntry, error) {
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
	var entries []fs.DirEntry
	for _, e := range found {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if e.Type()&fs.ModeSymlink != 0 {
			name := path.Join(dir, e.Name())
			target, err := fs.Stat(f.files, name)
			if err != nil {
				return nil, f.unreadable(name, err)
			}
			e = fs.FileInfoToDirEntry(target)
		}
		entries = append(entries, e)
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
// have one of them, else the folders' own, sorted. key makes all spellings of a name equal.
func classNames(folders []classFolder) (names []string, key func(name string) string) {
	own := make([]string, len(folders)) // which are sorted
	spelt := map[string]bool{}
	for i, f := range folders {
		own[i], spelt[folded(f.name)] = f.name, true
	}
	known := slices.DeleteFunc(slices.Clone(Classes), func(class string) bool { return !spelt[folded(class)] })
	if len(known) > 0 && len(known) == len(spelt) {
		return known, folded
	}
	return own, func(name string) string { return name }
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

// label returns the labelled files of train or test, in turn of their classes.
func (f folder) label(split string, folders []classFolder, names []string, key func(string) string) ([]labelled, error) {
	byKey := map[string]classFolder{}
	for _, c := range folders {
		k := key(c.name)
		if !slices.ContainsFunc(names, func(name string) bool { return key(name) == k }) {
			return nil, fmt.Errorf("%s: a class that train does not have: the two must have the same classes", f.at(path.Join(split, c.name)))
		}
		if other, ok := byKey[k]; ok {
			return nil, fmt.Errorf("%s: the same class as the folder %s: keep one of the two", f.at(path.Join(split, c.name)), other.name)
		}
		byKey[k] = c
	}
	classes := make([][]string, len(names))
	for label, name := range names {
		c, ok := byKey[key(name)]
		if !ok {
			return nil, fmt.Errorf("%s: no folder of the class %s, which train has: the two must have the same classes", f.at(split), name)
		}
		classes[label] = c.files
	}
	return inTurn(classes), nil
}

// inTurn returns the first file of each class, then the second of each, and so on: the first N images
// of a set are of all classes.
func inTurn(classes [][]string) []labelled {
	var files []labelled
	for i, before := 0, -1; len(files) > before; i++ {
		before = len(files)
		for label, of := range classes {
			if i < len(of) {
				files = append(files, labelled{of[i], int32(label)})
			}
		}
	}
	return files
}
