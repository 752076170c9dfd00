package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/dustin/go-humanize"
)

// publishedFile is one of Fashion-MNIST's four files.
type publishedFile struct {
	name   string
	magic  uint32
	size   int64  // uncompressed
	digest string // SHA-256 of the uncompressed bytes, since packagers compress anew
}

// publishedFiles are in the order train images, train labels, test images, test labels.
var publishedFiles = [4]publishedFile{
	{"train-images-idx3-ubyte", imagesMagic, 47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"},
	{"train-labels-idx1-ubyte", labelsMagic, 60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"},
	{"t10k-images-idx3-ubyte", imagesMagic, 7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"},
	{"t10k-labels-idx1-ubyte", labelsMagic, 10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"},
}

// is tells whether content is that of the published file.
func (p publishedFile) is(content *idx) bool {
	return hex.EncodeToString(content.digest[:]) == p.digest
}

// folder is a place that may hold the four files, each as name.gz or name.
type folder struct {
	files fs.FS
	title string // how messages name it: its path
	spec  string // Data.Spec
}

func openFolder(dir string) folder { return folder{os.DirFS(dir), dir, absolute(dir)} }

// absolute is dir itself where the folder that it is relative to is gone.
func absolute(dir string) string {
	if path, err := filepath.Abs(dir); err == nil {
		return path
	}
	return dir
}

// read returns the content of one file and the path it was found under. Where the file does not
// exist the error is fs.ErrNotExist.
func (f folder) read(p publishedFile) (content *idx, path string, err error) {
	name := p.name + ".gz"
	file, size, err := openRegular(f.files, name)
	if errors.Is(err, fs.ErrNotExist) {
		name = p.name
		file, size, err = openRegular(f.files, name)
	}
	path = filepath.Join(f.title, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, path, fmt.Errorf("%s: %w, neither packed (.gz) nor plain", path, err)
	} else if err != nil {
		return nil, path, fmt.Errorf("%s: %w", path, err)
	}
	defer file.Close()
	if content, err = readIDX(file, size, p.magic, maxBytes); err != nil {
		return nil, path, fmt.Errorf("%s: %w", path, cause(err))
	}
	return content, path, nil
}

// openRegular opens a file that is regular: others, as a pipe, may let us wait for ever. Its errors
// do not name the file.
func openRegular(files fs.FS, name string) (file fs.File, size int64, err error) {
	info, err := fs.Stat(files, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, errNoFile
	case err != nil:
		return nil, 0, fmt.Errorf("cannot be read: %w", cause(err))
	case !info.Mode().IsRegular():
		return nil, 0, errNotRegular
	}
	if file, err = files.Open(name); err != nil {
		return nil, 0, fmt.Errorf("cannot be read: %w", cause(err))
	}
	return file, info.Size(), nil
}

// check tells whether the folder is there.
func (f folder) check() error {
	info, err := fs.Stat(f.files, ".")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", f.title, errNoFolder)
	case err != nil:
		return fmt.Errorf("%s: not a folder that can be read: %w", f.title, cause(err))
	case !info.IsDir():
		return fmt.Errorf("%s: not a folder", f.title)
	}
	return nil
}

var errNotRegular = errors.New("not a regular file")

// absent is an error that is fs.ErrNotExist and says what does not exist.
type absent string

func (a absent) Error() string   { return string(a) }
func (absent) Is(err error) bool { return err == fs.ErrNotExist }

const (
	errNoFile   = absent("no such file")
	errNoFolder = absent("no such folder")
)

// cause drops the operation and the path that our own message has already.
func cause(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}

// load reads the four files at the same time and checks them against each other. differs names
// the first one that is not as published, or is "".
func (f folder) load() (data *Data, differs string, err error) {
	if err := f.check(); err != nil {
		return nil, "", err
	}
	var content [4]*idx
	var paths [4]string
	var errs [4]error
	var group sync.WaitGroup
	for i, p := range publishedFiles {
		group.Go(func() { content[i], paths[i], errs[i] = f.read(p) })
	}
	group.Wait()
	all := sha256.New()
	for i, p := range publishedFiles {
		if errs[i] != nil {
			return nil, "", errs[i]
		}
		if differs == "" && !p.is(content[i]) {
			differs = paths[i]
		}
		all.Write(content[i].digest[:])
	}
	data = &Data{Classes: Classes, Origin: f.title, Spec: f.spec, Kind: Published, Digest: [32]byte(all.Sum(nil))}
	if differs != "" {
		data.Kind = Other
	}
	train, err := join(content[0], content[1], paths[0], paths[1])
	if err != nil {
		return nil, "", err
	}
	test, err := join(content[2], content[3], paths[2], paths[3])
	if err != nil {
		return nil, "", err
	}
	data.Train, data.Test = train, test
	if train.Rows != test.Rows || train.Cols != test.Cols {
		return nil, "", fmt.Errorf("%s: images of %d×%d, but %s has %d×%d: the two must be of one size",
			paths[2], test.Rows, test.Cols, paths[0], train.Rows, train.Cols)
	}
	return data, differs, nil
}

// join makes a set of a file of images and a file of labels.
func join(images, labels *idx, imagesPath, labelsPath string) (*Set, error) {
	if images.dims[0] != labels.dims[0] {
		return nil, fmt.Errorf("%s: %s labels, but %s has %s images: the counts must agree; fetch both again",
			labelsPath, humanize.Comma(int64(labels.dims[0])), imagesPath, humanize.Comma(int64(images.dims[0])))
	}
	all := make([]int32, len(labels.data))
	for i, label := range labels.data {
		all[i] = int32(label)
		if int(label) >= len(Classes) {
			return nil, fmt.Errorf("%s: label %d of image %s (counted from 0) is out of range: labels are 0 to %d",
				labelsPath, label, humanize.Comma(int64(i)), len(Classes)-1)
		}
	}
	return &Set{
		Images: images.data, Labels: all,
		Rows: images.dims[1], Cols: images.dims[2], Channels: 1,
	}, nil
}
