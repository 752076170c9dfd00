package photo

import (
	"encoding/binary"
	"errors"
	"image"
	"io"

	"golang.org/x/image/webp"
)

// webpFile is where the parts of a WebP's first frame are.
type webpFile struct {
	canvas    image.Rectangle // of VP8X; empty: the frame's
	frame     image.Rectangle
	alphaFlag bool // of VP8X
	animated  bool
	alpha     chunk // ALPH
	image     chunk // VP8 or VP8L
	lossless  bool
	hasAlpha  bool // of VP8L
	turned    int  // EXIF's orientation
}

// chunk is a part of a RIFF file.
type chunk struct{ at, size int64 }

// openWebP looks through the chunks.
func openWebP(s *source) (header, error) {
	var w webpFile
	head, err := s.bytes(0, 12)
	if err != nil {
		return header{}, err
	}
	end := 8 + int64(binary.LittleEndian.Uint32(head[4:])) // what follows is not the picture's
	if err := w.chunks(s, 12, min(end, s.size), true); err != nil {
		return header{}, err
	}
	if w.image.size == 0 {
		return header{}, errors.New("no frame")
	}
	if !w.animated && !w.canvas.Empty() && w.canvas != w.frame || w.animated && !w.frame.In(w.canvas) {
		return header{}, errors.New("sizes that disagree")
	}
	if !w.animated {
		w.canvas = w.frame
	}
	h := header{rows: w.canvas.Dy(), cols: w.canvas.Dx(), orientation: w.turned}
	h.decode = func() (pixels, error) { return w.decode(s) }
	h.room = w.room()
	return h, nil
}

// room is what package webp takes. Of lossless frames: 4 bytes a pixel, half of that for packed indices of
// colours, less than a quarter for transforms, and the codes of groups of 4×4 pixels, each of which has 20
// bits in the file and 3 KB in memory. Of others: the planes of whole blocks of 16, and the file. Alpha is
// the green of a lossless frame.
func (w *webpFile) room() int64 {
	count := roundUp(int64(w.frame.Dx()), 16) * roundUp(int64(w.frame.Dy()), 16)
	codes := 3000 * min(1<<16, count/16, (w.alpha.size+w.image.size)*8/20)
	switch {
	case w.lossless:
		return 8*count + codes
	case w.alpha.size > 0:
		return 11*count + codes + w.image.size
	}
	return 2*count + w.image.size
}

// chunks reads those from at to end. Of an animation it enters the first frame.
func (w *webpFile) chunks(s *source, at, end int64, outer bool) error {
	for at+8 <= end {
		b, err := s.bytes(at, 8)
		if err != nil {
			return err
		}
		kind, c := string(b[:4]), chunk{at + 8, int64(binary.LittleEndian.Uint32(b[4:]))}
		if c.at+c.size > s.size && kind != "EXIF" { // package vp8 takes memory for as much as is announced
			return io.ErrUnexpectedEOF
		}
		switch kind {
		case "VP8X":
			if b, err = s.bytes(c.at, 10); err != nil {
				return err
			}
			w.alphaFlag, w.animated = b[0]&0x10 != 0, b[0]&2 != 0
			w.canvas = image.Rect(0, 0, uint24(b[4:])+1, uint24(b[7:])+1)
		case "ANMF":
			if outer && w.animated && w.image.size == 0 {
				if err := w.enter(s, c); err != nil {
					return err
				}
			}
		case "ALPH":
			if w.image.size == 0 {
				w.alpha = c
			}
		case "VP8 ", "VP8L":
			if w.image.size == 0 {
				if err := w.begin(s, c, kind == "VP8L"); err != nil {
					return err
				}
			}
		case "EXIF":
			w.turned = exifOrientation(s, c.at, c.size)
		}
		at = c.at + c.size + c.size%2
	}
	return nil
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// enter reads a frame of an animation, which lies on its canvas.
func (w *webpFile) enter(s *source, c chunk) error {
	b, err := s.bytes(c.at, 16)
	if err != nil {
		return err
	}
	x, y := 2*uint24(b), 2*uint24(b[3:])
	announced := image.Rect(x, y, x+uint24(b[6:])+1, y+uint24(b[9:])+1)
	if err := w.chunks(s, c.at+16, min(c.at+c.size, s.size), false); err != nil {
		return err
	}
	if w.frame = w.frame.Add(announced.Min); w.frame != announced {
		return errors.New("sizes that disagree")
	}
	return nil
}

// begin reads the header of a frame.
func (w *webpFile) begin(s *source, c chunk, lossless bool) error {
	b, err := s.bytes(c.at, 10)
	if lossless {
		b, err = s.bytes(c.at, 5)
	}
	if err != nil {
		return err
	}
	w.image, w.lossless = c, lossless
	if lossless {
		v := binary.LittleEndian.Uint32(b[1:])
		w.frame, w.hasAlpha = image.Rect(0, 0, int(v&0x3fff)+1, int(v>>14&0x3fff)+1), v>>28&1 != 0
		return nil
	}
	w.frame = image.Rect(0, 0, int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff))
	return nil
}

