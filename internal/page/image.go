package page

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
)

// Image is a picture embedded in the page.
type Image struct {
	URI   template.URL // data:image/png;base64,…
	Note  string       // alternative text and tooltip
	Photo bool         // not of a few pixels that are to be seen as such
}

// Bounds of the sides of pictures in pixels. Larger ones are made smaller by a whole number.
const (
	maxSide  = 64
	maxPhoto = 128
)

// Painter makes pictures. It is not safe for concurrent use.
type Painter struct {
	pool onePool
	out  bytes.Buffer
}

// onePool keeps the encoder's memory from one picture to the next: png.EncoderBufferPool.
type onePool struct{ buffer *png.EncoderBuffer }

func (p *onePool) Get() *png.EncoderBuffer  { return p.buffer }
func (p *onePool) Put(b *png.EncoderBuffer) { p.buffer = b }

// Map makes a grey picture of rows×cols numbers. Black is 0, or the least of scale if that is below
// 0; white is the largest of scale. scale may be values itself.
func (p *Painter) Map(values []float32, rows, cols int, scale []float32, note string) (Image, error) {
	low, high := bounds(scale)
	values, rows, cols = shrink(values[:rows*cols], rows, cols, maxSide)
	picture := image.NewGray(image.Rect(0, 0, cols, rows))
	for i, v := range values {
		picture.Pix[i] = byte(255*fraction(v, low, high) + 0.5)
	}
	return p.encode(picture, note)
}

// bounds are the least of 0 and all finite values, and the largest.
func bounds(values []float32) (low, high float32) {
	for _, v := range values {
		if v-v == 0 {
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}

// fraction maps [low, high] to [0, 1], clamped, and NaN to 0.
func fraction(v, low, high float32) float32 {
	if !(high > low) || !(v > low) {
		return 0
	}
	return min((v-low)/(high-low), 1)
}

// Signed makes a picture of rows×cols numbers around 0: blue below, white at 0, orange above,
// both full at ±limit.
func (p *Painter) Signed(values []float32, rows, cols int, limit float32, note string) (Image, error) {
	values, rows, cols = shrink(values[:rows*cols], rows, cols, maxSide)
	picture := image.NewNRGBA(image.Rect(0, 0, cols, rows))
	for i, v := range values {
		picture.SetNRGBA(i%cols, i/cols, signed(v, limit))
	}
	return p.encode(picture, note)
}

// The ends of the scale, both dark. They are distinct for any colour vision, and readable in grey.
var (
	below = color.NRGBA{0x00, 0x52, 0x93, 0xff}
	above = color.NRGBA{0xb3, 0x4a, 0x00, 0xff}
)

func signed(v, limit float32) color.NRGBA {
	end, part := above, fraction(v, 0, limit)
	if v < 0 {
		end, part = below, fraction(-v, 0, limit)
	}
	mix := func(c uint8) uint8 { return uint8(255 - part*(255-float32(c)) + 0.5) }
	return color.NRGBA{mix(end.R), mix(end.G), mix(end.B), 0xff}
}

// shrink returns the means of k×k numbers each, with the least k for which both sides are at most
// most. What is left over at the right and below is cut.
func shrink(values []float32, rows, cols, most int) ([]float32, int, int) {
	k := (max(rows, cols) + most - 1) / most
	if k <= 1 {
		return values, rows, cols
	}
	h, w := max(rows/k, 1), max(cols/k, 1)
	small := make([]float32, h*w)
	for y := range min(h*k, rows) {
		for x := range min(w*k, cols) {
			small[y/k*w+x/k] += values[y*cols+x] / float32(min(k, rows)*min(k, cols))
		}
	}
	return small, h, w
}

func (p *Painter) encode(picture image.Image, note string) (Image, error) {
	p.out.Reset()
	encoder := png.Encoder{BufferPool: &p.pool}
	if err := encoder.Encode(&p.out, picture); err != nil {
		return Image{}, fmt.Errorf("picture of %s: %w", note, err)
	}
	return p.embedded("image/png", note), nil
}

// embedded is the picture in the buffer.
func (p *Painter) embedded(kind, note string) Image {
	uri := "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(p.out.Bytes())
	return Image{URI: template.URL(uri), Note: note} // of digits, letters, + / = only
}

// Limit is the largest magnitude among the finite values, for Signed and Patch.
func Limit(values []float32) float32 {
	low, high := bounds(values)
	return max(-low, high)
}
