package photo

import (
	"bytes"
	"image"
	"io"
	"sync"
)

// Photo is an image that comes from anywhere, upright.
type Photo struct {
	Grey  *image.Gray // 8 bits, H×W without gaps, by PIL's convert("L")
	Alpha *image.Gray // of the same size, 255 where opaque; nil where all of it is
}

// Reader reads photos, PNG, JPEG and GIF files (the first frame) of up to 64 MiB and 2²⁵ pixels:
// their greys, turned as a camera's note in a JPEG asks for (EXIF's orientation), and what of them is
// transparent. It may be used by several goroutines at the same time: they decode only so many pixels
// together as the largest photo may have, so that their memory has the same bound, but for the files
// themselves and what they return.
type Reader struct {
	mutex sync.Mutex
	less  *sync.Cond // used has become less
	used  int64      // pixels being decoded
}

// NewReader returns a reader of photos.
func NewReader() *Reader {
	r := &Reader{}
	r.less = sync.NewCond(&r.mutex)
	return r
}

// Read reads a file. Errors are one line and name it.
func (r *Reader) Read(f File) (*Photo, error) {
	source, size, err := f.open()
	if err != nil {
		return nil, f.Failure(err)
	}
	defer source.Close()
	photo, err := r.read(source, size)
	if err != nil {
		return nil, f.Failure(err)
	}
	return photo, nil
}

// read reads a photo from a source of about size bytes.
func (r *Reader) read(source io.Reader, size int64) (*Photo, error) {
	var file bytes.Buffer
	p, err := ReadPicture(&file, source, size)
	if err != nil {
		return nil, err
	}
	pixels := int64(p.Rows) * int64(p.Cols)
	r.take(pixels)
	defer r.put(pixels)
	return p.photo()
}

func (r *Reader) take(pixels int64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for r.used > 0 && r.used+pixels > maxImagePixels {
		r.less.Wait()
	}
	r.used += pixels
}

func (r *Reader) put(pixels int64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.used -= pixels
	r.less.Broadcast()
}

// photo decodes the picture.
func (p *Picture) photo() (*Photo, error) {
	grey, m, err := p.decoded()
	if err != nil {
		return nil, err
	}
	if p.name == "JPEG" {
		grey = turned(grey, orientation(p.file))
	}
	return &Photo{Grey: grey, Alpha: toAlpha(m)}, nil
}