// decode hands the frame to package webp as a file of its own: the package knows no animations.
func (w *webpFile) decode(s *source) (pixels, error) {
	parts := []io.Reader{nil}
	size := int64(4)
	add := func(name string, c chunk, content io.Reader) {
		head := binary.LittleEndian.AppendUint32([]byte(name), uint32(c.size))
		parts = append(parts, bytesReader(head), content)
		if size += 8 + c.size; c.size%2 != 0 {
			parts = append(parts, bytesReader([]byte{0}))
			size++
		}
	}
	section := func(c chunk) io.Reader { return io.NewSectionReader(s, c.at, c.size) }
	name := "VP8L"
	if !w.lossless {
		name = "VP8 "
		if w.alpha.size > 0 {
			wide, high := uint32(w.frame.Dx()-1), uint32(w.frame.Dy()-1)
			add("VP8X", chunk{size: 10}, bytesReader([]byte{0x10, 0, 0, 0,
				byte(wide), byte(wide >> 8), byte(wide >> 16), byte(high), byte(high >> 8), byte(high >> 16)}))
			add("ALPH", w.alpha, section(w.alpha))
		}
	}
	add(name, w.image, section(w.image))
	parts[0] = bytesReader(append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(size)), "WEBP"...))
	m, err := webp.Decode(io.MultiReader(parts...))
	if err != nil {
		return pixels{}, err
	}
	p, err := w.pixels(m)
	return onCanvas(p, w.canvas, w.frame), err
}

// pixels are those of the frame. Whether there is alpha, the file's header says.
func (w *webpFile) pixels(m image.Image) (p pixels, err error) {
	switch m := m.(type) {
	case *image.NYCbCrA:
		p = pixelsOfVP8(&m.YCbCr, m)
	case *image.YCbCr:
		p = pixelsOfVP8(m, nil)
	default:
		if p, err = pixelsOf(m); err != nil {
			return p, err
		}
	}
	alpha := w.hasAlpha && w.lossless || w.alpha.size > 0
	if w.animated {
		alpha = w.alphaFlag
	}
	if p.channels == 4 && !alpha {
		p = withoutAlpha(p)
	}
	return p, nil
}

// onCanvas puts a frame on a canvas, which is transparent, or black where there is no alpha.
func onCanvas(p pixels, canvas, frame image.Rectangle) pixels {
	if frame == canvas || p.read == nil {
		return p
	}
	inner := p.read
	p.rows, p.cols = canvas.Dy(), canvas.Dx()
	p.read = func(dst []byte, y, x int) {
		clear(dst)
		from, to := max(x, frame.Min.X), min(x+len(dst)/p.channels, frame.Max.X)
		if y >= frame.Min.Y && y < frame.Max.Y && from < to {
			inner(dst[(from-x)*p.channels:(to-x)*p.channels], y-frame.Min.Y, from-frame.Min.X)
		}
	}
	return p
}
