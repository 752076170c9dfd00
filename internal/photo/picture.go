package photo

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"io/fs"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"vggtrain/internal/display"
	"vggtrain/internal/files"
)

// Bounds of a picture. Its sides, its pixels and the memory that decoding takes are known from its header.
const (
	maxSide   = 1<<16 - 1
	maxPixels = 200_000_000
	maxRoom   = 1200 << 20 // bytes
)

// maxInMemory bounds the bytes of a file that cannot be read at any offset, such as one of a zip.
const maxInMemory = 256 << 20

// maxOnDisk bounds the bytes of other files, of which only what is needed is read. No format announces
// more for 200 megapixels; a file with holes may have any size.
const maxOnDisk = 4 << 30

// ErrUnknown is the error of a file without an image of a known kind. Damaged and too large images
// give other errors.
var ErrUnknown = errors.New("not an image that is read here")

// imageFormat is a kind of image file.
type imageFormat struct {
	name    string
	magics  []string // the first bytes, one of them; ? is any byte
	endings []string // of files' names
	// open reads the header. Memory does not depend on what it announces.
	open func(*source) (header, error)
}

// header is what is known of a picture before it is decoded.
type header struct {
	rows, cols  int   // H, W as in the file, before EXIF's turn
	least       int64 // bytes of the shortest file with these pixels
	room        int64 // bytes that decoding takes at most
	orientation int   // EXIF's, 1 to 8; 0: none
	decode      func() (pixels, error)
}

// imageFormats are recognised by their first bytes, not by the file's name.
var imageFormats = []imageFormat{
	{"PNG", []string{pngMagic}, []string{".png"}, openPNG},
	{"JPEG", []string{"\xff\xd8"}, []string{".jpg", ".jpeg", ".jfif"}, openJPEG},
	{"GIF", []string{"GIF87a", "GIF89a"}, []string{".gif"}, openGIF},
	{"WebP", []string{"RIFF????WEBP"}, []string{".webp"}, openWebP},
	{"BMP", bmpMagics(), []string{".bmp"}, openBMP},
	{"TIFF", []string{"II*\x00", "MM\x00*", "II+\x00", "MM\x00+"}, []string{".tif", ".tiff"}, openTIFF},
	{"PNM", pnmMagics(), []string{".pnm", ".pbm", ".pgm", ".ppm"}, openPNM},
}

// foreignFormats are recognised, but not read.
var foreignFormats = []imageFormat{
	{"HEIC", []string{"????ftyphei", "????ftyphev"}, []string{".heic"}, nil},
	{"HEIF", []string{"????ftypmif", "????ftypmsf"}, []string{".heif"}, nil},
	{"AVIF", []string{"????ftypavi"}, []string{".avif"}, nil},
}

// Kinds lists the supported kinds of pictures: PNG, JPEG and so on. last is the last conjunction: and,
// or or.
func Kinds(last string) string {
	var names []string
	for _, format := range imageFormats {
		names = append(names, format.name)
	}
	return english.WordSeries(names, last)
}

// HeadBytes is how much of a file Recognised looks at.
const HeadBytes = 32

// Recognised reports whether a file that begins with head is a picture of a known kind, if only of one
// that is not read.
func Recognised(head []byte) bool {
	_, known := recognise(imageFormats, head)
	_, foreign := recognise(foreignFormats, head)
	return known || foreign
}

// recognise finds the format of a file.
func recognise(formats []imageFormat, head []byte) (imageFormat, bool) {
	for _, format := range formats {
		for _, magic := range format.magics {
			if begins(head, magic) {
				return format, true
			}
		}
	}
	return imageFormat{}, false
}

// begins reports whether head begins as magic, in which ? is any byte.
func begins(head []byte, magic string) bool {
	if len(head) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != head[i] {
			return false
		}
	}
	return true
}

// picture is an image file. Its announced size is within bounds.
type picture struct {
	imageFormat
	header
}

