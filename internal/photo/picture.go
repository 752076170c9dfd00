package photo

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"vggtrain/internal/files"
)

// Bounds of an image. Decoding takes at most 25 bytes a pixel, sides rounded up to whole blocks of 32
// (four-colour progressive JPEG: 16 bytes of coefficients, 8 of colours, 1 of grey): 840 MB for the
// largest image.
const (
	maxImageFile   = 64 << 20 // bytes
	maxImagePixels = 1 << 25
)

// maxScanPixels bounds scans × pixels of a JPEG: a scan of a few bytes may visit all pixels. Encoders
// make about 10 scans, and the largest image may have 64.
const maxScanPixels = 64 * maxImagePixels

// maxInflation bounds the bytes in one byte of deflate, as in package idx.
const maxInflation = 258 * 4

// ErrUnknown is the error of a file without an image of a known kind. Damaged and too large images
// give other errors.
var ErrUnknown = errors.New("not an image that is read here")

// imageFormat is a kind of image file.
type imageFormat struct {
	name, magic string
	endings     []string // of files' names
	// inflation bounds the pixels in one byte of the file; 0: any number.
	inflation int64
	config    func(io.Reader) (image.Config, error)
	decode    func(*Picture) (image.Image, error)
}

// imageFormats are recognised by their first bytes, not by the file's name. One byte of PNG unpacks to
// at most maxInflation bytes of at most 8 pixels. Each 8×8 block of a JPEG takes at least a bit. A GIF
// may leave its screen empty.
var imageFormats = []imageFormat{
	{"PNG", "\x89PNG\r\n\x1a\n", []string{".png"}, 8 * maxInflation, png.DecodeConfig, decodePNG},
	{"JPEG", "\xff\xd8", []string{".jpg", ".jpeg"}, 8 * 64, jpeg.DecodeConfig, decodeJPEG},
	{"GIF", "GIF8", []string{".gif"}, 0, gif.DecodeConfig, decodeGIF},
}

// Kinds lists the supported kinds of pictures: PNG, JPEG and GIF. last is the last conjunction: and,
// or or.
func Kinds(last string) string {
	var names []string
	for _, format := range imageFormats {
		names = append(names, format.name)
	}
	return english.WordSeries(names, last)
}

// Picture is an image file in memory. Its announced size is within bounds.
type Picture struct {
	imageFormat
	file       []byte
	Rows, Cols int // H, W
}

// ReadPicture reads a file of about size bytes, at most 64 MiB, and checks its header: no memory is
// taken to decode an image larger than the bounds or than its file can hold. Errors are one line and do
// not name the file.
func ReadPicture(r io.Reader, size int64) (*Picture, error) {
	var buffer bytes.Buffer
	buffer.Grow(int(min(size, maxImageFile)) + bytes.MinRead)
	n, err := buffer.ReadFrom(io.LimitReader(r, maxImageFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", files.Cause(err))
	case n == 0:
		return nil, errors.New("the file is empty: replace it")
	}
	p := &Picture{file: buffer.Bytes()}
	for _, format := range imageFormats {
		if bytes.HasPrefix(p.file, []byte(format.magic)) {
			p.imageFormat = format
			return p, p.check()
		}
	}
	return nil, fmt.Errorf("%w: it begins as no %s does; convert it to one of them", ErrUnknown, Kinds("or"))
}

// check reads the announced size and compares it with the bounds.
func (p *Picture) check() error {
	if len(p.file) > maxImageFile {
		return fmt.Errorf("the file is larger than %s bytes: make the image smaller", humanize.Comma(maxImageFile))
	}
	config, err := p.config(bytes.NewReader(p.file))
	if err != nil {
		return p.failure(err)
	}
	p.Rows, p.Cols = config.Height, config.Width
	switch pixels := int64(p.Rows) * int64(p.Cols); {
	case p.Rows < 1 || p.Cols < 1:
		return fmt.Errorf("the %s announces %s pixels, which is no image: replace the file", p.name, p.Size())
	case p.Rows > maxImagePixels || p.Cols > maxImagePixels || pixels > maxImagePixels:
		return fmt.Errorf("the %s announces %s pixels: no more than %s in all are read; make the image smaller",
			p.name, p.Size(), humanize.Comma(maxImagePixels))
	case p.inflation > 0 && pixels > p.inflation*int64(len(p.file)):
		return fmt.Errorf("the %s announces %s pixels, which %s bytes cannot hold: the file is cut short or damaged; replace it",
			p.name, p.Size(), humanize.Comma(int64(len(p.file))))
	}
	return nil
}

// Size returns W×H, for people.
func (p *Picture) Size() string { return fmt.Sprintf("%d×%d", p.Cols, p.Rows) }

// Upright returns H and W after EXIF's turn.
func (p *Picture) Upright() (rows, cols int) {
	if turns[p.orientation()].swap {
		return p.Cols, p.Rows
	}
	return p.Rows, p.Cols
}

// orientation returns EXIF's, 1 to 8.
func (p *Picture) orientation() int {
	if p.name == "JPEG" {
		return orientation(p.file)
	}
	return 1
}

// Grey decodes the picture as 8-bit grey, H×W without gaps, by PIL's convert("L"). A GIF is its first
// frame. Transparent parts have the colour in the file, as in PIL. Of 16 bits the upper 8 count, as in
// PIL for colours (its 16-bit greys end at 255 of 65,535).
func (p *Picture) Grey() (*image.Gray, error) {
	decoded, err := p.decoded()
	if err != nil {
		return nil, err
	}
	grey, _ := (&Photo{pixels: decoded}).Grey()
	return grey, nil
}

// decoded returns the pixels.
func (p *Picture) decoded() (pixels, error) {
	m, err := p.decode(p)
	if err != nil {
		return pixels{}, p.failure(err)
	}
	return pixelsOf(m)
}

// failure rewords a decoder's error: unknown kind, cut short, or damaged. All kinds of PNG are known:
// one that its decoder refuses is damaged.
func (p *Picture) failure(err error) error {
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		return fmt.Errorf("%w: a %s of a rare kind (%v); convert it to a PNG", ErrUnknown, p.name, err)
	}
	if files.IsCut(err) {
		return fmt.Errorf("the %s is cut short: replace the file", p.name)
	}
	return fmt.Errorf("the %s is damaged (%w): replace the file", p.name, err)
}

func decodePNG(p *Picture) (image.Image, error) { return png.Decode(bytes.NewReader(p.file)) }

func decodeJPEG(p *Picture) (image.Image, error) {
	return jpeg.Decode(&scanLimit{r: bytes.NewReader(p.file), left: maxScanPixels / (int64(p.Rows) * int64(p.Cols))})
}

// scanLimit fails when more than left scans have begun in a JPEG file.
type scanLimit struct {
	r      io.Reader
	marked bool // the last byte read was 0xff
	left   int64
}

func (s *scanLimit) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	for _, v := range b[:n] {
		if s.marked && v == 0xda { // the only way in which a scan can begin
			s.left--
		}
		s.marked = v == 0xff
	}
	if s.left < 0 {
		return 0, errors.New("far too many scans")
	}
	return n, err
}
