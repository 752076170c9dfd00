package dataset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"

	"vggtrain/internal/display"
	"vggtrain/internal/files"
	"vggtrain/internal/listing"
	"vggtrain/internal/photo"
)

// pictures is a Source of picture files, which are decoded when they are read.
type pictures struct {
	list   *listing.List
	items  []listing.Item
	reader *photo.Reader
}

// newPictures returns a source of some items of a list. All sources of a data set have the same reader,
// whose budget of memory they share.
func newPictures(list *listing.List, items []listing.Item, reader *photo.Reader) Source {
	return &pictures{list, items, reader}
}

// Len returns N.
func (s *pictures) Len() int { return len(s.items) }

// Label returns the class of picture i.
func (s *pictures) Label(i int) int32 { return s.items[i].Label }

// Size returns 0, 0 and 3: sizes vary.
func (s *pictures) Size() (rows, cols, channels int) { return 0, 0, 3 }

// Image decodes picture i. Its rows are made when they are read.
func (s *pictures) Image(ctx context.Context, i int, p *Pixels) error {
	p.Close() // the reader waits for its room
	if err := ctx.Err(); err != nil {
		return err
	}
	m, err := s.reader.Read(photo.InFS(s.list.FS, s.items[i].Name, s.title(i)))
	if err != nil {
		return err
	}
	p.ByRow(m.Rows(), m.Cols(), 3, func(y int, row []byte) []byte {
		m.Row(y, 3, row)
		return row
	})
	p.photo = m
	return nil
}

// until is a reader until its context is done.
type until struct {
	ctx context.Context
	io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.Reader.Read(p)
}

// title names picture i in messages.
func (s *pictures) title(i int) string {
	return display.Name(filepath.Join(s.list.Title, filepath.FromSlash(s.items[i].Name)))
}

// digest returns the SHA-256 of the file of picture i, by way of a buffer. It ends when ctx does: a file
// may be long.
func (s *pictures) digest(ctx context.Context, i int, buffer []byte) (sum [sha256.Size]byte, err error) {
	file, _, err := files.OpenRegular(s.list.FS, s.items[i].Name)
	if err != nil {
		return sum, fmt.Errorf("%s: %w", s.title(i), err)
	}
	defer file.Close()
	all := sha256.New()
	if _, err := io.CopyBuffer(all, until{ctx, file}, buffer); err != nil {
		return sum, fmt.Errorf("%s: cannot be read: %w", s.title(i), files.Cause(err))
	}
	return [sha256.Size]byte(all.Sum(nil)), nil
}
