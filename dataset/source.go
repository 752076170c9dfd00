package dataset

import (
	"context"

	"vggtrain/internal/photo"
)

// Source is a set of labelled images, in memory or elsewhere.
type Source interface {
	// Len returns N, the number of images.
	Len() int
	// Label returns the class of image i, an index of Data.Classes.
	Label(i int) int32
	// Size returns H, W and C of all images. H and W are 0 if they vary; C is fixed.
	Size() (rows, cols, channels int)
	// Image reads image i into p. It is safe for concurrent use, with a p for each goroutine, which
	// closes it: some sources wait until pictures are closed. An error names the image's file.
	Image(ctx context.Context, i int, p *Pixels) error
}

// Resident is a Source in memory. A Loader does not prefetch from it.
type Resident interface {
	Source
	Bytes() int64 // of the pixels
}

// Bytes returns the size of a source's pixels in memory; 0 if s is not Resident.
func Bytes(s Source) int64 {
	if r, ok := s.(Resident); ok {
		return r.Bytes()
	}
	return 0
}

// Pixels are one image of H×W×C bytes. They may be reused for the next image.
type Pixels struct {
	Rows, Cols, Channels int
	Pix                  []byte // read only: a source in memory shares its own
	Fill                 []byte // the colour of padding, of the prepared picture's channels; nil: the corners'

	own   []byte
	row   func(y int, buffer []byte) []byte // makes a row, if Pix is nil
	photo *photo.Photo                      // which has the rows; nil: none
}

// Close gives back the memory of a picture that is decoded, if p has one. The next image in p does so,
// too.
func (p *Pixels) Close() {
	if p.photo != nil {
		p.photo.Close()
		*p = Pixels{own: p.own}
	}
}

// coloured reports whether a pixel has R, G and B that differ.
func (p *Pixels) coloured() bool {
	if p.photo != nil {
		return p.photo.Coloured()
	}
	if p.Channels != 3 {
		return false
	}
	buffer := make([]byte, 3*p.Cols)
	for y := range p.Rows {
		for row := p.Row(y, buffer); len(row) > 0; row = row[3:] {
			if row[0] != row[1] || row[0] != row[2] {
				return true
			}
		}
	}
	return false
}

// ByRow lets p make its rows when they are read, instead of all in memory: row returns row y, W×C
// bytes, which it may write to buffer.
func (p *Pixels) ByRow(rows, cols, channels int, row func(y int, buffer []byte) []byte) {
	p.Share(nil, rows, cols, channels)
	p.row = row
}

// Make sizes p for an image and returns its own memory, for a source to fill.
func (p *Pixels) Make(rows, cols, channels int) []byte {
	size := rows * cols * channels
	if cap(p.own) < size {
		p.own = make([]byte, size)
	}
	p.Share(p.own[:size], rows, cols, channels)
	return p.Pix
}

// Share lets p refer to an image in the source's memory.
func (p *Pixels) Share(pix []byte, rows, cols, channels int) {
	p.Close()
	p.Pix, p.Rows, p.Cols, p.Channels, p.Fill, p.row = pix, rows, cols, channels, nil, nil
}

// Row returns row y of the image, W×C bytes. It may write them to buffer, which has as many.
func (p *Pixels) Row(y int, buffer []byte) []byte {
	if p.row != nil {
		return p.row(y, buffer)
	}
	width := p.Cols * p.Channels
	return p.Pix[y*width:][:width]
}

// Read returns image i of a source, in memory. The pixels may be shared with the source: read only.
func Read(ctx context.Context, s Source, i int) (*Pixels, error) {
	p := &Pixels{}
	if err := s.Image(ctx, i, p); err != nil || p.row == nil {
		return p, err
	}
	defer p.Close()
	whole := &Pixels{}
	size := p.Cols * p.Channels
	for pix := whole.Make(p.Rows, p.Cols, p.Channels); len(pix) > 0; pix = pix[size:] {
		y := p.Rows - len(pix)/size
		copy(pix[:size], p.Row(y, pix[:size]))
	}
	return whole, nil
}

// Set is a Source in memory: N images of one size.
type Set struct {
	Images               []byte  // N×H×W×C
	Labels               []int32 // N
	Rows, Cols, Channels int     // H, W, C
}

// Len returns N.
func (s *Set) Len() int { return len(s.Labels) }

// Label returns the class of image i.
func (s *Set) Label(i int) int32 { return s.Labels[i] }

// Size returns H, W and C.
func (s *Set) Size() (rows, cols, channels int) { return s.Rows, s.Cols, s.Channels }

// Image lets p share the set's memory.
func (s *Set) Image(_ context.Context, i int, p *Pixels) error {
	p.Share(s.image(i), s.Rows, s.Cols, s.Channels)
	return nil
}

// Bytes returns N·H·W·C.
func (s *Set) Bytes() int64 { return int64(len(s.Images)) }

// image returns the pixels of image i.
func (s *Set) image(i int) []byte {
	size := s.Rows * s.Cols * s.Channels
	return s.Images[i*size : (i+1)*size : (i+1)*size]
}
