package dataset

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/display"
	"vggtrain/internal/files"
	"vggtrain/internal/idx"
)

// folder is a place for IDX files.
type folder struct {
	files fs.FS
	dir   string // in files
	title string // of dir, for messages
}

func openFolder(dir string) folder { return folder{os.DirFS(dir), ".", dir} }

// absolute returns dir itself if the working directory is gone.
func absolute(dir string) string {
	if path, err := filepath.Abs(dir); err == nil {
		return path
	}
	return dir
}

// at names a file of the folder in messages.
func (f folder) at(name string) string { return display.Name(filepath.Join(f.title, name)) }

// check returns an error unless the folder exists.
func (f folder) check() error {
	info, err := fs.Stat(f.files, f.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", f.title, files.ErrNoFolder)
	case err != nil:
		return fmt.Errorf("%s: not a folder that can be read: %w", f.title, files.Cause(err))
	case !info.IsDir():
		return fmt.Errorf("%s: not a folder", f.title)
	}
	return nil
}

// set returns the folder's set of IDX files. It is an error if there is none, or more than one.
func (f folder) set(names []string) (idx.Set, error) {
	sets, err := idx.Sets(names)
	switch {
	case err != nil:
		return idx.Set{}, fmt.Errorf("%s%c%w", display.Name(f.title), filepath.Separator, err) // which begins with a file's name
	case len(sets) == 0:
		return idx.Set{}, fmt.Errorf("%s: %w", f.at(idx.Published[0].Name), files.ErrNoFile)
	case len(sets) > 1:
		return idx.Set{}, fmt.Errorf("%s: files of %d sets, %s and %s among them: move those of one to a folder of their own",
			display.Name(f.title), len(sets), setName(sets[0]), setName(sets[1]))
	case sets[0].Train == idx.Pair{}:
		return idx.Set{}, fmt.Errorf("%s: no images to train on beside it: %w of the name %s",
			f.at(sets[0].Test.Images), files.ErrNoFile, idx.Published[0].Name)
	}
	return sets[0], nil
}

func setName(s idx.Set) string { return display.Name(cmp.Or(s.Name, s.Train.Images, s.Test.Images)) }

// publishedSet returns the folder's set if it has a training and a test set.
func (f folder) publishedSet() (idx.Set, error) {
	if err := f.check(); err != nil {
		return idx.Set{}, err
	}
	entries, err := fs.ReadDir(f.files, f.dir)
	if err != nil {
		return idx.Set{}, fmt.Errorf("%s: cannot be read: %w", f.title, files.Cause(err))
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	set, err := f.set(names)
	if err == nil && set.Test == (idx.Pair{}) {
		err = fmt.Errorf("%s: %w", f.at(idx.Published[2].Name), files.ErrNoFile)
	}
	return set, err
}

// contents are the four files of a set, in the order of idx.Published. Those of a split that it lacks
// are nil.
type contents [4]*idx.Content

// read reads the files of a set at the same time.
func (f folder) read(set idx.Set) (c contents, err error) {
	var errs [len(c)]error
	var group sync.WaitGroup
	names := fileNames(set)
	for i, name := range names {
		if name != "" {
			group.Go(func() { c[i], errs[i] = idx.ReadFile(f.files, path.Join(f.dir, name), idx.Published[i].Kind()) })
		}
	}
	group.Wait()
	for i, err := range errs {
		if err != nil {
			return c, fmt.Errorf("%s: %w", f.at(names[i]), err)
		}
	}
	return c, nil
}

// fileNames are the names of a set's files in the order of idx.Published, "" for those that it lacks.
func fileNames(set idx.Set) [4]string {
	return [4]string{set.Train.Images, set.Train.Labels, set.Test.Images, set.Test.Labels}
}

// load reads a set and checks its files against each other. differs names the first file that is not as
// published, if any. Labels of such files are named by given, if it is not nil, else by themselves.
func (f folder) load(set idx.Set, given *classFile) (data *Data, differs string, err error) {
	c, err := f.read(set)
	if err != nil {
		return nil, "", err
	}
	for i, name := range fileNames(set) {
		if differs == "" && c[i] != nil && !idx.Published[i].Is(c[i]) {
			differs = f.at(name)
		}
	}
	if differs == "" {
		data, err = f.data(set, c, garments)
		if err == nil {
			data.Kind = Published
		}
		return data, "", err
	}
	names, err := nameLabels(c[1].Labels, given)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", f.at(set.Train.Labels), err)
	}
	data, err = f.data(set, c, names)
	return data, differs, err
}

// data makes the data of a set's files.
func (f folder) data(set idx.Set, c contents, names labelNames) (*Data, error) {
	all := sha256.New()
	for _, content := range c {
		if content != nil {
			all.Write(content.Digest[:])
		}
	}
	d := &Data{Classes: names.classes, Origin: f.title, Kind: Other, Digest: [32]byte(all.Sum(nil))}
	train, err := f.join(c[0], c[1], set.Train, names)
	if err != nil {
		return nil, err
	}
	d.Train = train
	if c[2] == nil {
		return d, nil
	}
	test, err := f.join(c[2], c[3], set.Test, names)
	if err != nil {
		return nil, err
	}
	if train.Rows != test.Rows || train.Cols != test.Cols {
		return nil, fmt.Errorf("%s: images of %d×%d, but %s has %d×%d: the two must be of one size",
			f.at(set.Test.Images), test.Rows, test.Cols, f.at(set.Train.Images), train.Rows, train.Cols)
	}
	d.Test = test
	return d, nil
}

// join makes a set of a file of images and a file of labels.
func (f folder) join(images, labels *idx.Content, pair idx.Pair, names labelNames) (*Set, error) {
	if images.Dims[0] != labels.Dims[0] {
		return nil, fmt.Errorf("%s: %s labels, but %s has %s images: the counts must agree; fetch both again",
			f.at(pair.Labels), humanize.Comma(int64(labels.Dims[0])), f.at(pair.Images), humanize.Comma(int64(images.Dims[0])))
	}
	s, err := labelledSet(images.Pixels, labels.Labels, images.Dims[1], images.Dims[2], names)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.at(pair.Labels), err)
	}
	return s, nil
}

// labelledSet makes a set of grey images and their labels.
func labelledSet(pixels []byte, labels []int64, rows, cols int, names labelNames) (*Set, error) {
	s := &Set{Images: pixels, Labels: make([]int32, len(labels)), Rows: rows, Cols: cols, Channels: 1}
	for i, label := range labels {
		index, known := names.indices[label]
		if !known {
			return nil, fmt.Errorf("label %d of image %s (counted from 0) is one that train does not have", label, humanize.Comma(int64(i)))
		}
		s.Labels[i] = index
	}
	return s, nil
}
