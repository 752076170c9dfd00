package photo

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
)

// luma is PIL's L of 8-bit colours (ITU-R 601-2 in 16-bit fractions, L24 of Pillow's Convert.c).
func luma(r, g, b byte) byte {
	return byte((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 0x8000) >> 16)
}

// toGrey sets dst to the luma of a row, whatever its alpha.
func toGrey(dst, row []byte, channels int) {
	if channels < 3 {
		for i := range dst {
			dst[i] = row[i*channels]
		}
		return
	}
	for i := range dst {
		c := row[i*channels:][:3]
		dst[i] = luma(c[0], c[1], c[2])
	}
}

// toAlpha sets dst to the alpha of a row, and reports whether all is opaque.
func toAlpha(dst, row []byte, channels int) (opaque bool) {
	least := byte(255)
	for i := range dst {
		dst[i] = row[i*channels+channels-1]
		least = min(least, dst[i])
	}
	return least == 255
}

// onWhite sets dst to a row over white, of one channel or three.
func onWhite(dst []byte, channels int, row []byte, has int) {
	if has%2 == 0 { // alpha
		has--
		kept := row[:0]
		for ; len(row) > has; row = row[has+1:] {
			for _, v := range row[:has] {
				kept = append(kept, overWhite(v, row[has]))
			}
		}
		row = kept
	}
	switch {
	case channels == has:
		copy(dst, row)
	case channels == 1:
		toGrey(dst, row, has)
	default:
		for i, v := range row {
			dst[3*i], dst[3*i+1], dst[3*i+2] = v, v, v
		}
	}
}

// overWhite is Image.alpha_composite of Pillow over opaque white.
func overWhite(v, alpha byte) byte {
	const precision = 7 // bits
	sum := (uint32(v)*uint32(alpha) + 255*(255-uint32(alpha)) + 128) << precision
	return byte((sum>>8 + sum) >> 8 >> precision)
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
