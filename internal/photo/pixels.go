package photo

import (
	"fmt"
	"image"
	"image/color"
)

// pixels are the rows of a decoded picture, as the file has them.
type pixels struct {
	rows, cols int
	channels   int // of 8 bits: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. Colours are not multiplied by alpha.
	// read sets dst to len(dst)/channels pixels of row y, from column x on.
	read func(dst []byte, y, x int)
}

// pixelsOf returns the pixels of the images that decoders make. Of 16 bits the upper 8 count.
func pixelsOf(m image.Image) (pixels, error) {
	p := pixels{rows: m.Bounds().Dy(), cols: m.Bounds().Dx()}
	switch m := m.(type) {
	case *image.Gray:
		p.channels, p.read = 1, func(dst []byte, y, x int) { copy(dst, m.Pix[y*m.Stride+x:]) }
	case *image.Gray16:
		p.channels, p.read = 1, func(dst []byte, y, x int) { upper(dst, m.Pix[y*m.Stride+2*x:]) }
	case *image.RGBA: // of decoders, always opaque
		p.channels, p.read = 3, func(dst []byte, y, x int) { without(dst, m.Pix[y*m.Stride+4*x:]) }
	case *image.RGBA64: // of decoders, always opaque
		p.channels, p.read = 3, func(dst []byte, y, x int) { upperWithout(dst, m.Pix[y*m.Stride+8*x:]) }
	case *image.NRGBA:
		if p.channels, p.read = 4, func(dst []byte, y, x int) { copy(dst, m.Pix[y*m.Stride+4*x:]) }; m.Opaque() {
			p.channels, p.read = 3, func(dst []byte, y, x int) { without(dst, m.Pix[y*m.Stride+4*x:]) }
		}
	case *image.NRGBA64:
		p.channels, p.read = 4, func(dst []byte, y, x int) { upper(dst, m.Pix[y*m.Stride+8*x:]) }
	case *image.CMYK:
		p.channels, p.read = 3, func(dst []byte, y, x int) { readCMYK(dst, m.Pix[y*m.Stride+4*x:]) }
	case *image.Paletted:
		return (&raster{p.rows, p.cols, 1, m.Pix}).coded(tabulate(m.Palette)), nil
	default:
		return p, fmt.Errorf("%w: its pixels are of type %T", ErrUnknown, m)
	}
	return p, nil
}

// upper takes the upper byte of each 16-bit number.
func upper(dst, src []byte) {
	for i := range dst {
		dst[i] = src[2*i]
	}
}

// without leaves out alpha.
func without(dst, src []byte) {
	for ; len(dst) >= 3; dst, src = dst[3:], src[4:] {
		dst[0], dst[1], dst[2] = src[0], src[1], src[2]
	}
}

func upperWithout(dst, src []byte) {
	for ; len(dst) >= 3; dst, src = dst[3:], src[8:] {
		dst[0], dst[1], dst[2] = src[0], src[2], src[4]
	}
}

// withoutAlpha are pixels of three channels in place of four.
func withoutAlpha(p pixels) pixels {
	read, row := p.read, []byte(nil)
	p.channels, p.read = 3, func(dst []byte, y, x int) {
		if n := len(dst) / 3 * 4; len(row) < n {
			row = make([]byte, n)
		}
		read(row[:len(dst)/3*4], y, x)
		without(dst, row)
	}
	return p
}

// readCMYK goes to colours as Pillow's cmyk2rgb.
func readCMYK(dst, src []byte) {
	for ; len(dst) >= 3; dst, src = dst[3:], src[4:] {
		white := 255 - int(src[3])
		for c := range 3 {
			product := int(src[c])*white + 128 // /255, rounded
			dst[c] = byte(white - (product>>8+product)>>8)
		}
	}
}

func readPaletted(dst, src []byte, table *[256][4]byte, channels int) {
	for i := 0; channels*i < len(dst); i++ {
		copy(dst[channels*i:channels*(i+1)], table[src[i]][:])
	}
}

// tabulate returns a palette's colours, and opaque black after them. Decoders give colours that are
// opaque or color.NRGBA, which the conversion leaves as they are.
func tabulate(palette color.Palette) *[256][4]byte {
	table := new([256][4]byte)
	for i := range table {
		table[i][3] = 255
		if i < len(palette) {
			c := color.NRGBAModel.Convert(palette[i]).(color.NRGBA)
			table[i] = [4]byte{c.R, c.G, c.B, c.A}
		}
	}
	return table
}
