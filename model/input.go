package model

import (
	"fmt"
	"strconv"
	"strings"

	"vggtrain/internal/display"
)

// Input is the shape of a batch of images.
type Input struct{ N, C, H, W int }

var inputBounds = [4]bound{
	{whole, "images", 1, 65536},
	{whole, "channels", 1, 4096},
	{whole, "pixels of height", 1, maxSide},
	{whole, "pixels of width", 1, maxSide},
}

// maxSide bounds the height and width of an image, in pixels.
const maxSide = 16384

// ParseInput reads a shape N×C×H×W, such as "1x1x224x224".
func ParseInput(s string) (Input, error) {
	parts := strings.SplitN(s, "x", 5) // a fifth part is one too many, whatever it holds
	if len(parts) != 4 {
		return Input{}, fmt.Errorf("input %s; give images x channels x height x width, such as 1x1x224x224", display.Quote(s))
	}
	var sizes [4]int
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return Input{}, fmt.Errorf("input %s: %s is not a number of %s; give four numbers, such as 1x1x224x224",
				display.Quote(s), display.Quote(part), inputBounds[i].what)
		}
		if err := inputBounds[i].size(int(n)); err != nil {
			return Input{}, fmt.Errorf("input %s: %w", display.Quote(s), err)
		}
		sizes[i] = int(n)
	}
	return Input{sizes[0], sizes[1], sizes[2], sizes[3]}, nil
}

// FormatShape writes a shape: 1x16x112x112.
func FormatShape(shape []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", "x")
}

// String is the inverse of ParseInput.
func (in Input) String() string { return FormatShape([]int{in.N, in.C, in.H, in.W}) }
