package photo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
)

// luma is PIL's L of 8-bit colours (ITU-R 601-2 in 16-bit fractions, L24 of Pillow's Convert.c).
func luma(r, g, b byte) byte {
	return byte((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 0x8000) >> 16)
}

func luma16(r, g, b uint16) byte { return luma(byte(r>>8), byte(g>>8), byte(b>>8)) }

// toGrey converts the images of the decoders as PIL's convert("L"): colours to their luma, without
// alpha.
func toGrey(m image.Image) (*image.Gray, error) {
	var at func(x, y int) byte
	switch m := m.(type) {
	case *image.Gray:
		at = func(x, y int) byte { return m.GrayAt(x, y).Y }
	case *image.YCbCr: // of most photos: the way through 16 bits takes longer
		at = func(x, y int) byte {
			c := m.YCbCrAt(x, y)
			return luma(color.YCbCrToRGB(c.Y, c.Cb, c.Cr))
		}
	case *image.Gray16, *image.RGBA, *image.RGBA64: // of decoders, always opaque
		opaque := m.(image.RGBA64Image)
		at = func(x, y int) byte {
			c := opaque.RGBA64At(x, y)
			return luma16(c.R, c.G, c.B)
		}
	case *image.Paletted:
		table := tabulate(m.Palette, 0, func(c color.NRGBA) byte { return luma(c.R, c.G, c.B) })
		at = func(x, y int) byte { return table[m.ColorIndexAt(x, y)] }
	case *image.NRGBA:
		at = func(x, y int) byte {
			c := m.NRGBAAt(x, y)
			return luma(c.R, c.G, c.B)
		}
	case *image.NRGBA64:
		at = func(x, y int) byte {
			c := m.NRGBA64At(x, y)
			return luma16(c.R, c.G, c.B)
		}
	case *image.CMYK:
		at = func(x, y int) byte { return lumaCMYK(m.CMYKAt(x, y)) }
	default:
		return nil, fmt.Errorf("%w: its pixels are of type %T", ErrUnknown, m)
	}
	return convert(m.Bounds(), at), nil
}

// convert returns the image of at(x, y).
func convert(bounds image.Rectangle, at func(x, y int) byte) *image.Gray {
	grey := image.NewGray(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			grey.Pix[y*grey.Stride+x] = at(bounds.Min.X+x, bounds.Min.Y+y)
		}
	}
	return grey
}

// lumaCMYK goes to colours as Pillow's cmyk2rgb.
func lumaCMYK(c color.CMYK) byte {
	white := 255 - int(c.K)
	mixed := func(ink byte) byte {
		product := int(ink)*white + 128 // /255, rounded
		return byte(white - (product>>8+product)>>8)
	}
	return luma(mixed(c.C), mixed(c.M), mixed(c.Y))
}

// toAlpha returns the opacity of the decoders' images: 255 opaque, 0 transparent; nil if all pixels are
// opaque. Of 16 bits the upper 8 count.
func toAlpha(m image.Image) *image.Gray {
	if m, ok := m.(interface{ Opaque() bool }); ok && m.Opaque() {
		return nil
	}
	switch m := m.(type) {
	case *image.Paletted:
		table := tabulate(m.Palette, 255, func(c color.NRGBA) byte { return c.A })
		return convert(m.Rect, func(x, y int) byte { return table[m.ColorIndexAt(x, y)] })
	case *image.NRGBA:
		return convert(m.Rect, func(x, y int) byte { return m.NRGBAAt(x, y).A })
	case *image.NRGBA64:
		return convert(m.Rect, func(x, y int) byte { return byte(m.NRGBA64At(x, y).A >> 8) })
	}
	return nil
}

// tabulate returns the values of a palette's colours, and rest after them. Decoders give colours that
// are opaque or color.NRGBA, which the conversion leaves as they are.
func tabulate(palette color.Palette, rest byte, value func(color.NRGBA) byte) (table [256]byte) {
	for i := range table {
		table[i] = rest
		if i < len(palette) {
			table[i] = value(color.NRGBAModel.Convert(palette[i]).(color.NRGBA))
		}
	}
	return table
}

// decodeGIF returns the first frame on the GIF's whole screen. The rest of the screen is of the
// transparent colour, else of the palette's first, as in PIL. It changes p.file.
func decodeGIF(p *Picture) (image.Image, error) {
	transparent := makeOpaque(p.file)
	m, err := gif.Decode(bytes.NewReader(p.file))
	if err != nil {
		return nil, err
	}
	frame, ok := m.(*image.Paletted)
	if !ok {
		return m, nil
	}
	if transparent >= 0 && transparent < len(frame.Palette) {
		if c, ok := frame.Palette[transparent].(color.RGBA); ok {
			frame.Palette[transparent] = color.NRGBA{c.R, c.G, c.B, 0} // the colour stays
		}
	}
	screen := image.Rect(0, 0, p.Cols, p.Rows)
	if frame.Rect == screen {
		return frame, nil
	}
	whole := image.NewPaletted(screen, frame.Palette)
	for i := range whole.Pix {
		whole.Pix[i] = byte(max(transparent, 0))
	}
	for y := range frame.Rect.Dy() {
		from := whole.PixOffset(frame.Rect.Min.X, frame.Rect.Min.Y+y)
		copy(whole.Pix[from:], frame.Pix[y*frame.Stride:][:frame.Rect.Dx()])
	}
	return whole, nil
}

// makeOpaque removes the transparency of a GIF's first frame, and returns the transparent colour's
// index, or -1: the decoder would drop that colour. A damaged GIF may change in any way.
func makeOpaque(file []byte) (transparent int) {
	const header, extension, control = 13, 0x21, 0xf9
	transparent = -1
	if len(file) < header {
		return transparent
	}
	at := header
	if flags := file[10]; flags&0x80 != 0 {
		at += 3 << (flags&7 + 1) // the palette
	}
	for at+8 < len(file) && file[at] == extension {
		if b := file[at+1:]; b[0] == control && b[1] == 4 && b[2]&1 != 0 {
			b[2] &^= 1
			transparent = int(b[5])
		}
		for at += 2; at < len(file) && file[at] != 0; { // blocks, each its size before it
			at += 1 + int(file[at])
		}
		at++
	}
	return transparent
}
