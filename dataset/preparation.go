package dataset

import (
	"fmt"
	"strings"
)

// Mode is a way to make a square of a picture.
type Mode string

// The modes.
const (
	Crop    Mode = "crop"    // the shorter side becomes S, then the middle is cut out
	Pad     Mode = "pad"     // the shorter side is padded with the background's colour, then both become S
	Stretch Mode = "stretch" // both sides become S
)

// Modes are all modes, the default first.
var Modes = []Mode{Crop, Pad, Stretch}

// ParseMode reads the name of a mode.
func ParseMode(s string) (Mode, error) {
	var names []string
	for _, m := range Modes {
		if string(m) == s {
			return m, nil
		}
		names = append(names, string(m))
	}
	return "", fmt.Errorf("must be %s, not %q", strings.Join(names, " or "), s)
}

// Preparation says what a network's input is made of a picture: S×S×C bytes.
type Preparation struct {
	Channels int  // C: 1 grey, by PIL's L, or 3 colours; a Loader takes 0 for the source's
	Side     int  // S
	Mode     Mode // "": Crop
	// Garments: the network is trained on Fashion-MNIST's own files, whose pictures are bright on
	// black and trimmed. They are augmented before the resize.
	Garments bool
}

// Size returns S·S·C.
func (p Preparation) Size() int { return p.Side * p.Side * p.Channels }
