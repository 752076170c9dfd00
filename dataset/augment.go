package dataset

import (
	"fmt"
	"slices"
	"strings"

	"vggtrain/internal/rng"
)

// Augment selects random changes of the training images, drawn anew in each epoch. They change the
// prepared picture; Fashion-MNIST's own images are changed before the resize.
type Augment struct {
	Flip bool // mirror an image left to right, with probability one half
	Crop bool // pad it by a margin and cut its size out at random
}

// marginShare divides a side into the margin of a crop: 2 of 28 pixels.
const marginShare = 14

// margin returns the margin of a crop in pixels.
func margin(side int) int { return side / marginShare }

// border is what a margin is made of.
type border bool

const (
	zeros border = false
	edges border = true // the picture's edge, repeated
)

// ParseAugment reads "none" or a list of "flip" and "crop", separated by commas.
func ParseAugment(list string) (Augment, error) {
	var a Augment
	if list == "none" || list == "" {
		return a, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		switch strings.TrimSpace(name) {
		case "flip":
			a.Flip = true
		case "crop":
			a.Crop = true
		default:
			return Augment{}, fmt.Errorf("augment: %q is not known: give none, or a list of flip and crop", name)
		}
	}
	return a, nil
}

// String is the inverse of ParseAugment.
func (a Augment) String() string {
	switch {
	case a.Flip && a.Crop:
		return "flip,crop"
	case a.Flip:
		return "flip"
	case a.Crop:
		return "crop"
	}
	return "none"
}

// Counters into an image's random stream. Each augmentation has its own, so that its draws do not
// depend on the other.
const (
	drawFlip = iota
	drawCropRow
	drawCropCol
)

// apply writes an image as varied by the draws to dst. The crop comes first.
func (a Augment) apply(dst []byte, p *Pixels, outside border, draws rng.Stream) {
	width := p.Cols * p.Channels
	if a.Crop {
		down := draws.Intn(drawCropRow, 2*margin(p.Rows)+1) - margin(p.Rows)
		right := draws.Intn(drawCropCol, 2*margin(p.Cols)+1) - margin(p.Cols)
		shift(dst, p, down, right, outside)
	} else {
		copy(dst, p.Pix)
	}
	if a.Flip && draws.Intn(drawFlip, 2) == 1 {
		for row := range slices.Chunk(dst, width) {
			slices.Reverse(row) // and with it the channels of each pixel
		}
		if p.Channels > 1 {
			for pixel := range slices.Chunk(dst, p.Channels) {
				slices.Reverse(pixel)
			}
		}
	}
}

// shift writes dst[y][x] = p[y+down][x+right]. Outside of the image are zeros, or its nearest pixel.
func shift(dst []byte, p *Pixels, down, right int, outside border) {
	width := p.Cols * p.Channels
	from := min(max(0, -right), p.Cols) * p.Channels // the bytes of a row that p covers
	to := max(from, width-max(0, right)*p.Channels)
	for y := range p.Rows {
		row, at := dst[y*width:][:width], y+down
		inside := min(max(at, 0), p.Rows-1)
		line := p.Pix[inside*width:][:width]
		switch {
		case outside == edges:
			repeat(row[:from], line[:p.Channels])
			repeat(row[to:], line[width-p.Channels:])
		case at != inside || from == to:
			clear(row)
			continue
		default:
			clear(row[:from])
			clear(row[to:])
		}
		copy(row[from:to], line[from+right*p.Channels:])
	}
}

// repeat fills dst with copies of a pixel.
func repeat(dst, pixel []byte) {
	for len(dst) > 0 {
		dst = dst[copy(dst, pixel):]
	}
}
