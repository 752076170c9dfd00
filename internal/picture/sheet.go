// Package picture draws PNG pictures of plain data: the curves of a run, a confusion matrix, a grid
// of labelled images. They are readable in grey and at half size, and equal data give equal bytes.
// Sizes are bounded: data that do not fit are cut, thinned or left out, and texts never overlap.
package picture

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// The styles of what is drawn pixel by pixel, in pixels.
var (
	headText  = textStyle{28, true, ink}
	bodyText  = textStyle{20, false, ink}
	quietText = textStyle{20, false, pale}
	boldText  = textStyle{20, true, ink}
)

// lineRoom is the height of a line of such text in pixels.
const lineRoom = 26

// The largest numbers of pixels of a picture: on a side and in all.
const (
	maxSide   = 20_000
	maxPixels = 64 << 20
)

// sheet is a white picture to draw on.
type sheet struct {
	draw.Image
	faces map[textStyle]xfont.Face
}

// newSheet makes a picture of grey pixels or of coloured ones.
func newSheet(width, height int, grey bool) (*sheet, error) {
	if width > maxSide || height > maxSide || width*height > maxPixels {
		return nil, fmt.Errorf("a picture of %d×%d pixels: it can have %d a side and %d in all; show less at once", width, height, maxSide, maxPixels)
	}
	var img draw.Image = image.NewGray(image.Rect(0, 0, width, height))
	if !grey {
		img = image.NewRGBA(img.Bounds())
	}
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	return &sheet{img, map[textStyle]xfont.Face{}}, nil
}

func (s *sheet) fill(r image.Rectangle, c color.Color) {
	draw.Draw(s, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// alignment says which part of a text stands at its place.
type alignment float64

const (
	left   alignment = 0
	center alignment = 0.5
	right  alignment = 1
)

// write draws a line of text beside or round x, with its letters' middle at y.
func (s *sheet) write(style textStyle, line string, x, y int, align alignment) {
	face := s.face(style)
	start := float64(x) - float64(align)*style.width(line)
	d := xfont.Drawer{Dst: s, Src: image.NewUniform(style.color), Face: face}
	d.Dot = fixed.Point26_6{X: fixed.Int26_6(math.Round(start * 64)), Y: fixed.I(y + style.middle())}
	d.DrawString(visual(line))
}

// writeUp draws a line of text that runs upwards, beside or round y, with its letters' middle at x.
func (s *sheet) writeUp(style textStyle, line string, x, y int, align alignment) {
	length, height := int(math.Ceil(style.width(line)))+2, int(2*style.size)
	flat := &sheet{image.NewAlpha(image.Rect(0, 0, length, height)), s.faces}
	opaque := style
	opaque.color = color.Black
	flat.write(opaque, line, 0, height/2, left)
	turned := image.NewAlpha(image.Rect(0, 0, height, length))
	for u := range length {
		for v := range height {
			turned.Set(v, length-1-u, flat.At(u, v))
		}
	}
	start := y + int(math.Round(float64(align)*float64(length))) // the text's left end
	at := image.Rect(x-height/2, start-length, x-height/2+height, start)
	draw.DrawMask(s, at, image.NewUniform(style.color), image.Point{}, turned, image.Point{}, draw.Over)
}

func (s *sheet) face(style textStyle) xfont.Face {
	style.color = nil
	if s.faces[style] == nil {
		face := style.face()
		s.faces[style] = face.FontFace(72) // where a point is a pixel
	}
	return s.faces[style]
}

// middle is how far the middle of letters is above the line that they stand on, in pixels.
func (t textStyle) middle() int { return int(math.Round(0.35 * t.size)) }

// header is the head of a picture: a title and a note.
type header struct{ title, note string }

// maxHeader is the width in pixels that a header may ask for.
const maxHeader = 1200

// size is the room that the header takes, in pixels.
func (h header) size() (width, height int) {
	width = max(headText.room(h.title), quietText.room(h.note))
	return min(width, maxHeader), 72
}

func (h header) draw(s *sheet, x, y, width int) {
	s.write(headText, headText.fit(h.title, float64(width)), x, y+16, left)
	s.write(quietText, quietText.fit(h.note, float64(width)), x, y+46, left)
}

// room is the width of a line of text in whole pixels.
func (t textStyle) room(line string) int { return int(math.Ceil(t.width(t.legible(line)))) }
