package dataset

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/files"
	"vggtrain/internal/idx"
)

// folder is a place for the four files, each as name.gz or name.
type folder struct {
	files fs.FS
	title string // how messages name it: its path
	spec  string // Data.Spec
}

func openFolder(dir string) folder { return folder{os.DirFS(dir), dir, absolute(dir)} }

// absolute returns dir itself if the working directory is gone.
func absolute(dir string) string {
	if path, err := filepath.Abs(dir); err == nil {
		return path
	}
	return dir
}

// check returns an error unless the folder exists.
func (f folder) check() error {
	info, err := fs.Stat(f.files, ".")
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

// load reads the four files at the same time and checks them against each other. differs names
// the first one that is not as published, if any.
func (f folder) load() (data *Data, differs string, err error) {
	if err := f.check(); err != nil {
		return nil, "", err
	}
	var content [4]*idx.Content
	var paths [4]string
	var errs [4]error
	var group sync.WaitGroup
	for i, p := range idx.Published {
		group.Go(func() { content[i], paths[i], errs[i] = p.Find(f.files, f.title) })
	}
	group.Wait()
	all := sha256.New()
	for i, p := range idx.Published {
		if errs[i] != nil {
			return nil, "", errs[i]
		}
		if differs == "" && !p.Is(content[i]) {
			differs = paths[i]
		}
		all.Write(content[i].Digest[:])
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
func join(images, labels *idx.Content, imagesPath, labelsPath string) (*Set, error) {
	if images.Dims[0] != labels.Dims[0] {
		return nil, fmt.Errorf("%s: %s labels, but %s has %s images: the counts must agree; fetch both again",
			labelsPath, humanize.Comma(int64(labels.Dims[0])), imagesPath, humanize.Comma(int64(images.Dims[0])))
	}
	all := make([]int32, len(labels.Data))
	for i, label := range labels.Data {
		all[i] = int32(label)
		if int(label) >= len(Classes) {
			return nil, fmt.Errorf("%s: label %d of image %s (counted from 0) is out of range: labels are 0 to %d",
				labelsPath, label, humanize.Comma(int64(i)), len(Classes)-1)
		}
	}
	return &Set{
		Images: images.Data, Labels: all,
		Rows: images.Dims[1], Cols: images.Dims[2], Channels: 1,
	}, nil
}
