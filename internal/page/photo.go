package page

import (
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
)

// Pixels makes a picture of rows×cols×channels bytes, 0 black: grey of one channel, RGB of three. One
// in colour of many pixels is a JPEG, a tenth of the bytes of a PNG.
func (p *Painter) Pixels(pixels []byte, rows, cols, channels int, note string) (Image, error) {
	most, photo := maxSide, channels == 3 && max(rows, cols) > maxSide
	if photo {
		most = maxPhoto
	}
	planes := make([][]float32, channels)
	var h, w int
	for c := range planes {
		values := make([]float32, rows*cols)
		for i := range values {
			values[i] = float32(pixels[i*channels+c])
		}
		planes[c], h, w = shrink(values, rows, cols, most)
	}
	at := func(c, i int) uint8 { return uint8(planes[c][i] + 0.5) }
	if channels == 1 {
		picture := image.NewGray(image.Rect(0, 0, w, h))
		for i := range picture.Pix {
			picture.Pix[i] = at(0, i)
		}
		return p.encode(picture, note)
	}
	picture := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range h * w {
		picture.SetRGBA(i%w, i/w, color.RGBA{at(0, i), at(1, i), at(2, i), 0xff})
	}
	if !photo {
		return p.encode(picture, note)
	}
	p.out.Reset()
	if err := jpeg.Encode(&p.out, picture, &jpeg.Options{Quality: 85}); err != nil {
		return Image{}, fmt.Errorf("picture of %s: %w", note, err)
	}
	i := p.embedded("image/jpeg", note)
	i.Photo = true
	return i, nil
}

// Patch makes a picture in colour of three planes of rows×cols numbers around 0, one after the other:
// each is red, green or blue, none at -limit, half at 0, full at limit.
func (p *Painter) Patch(values []float32, rows, cols int, limit float32, note string) (Image, error) {
	size := rows * cols
	pixels := make([]byte, 3*size)
	for c := range 3 {
		for i, v := range values[c*size:][:size] {
			if v-v != 0 { // not finite
				v = 0
			}
			pixels[3*i+c] = byte(255*fraction(v, -limit, limit) + 0.5)
			if limit == 0 {
				pixels[3*i+c] = 128
			}
		}
	}
	return p.Pixels(pixels, rows, cols, 3, note)
}
