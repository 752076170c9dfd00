package photo

import (
	"encoding/binary"
	"image/png"
)

const pngMagic = "\x89PNG\r\n\x1a\n"

// maxInflation bounds the bytes in one byte of deflate, as in package idx.
const maxInflation = 258 * 4

// openPNG reads the header and looks through the chunks for tRNS and eXIf.
func openPNG(s *source) (header, error) {
	config, err := png.DecodeConfig(s.whole())
	if err != nil {
		return header{}, err
	}
	h := header{rows: config.Height, cols: config.Width}
	count := int64(h.rows) * int64(h.cols)
	h.least = count / (8 * maxInflation) // 8 pixels in one byte
	ihdr, err := s.bytes(16, 13)
	if err != nil {
		return h, err
	}
	deep, kind, interlaced := ihdr[8] == 16, ihdr[9], ihdr[12] != 0
	transparent := false
	h.orientation, transparent = pngChunks(s)
	h.room = count
	switch { // as package png chooses its images
	case kind == 3: // palette
	case kind != 0 || transparent:
		h.room *= 4
	}
	if deep {
		h.room *= 2
	}
	if interlaced { // the seven passes are images of their own
		h.room *= 2
	}
	h.decode = func() (pixels, error) {
		m, err := png.Decode(s.whole())
		if err != nil {
			return pixels{}, err
		}
		return pixelsOf(m)
	}
	return h, nil
}

// pngChunks returns EXIF's orientation, and whether there is a tRNS.
func pngChunks(s *source) (orientation int, transparent bool) {
	for at := int64(len(pngMagic)); ; {
		chunk, err := s.bytes(at, 8)
		if err != nil {
			return orientation, transparent
		}
		n := int64(binary.BigEndian.Uint32(chunk))
		switch string(chunk[4:]) {
		case "tRNS":
			transparent = true
		case "eXIf":
			orientation = exifOrientation(s, at+8, n)
		case "IEND":
			return orientation, transparent
		}
		at += 12 + n
	}
}
