package dataset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"

	"github.com/dustin/go-humanize"
	"golang.org/x/sync/errgroup"

	"vggtrain/internal/files"
	"vggtrain/internal/idx"
	"vggtrain/internal/photo"
)

// openClasses reads the folders train/CLASS and test/CLASS of dir, as torchvision's ImageFolder:
// image files in grey, all of one size. Links out of dir are not followed. out are the
// files without a picture's name.
func openClasses(ctx context.Context, dir string) (data *Data, out []string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, out, fmt.Errorf("%s: not a folder that can be read: %w", dir, files.Cause(err))
	}
	defer root.Close()
	return folder{root.FS(), dir, absolute(dir)}.loadClasses(ctx)
}

func (f folder) loadClasses(ctx context.Context) (data *Data, out []string, err error) {
	splits := [...]string{"train", "test"}
	var folders [len(splits)][]classFolder
	for k, split := range splits {
		if folders[k], err = f.classes(split, &out); err != nil {
			return nil, out, err
		}
	}
	names, key := classNames(folders[0])
	if len(names) < 2 {
		return nil, out, fmt.Errorf("%s: %d class folders: there must be two or more", f.at("train"), len(names))
	}
	var files [len(splits)][]labelled
	for k, split := range splits {
		if files[k], err = f.label(split, folders[k], names, key); err != nil {
			return nil, out, err
		}
	}
	var sets [len(splits)]*Set
	for k := range splits { // the first file's size is that of all
		if sets[k], err = f.readSet(ctx, files[k], files[0][0].path); err != nil {
			return nil, out, err
		}
	}
	return &Data{
		Train: sets[0], Test: sets[1], Classes: names,
		Origin: f.title, Spec: f.spec, Kind: ClassFolders, Digest: classDigest(names, sets[:]...),
	}, out, nil
}

// readSet reads all files on all processors. They must have the size of the file first. Of several
// errors it returns the first file's.
func (f folder) readSet(ctx context.Context, files []labelled, first string) (*Set, error) {
	s, err := f.newSet(files, first)
	if err != nil {
		return nil, err
	}
	var failed failure
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range files {
		group.Go(func() error {
			failed.try(i, func() error {
				if err := ctx.Err(); err != nil {
					return err
				}
				return f.readInto(s, i, files[i].path, first)
			})
			return nil
		})
	}
	_ = group.Wait() // the error of the first file is in failed
	return s, failed.err
}

// newSet returns a set for the files, all as large as the file first, with their labels.
func (f folder) newSet(files []labelled, first string) (*Set, error) {
	p, err := f.picture(first)
	if err != nil {
		return nil, err
	}
	if p.Rows > idx.MaxSide || p.Cols > idx.MaxSide {
		return nil, fmt.Errorf("%s: %s pixels: sides from 1 to %s are read; make the images smaller", f.at(first), p.Size(), humanize.Comma(idx.MaxSide))
	}
	s := &Set{Rows: p.Rows, Cols: p.Cols, Channels: 1}
	total := int64(len(files)) * int64(s.Rows) * int64(s.Cols)
	if total > idx.MaxBytes {
		return nil, fmt.Errorf("%s: %s images of %s pixels are %s bytes: no more than %s are read; make the images smaller or fewer",
			f.at(files[0].path), humanize.Comma(int64(len(files))), p.Size(), humanize.Comma(total), humanize.Comma(idx.MaxBytes))
	}
	s.Images, s.Labels = make([]byte, total), make([]int32, len(files))
	for i, file := range files {
		s.Labels[i] = file.label
	}
	return s, nil
}

// readInto reads a file into image i of s.
func (f folder) readInto(s *Set, i int, name, first string) error {
	p, err := f.picture(name)
	if err != nil {
		return err
	}
	if p.Rows != s.Rows || p.Cols != s.Cols {
		return fmt.Errorf("%s: %s pixels, but %s has %d×%d: all images must be of one size; resize them first",
			f.at(name), p.Size(), f.at(first), s.Cols, s.Rows)
	}
	grey, err := p.Grey()
	if err != nil {
		return fmt.Errorf("%s: %w", f.at(name), err)
	}
	copy(s.image(i), grey.Pix)
	return nil
}

// picture reads a file as far as its size.
func (f folder) picture(name string) (*photo.Picture, error) {
	var p *photo.Picture
	file, size, err := files.OpenRegular(f.files, name)
	if err == nil {
		defer file.Close()
		p, err = photo.ReadPicture(file, size)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.at(name), err)
	}
	return p, nil
}

// classDigest covers class names, sizes, labels and pixels, whatever files they came from.
func classDigest(names []string, sets ...*Set) [sha256.Size]byte {
	all := sha256.New()
	fmt.Fprintf(all, "class folders\n%d classes\n", len(names))
	for _, name := range names {
		fmt.Fprintf(all, "%q\n", name)
	}
	for _, s := range sets {
		fmt.Fprintf(all, "%d images, %d rows, %d columns\n", s.Len(), s.Rows, s.Cols)
		labels := make([]byte, s.Len())
		for i, label := range s.Labels {
			labels[i] = byte(label) // there are no more than maxClasses
		}
		all.Write(labels)
		all.Write(s.Images)
	}
	return [sha256.Size]byte(all.Sum(nil))
}
