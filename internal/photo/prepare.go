package photo

import (
	"image"
)

// Invert selects the photos to be inverted: the network is trained on bright garments on black.
type Invert string

// The ways to invert.
const (
	InvertAuto Invert = "auto" // those with a light background
	InvertYes  Invert = "yes"
	InvertNo   Invert = "no"
)

// Background is Prepare's finding of a photo's background.
type Background struct {
	Grey        byte // before it is inverted
	Inverted    bool
	Transparent bool // the photo has transparent parts
	Behind      byte // grey put there instead: 0 black or 255 white
}

// lightest is the lightest dark grey.
const lightest = 127

// corner divides a side into the size of a corner: 2 of 28 pixels. Of the 70,000 images of
// Fashion-MNIST none has corners whose median is light, but 2 have such a border.
const corner = 14

// Prepare fills transparent parts with black or white and inverts the photo according to mode. It
// changes grey; alpha is nil if all is opaque. Behind is white for InvertYes and black for InvertNo; for InvertAuto, whichever
// contrasts with the visible pixels. The background is the median of the pixels in the four corners.
func Prepare(grey, alpha *image.Gray, mode Invert) Background {
	var b Background
	if alpha != nil {
		b.Transparent, b.Behind = true, behind(grey, alpha, mode)
		over(grey, alpha, b.Behind)
	}
	b.Grey = cornerMedian(grey)
	b.Inverted = mode == InvertYes || mode == InvertAuto && b.Grey > lightest
	if b.Inverted {
		for i, v := range grey.Pix {
			grey.Pix[i] = 255 - v
		}
	}
	return b
}

// Fill returns the background of the prepared photo, for padding.
func (b Background) Fill() byte {
	if b.Inverted {
		return 255 - b.Grey
	}
	return b.Grey
}

// behind returns the grey for transparent parts.
func behind(grey, alpha *image.Gray, mode Invert) byte {
	switch mode {
	case InvertYes:
		return 255
	case InvertNo:
		return 0
	}
	var sum, weight int64
	for i, v := range grey.Pix {
		sum += int64(v) * int64(alpha.Pix[i])
		weight += int64(alpha.Pix[i])
	}
	if sum > lightest*weight {
		return 0
	}
	return 255
}

// over blends m over a grey by alpha: PIL's paste with a mask.
func over(m, alpha *image.Gray, grey byte) {
	for i, v := range m.Pix {
		a := int(alpha.Pix[i])
		product := int(v)*a + int(grey)*(255-a) + 128 // /255, rounded
		m.Pix[i] = byte((product>>8 + product) >> 8)
	}
}

// cornerMedian is the median of the pixels in the four corners, the lower one of two.
func cornerMedian(m *image.Gray) byte {
	rows, cols := m.Rect.Dy(), m.Rect.Dx()
	high, wide := max(1, rows/corner), max(1, cols/corner)
	var counts [256]int
	for _, y := range []int{0, rows - high} {
		for _, x := range []int{0, cols - wide} {
			for row := y; row < y+high; row++ {
				for _, v := range m.Pix[row*m.Stride+x:][:wide] {
					counts[v]++
				}
			}
		}
	}
	below, half := 0, (4*high*wide-1)/2
	for v, n := range counts {
		if below += n; below > half {
			return byte(v)
		}
	}
	return 255
}
