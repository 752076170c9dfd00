package photo

import (
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"strings"
)

// maxScanPixels bounds scans × pixels of a JPEG: a scan of a few bytes may visit all pixels. Encoders
// make about 10 scans, and the largest image may have that many.
const maxScanPixels = 10 * maxPixels

// Markers of a JPEG.
const (
	jpegFrame       = 0xc0 // SOF0 to SOF2
	jpegProgressive = 0xc2
	jpegScan        = 0xda
	jpegAPP0        = 0xe0
	jpegAPP1        = 0xe1
	jpegAPP14       = 0xee
)

// adobeMarker says that colours are RGB or CMYK as they are.
const adobeMarker = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"

// openJPEG reads the frame's header, and EXIF's orientation before the first scan.
func openJPEG(s *source) (header, error) {
	config, err := jpeg.DecodeConfig(s.whole())
	if err != nil {
		return header{}, err
	}
	h := header{rows: config.Height, cols: config.Width}
	count := int64(h.rows) * int64(h.cols)
	h.least = count / (8 * 64) // a bit for each block of 8×8
	frame := jpegMarkers(s, &h.orientation)
	h.room = frame.room(h.rows, h.cols)
	h.decode = func() (pixels, error) {
		var r io.Reader = s.whole()
		if len(frame.sampling) == 4 && !frame.adobe { // package jpeg refuses it; Pillow takes it for one of Adobe's
			r = io.MultiReader(strings.NewReader("\xff\xd8"+adobeMarker), s.reader(2, s.size))
		}
		m, err := jpeg.Decode(&scanLimit{r: r, left: maxScanPixels / max(count, 1)})
		if err != nil {
			return pixels{}, err
		}
		return pixelsOfJPEG(m)
	}
	return h, nil
}

// pixelsOfJPEG returns the pixels of an image of package jpeg: chroma that lies between pixels is
// interpolated, as libjpeg-turbo does where nothing else is said.
func pixelsOfJPEG(m image.Image) (pixels, error) {
	if m, ok := m.(*image.YCbCr); ok {
		return pixelsOfYCbCr(m), nil
	}
	return pixelsOf(m)
}

// jpegFrameHeader is H_i and V_i of the components.
type jpegFrameHeader struct {
	progressive bool
	jfif        bool // then the colours are Y, Cb, Cr
	adobe       bool
	sampling    [][2]int64
}

// jpegMarkers reads the segments before the first scan.
func jpegMarkers(s *source, orientation *int) (frame jpegFrameHeader) {
	for at := int64(2); ; {
		b, err := s.bytes(at, 4)
		if err != nil || b[1] == jpegScan {
			return frame
		}
		marker, n := b[1], int64(binary.BigEndian.Uint16(b[2:])) // marker and size, which counts itself
		switch {
		case b[0] != 0xff || marker == 0xff || marker == 0: // a filler
			at++
			continue
		case marker == jpegAPP0:
			if b, err := s.bytes(at+4, 5); err == nil && n >= 7 && string(b) == "JFIF\x00" {
				frame.jfif = true
			}
		case marker == jpegAPP14:
			frame.adobe = true
		case marker == jpegAPP1:
			if found := exifOrientation(s, at+4, n-2); found > 0 {
				*orientation = found
			}
		case marker >= jpegFrame && marker <= jpegProgressive:
			if b, err := s.bytes(at+4, int(min(max(n-2, 0), windowBytes))); err == nil && len(b) >= 6 {
				frame.progressive = marker == jpegProgressive
				for b = b[6:]; len(b) >= 3; b = b[3:] {
					frame.sampling = append(frame.sampling, [2]int64{int64(b[1] >> 4), int64(b[1] & 15)})
				}
			}
		}
		at += 2 + max(n, 2)
	}
}

// room is what package jpeg takes: a byte for each sample of whole MCUs, of progressive ones also a
// coefficient of 4 bytes, and another image of 4 bytes a pixel for CMYK and what may be RGB. Without a
// frame it is the most that any takes.
func (f jpegFrameHeader) room(rows, cols int) int64 {
	h, v := int64(1), int64(1)
	for _, s := range f.sampling {
		h, v = max(h, s[0]), max(v, s[1])
	}
	pixels := roundUp(int64(rows), 8*v) * roundUp(int64(cols), 8*h)
	if len(f.sampling) == 0 || len(f.sampling) > 4 {
		return 24 * pixels
	}
	var samples int64
	for _, s := range f.sampling {
		samples += pixels / (h * v) * s[0] * s[1]
	}
	if len(f.sampling) == 1 {
		samples = pixels
	}
	room := samples
	if f.progressive {
		room += 4 * samples
	}
	if len(f.sampling) == 4 || len(f.sampling) == 3 && !f.jfif {
		room += 4 * pixels
	}
	return room
}

func roundUp(n, step int64) int64 { return (n + step - 1) / step * step }

// scanLimit fails when more than left scans have begun in a JPEG file.
type scanLimit struct {
	r      io.Reader
	marked bool // the last byte read was 0xff
	left   int64
}

func (s *scanLimit) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	for _, v := range b[:n] {
		if s.marked && v == jpegScan { // the only way in which a scan can begin
			s.left--
		}
		s.marked = v == 0xff
	}
	if s.left < 0 {
		return 0, errors.New("far too many scans")
	}
	return n, err
}
