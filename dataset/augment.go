package dataset

import (
	"fmt"
	"slices"
	"strings"

	"vggtrain/internal/rng"
)

// Augment selects random changes of the training images. They are drawn anew in each epoch, before
// the resize.
type Augment struct {
	Flip bool // mirror an image left to right, with probability one half
	Crop bool // pad it with cropMargin pixels of zeros and cut its size out at random
}

const cropMargin = 2

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
func (a Augment) apply(dst []byte, p *Pixels, draws rng.Stream) {
	width := p.Cols * p.Channels
	if a.Crop {
		down := draws.Intn(drawCropRow, 2*cropMargin+1) - cropMargin
		right := draws.Intn(drawCropCol, 2*cropMargin+1) - cropMargin
		shift(dst, p.Pix, p.Rows, width, down, right*p.Channels)
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

// shift writes dst[y][x] = src[y+down][x+right], 0 outside the image of rows×cols bytes.
func shift(dst, src []byte, rows, cols, down, right int) {
	clear(dst)
	from, to := max(0, -right), min(cols, cols-right) // the columns of dst that src covers
	if from >= to {
		return
	}
	for y := max(0, -down); y < min(rows, rows-down); y++ {
		at := y * cols
		copy(dst[at+from:at+to], src[(y+down)*cols+from+right:])
	}
}
