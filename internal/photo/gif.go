package photo

import (
	"image"
	"image/color"
	"image/gif"
	"io"
)

// openGIF reads the screen's size.
func openGIF(s *source) (header, error) {
	config, err := gif.DecodeConfig(s.whole())
	if err != nil {
		return header{}, err
	}
	h := header{rows: config.Height, cols: config.Width}
	h.room = 3 * int64(h.rows) * int64(h.cols) // the screen, and a frame that is decoded and then put in order
	h.decode = func() (pixels, error) {
		m, err := decodeGIF(s, h.rows, h.cols)
		if err != nil {
			return pixels{}, err
		}
		return pixelsOf(m)
	}
	return h, nil
}

// decodeGIF returns the first frame on the GIF's whole screen. The rest of the screen is of the
// transparent colour, else of the palette's first, as in PIL.
func decodeGIF(s *source, rows, cols int) (image.Image, error) {
	flags, transparent := gifTransparency(s)
	m, err := gif.Decode(&opaqueGIF{r: s.whole(), flags: flags})
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
	screen := image.Rect(0, 0, cols, rows)
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

// maxControls is how many control extensions of a frame are looked at: it has one.
const maxControls = 16

// gifTransparency returns where the flags of the first frame's control extensions are, and the index of
// its transparent colour: -1 if there is none.
func gifTransparency(s *source) (flags []int64, transparent int) {
	const header, extension, control = 13, 0x21, 0xf9
	b, err := s.bytes(0, header)
	if err != nil {
		return nil, -1
	}
	at := int64(header)
	if b[10]&0x80 != 0 {
		at += 3 << (b[10]&7 + 1) // the palette
	}
	for transparent = -1; ; {
		b, err := s.bytes(at, 8)
		if err != nil || b[0] != extension {
			return flags, transparent
		}
		if b[1] == control && b[2] == 4 && b[3]&1 != 0 && len(flags) < maxControls {
			flags, transparent = append(flags, at+3), int(b[6])
		}
		for at += 2; ; { // blocks, each its size before it
			b, err := s.bytes(at, 1)
			if err != nil {
				return flags, transparent
			}
			at += 1 + int64(b[0])
			if b[0] == 0 {
				break
			}
		}
	}
}

// opaqueGIF removes the transparency of a frame: the decoder would drop the colour.
type opaqueGIF struct {
	r     io.Reader
	at    int64
	flags []int64
}

func (o *opaqueGIF) Read(b []byte) (int, error) {
	n, err := o.r.Read(b)
	for _, flag := range o.flags {
		if flag >= o.at && flag < o.at+int64(n) {
			b[flag-o.at] &^= 1
		}
	}
	o.at += int64(n)
	return n, err
}
