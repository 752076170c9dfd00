package photo

import (
	"context"
	"image"
	"io"

	"golang.org/x/sync/semaphore"
)

// Photo is a decoded image, upright.
type Photo struct {
	Grey  *image.Gray // 8 bits, H×W without gaps, by PIL's convert("L")
	Alpha *image.Gray // of the same size, 255 where opaque; nil if all is opaque
}

// Reader decodes files of at most 64 MiB and 2²⁵ pixels to grey and transparency. It applies EXIF's
// orientation of a JPEG and takes the first frame of a GIF. It is safe for concurrent use: all
// goroutines together decode at most 2²⁵ pixels at a time, so that their memory is bounded.
type Reader struct {
	pixels *semaphore.Weighted // being decoded
}

// NewReader returns a reader of photos.
func NewReader() *Reader { return &Reader{semaphore.NewWeighted(maxImagePixels)} }

// Read reads a file. Errors are one line and name it.
func (r *Reader) Read(f File) (photo *Photo, err error) {
	source, size, err := f.open()
	if err == nil {
		defer source.Close()
		photo, err = r.read(source, size)
	}
	if err != nil {
		return nil, f.Failure(err)
	}
	return photo, nil
}

// read reads a photo from a source of about size bytes.
func (r *Reader) read(source io.Reader, size int64) (*Photo, error) {
	p, err := ReadPicture(source, size)
	if err != nil {
		return nil, err
	}
	pixels := int64(p.Rows) * int64(p.Cols)
	_ = r.pixels.Acquire(context.Background(), pixels) // an error would be the context's
	defer r.pixels.Release(pixels)
	grey, m, err := p.decoded()
	if err != nil {
		return nil, err
	}
	if p.name == "JPEG" {
		grey = turned(grey, orientation(p.file))
	}
	return &Photo{Grey: grey, Alpha: toAlpha(m)}, nil
}