// readAll reads a file of about size bytes, and at most limit.
func readAll(r io.Reader, size, limit int64) ([]byte, error) {
	var buffer bytes.Buffer
	buffer.Grow(int(min(size, limit)) + bytes.MinRead)
	n, err := buffer.ReadFrom(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", files.Cause(err))
	case n > limit:
		return nil, tooLong(limit)
	}
	return buffer.Bytes(), nil
}

func tooLong(limit int64) error {
	return fmt.Errorf("the file is larger than %s bytes: make the image smaller", humanize.Comma(limit))
}

// newPicture checks a file's header.
func newPicture(s *source) (*picture, error) {
	if s.size == 0 {
		return nil, errors.New("the file is empty: replace it")
	}
	head, err := s.bytes(0, int(min(HeadBytes, s.size)))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", files.Cause(err))
	}
	if foreign, ok := recognise(foreignFormats, head); ok {
		from := "IN" + foreign.endings[0]
		return nil, fmt.Errorf("%s is not read here: convert the picture (heif-convert %s OUT.png, or magick %s OUT.png)",
			foreign.name, from, from)
	}
	p := new(picture)
	ok := false
	if p.imageFormat, ok = recognise(imageFormats, head); !ok {
		return nil, fmt.Errorf("%w: it begins as no %s does; convert it to one of them", ErrUnknown, Kinds("or"))
	}
	if p.header, err = p.open(s); err != nil {
		return nil, p.failure(err)
	}
	return p, p.check(s.size)
}

// check compares what the header announces with the bounds and the size of the file.
func (p *picture) check(size int64) error {
	switch pixels := int64(p.rows) * int64(p.cols); {
	case p.rows < 1 || p.cols < 1:
		return fmt.Errorf("the %s announces %s pixels, which is no image: replace the file", p.name, p.size())
	case p.rows > maxSide || p.cols > maxSide || pixels > maxPixels:
		return fmt.Errorf("the %s announces %s pixels: sides to %s and %s pixels in all are read; make the image smaller",
			p.name, p.size(), humanize.Comma(maxSide), humanize.Comma(maxPixels))
	case size < p.least:
		return fmt.Errorf("the %s announces %s pixels, which %s bytes cannot hold: the file is cut short or damaged; replace it",
			p.name, p.size(), humanize.Comma(size))
	case p.room > maxRoom:
		return fmt.Errorf("the %s of %s pixels takes %s to decode: no more than %s are taken for a picture; make it smaller, or save it as a plain PNG",
			p.name, p.size(), display.Bytes(p.room), display.Bytes(maxRoom))
	}
	return nil
}

// size returns W×H, for people.
func (p *picture) size() string { return fmt.Sprintf("%d×%d", p.cols, p.rows) }

// decoded returns the picture, upright. A decoder's panic is an error: no file may end the program.
func (p *picture) decoded() (photo *Photo, err error) {
	defer func() {
		if v := recover(); v != nil {
			photo, err = nil, p.failure(fmt.Errorf("its decoder panics: %.100v", v))
		}
	}()
	decoded, err := p.decode()
	if err != nil {
		return nil, p.failure(err)
	}
	return &Photo{pixels: decoded, turn: turns[p.orientation]}, nil
}

// failure rewords an error of reading or decoding: disk, unknown kind, cut short, or damaged.
func (p *picture) failure(err error) error {
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("cannot be read: %w", cause.Err)
	}
	if kind, ok := errors.AsType[rare](err); ok {
		return fmt.Errorf("%w: a %s of a rare kind (%s); convert it to a PNG", ErrUnknown, p.name, string(kind))
	}
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		return fmt.Errorf("%w: a %s of a rare kind (%v); convert it to a PNG", ErrUnknown, p.name, err)
	}
	if files.IsCut(err) {
		return fmt.Errorf("the %s is cut short: replace the file", p.name)
	}
	return fmt.Errorf("the %s is damaged (%w): replace the file", p.name, err)
}

// rare is the error of a kind that is not read.
type rare string

func (r rare) Error() string { return string(r) }
