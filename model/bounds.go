package model

import (
	"fmt"
	"math"
	"strconv"
)

// bound is the range of a size. It keeps a slip of the finger from asking for terabytes.
type bound struct {
	what     string
	min, max int
}

// MaxClasses is the most classes that a network can tell apart.
const MaxClasses = 65536

// As YAML the longest list of layers takes 10,000 bytes, which leaves room for all settings beside
// it: see strictyaml.MaxBytes.
var (
	blockBound   = bound{"blocks", 1, 64}
	convBound    = bound{"convolutions in a block", 1, 64}
	channelBound = bound{"channels", 1, 8192}
	hiddenBound  = bound{"hidden layers", 0, 16}
	featureBound = bound{"features in a hidden layer", 1, 65536}
	classBound   = bound{"classes", 1, MaxClasses}
	layerBound   = bound{"layers", 2, 64}
)

func (b bound) String() string { return fmt.Sprintf("%d to %d", b.min, b.max) }

// check returns an error that says what is wrong and what to do, or nil.
func (b bound) check(n int) error {
	if n < b.min || n > b.max {
		return fmt.Errorf("%d %s; give %v", n, b.what, b)
	}
	return nil
}

// interval is the range of a real number.
type interval struct {
	what, noun string
	min, max   float64
	such       float64 // an example
}

var probability = interval{"dropout", "probability", 0, math.Nextafter(1, 0), 0.5}

func (v interval) String() string {
	if v.max == math.Nextafter(1, 0) {
		return fmt.Sprintf("at least %v and below 1", v.min)
	}
	return fmt.Sprintf("%v to %v", v.min, v.max)
}

// check returns an error that says what is wrong and what to do, or nil.
func (v interval) check(x float64) error {
	if !(x >= v.min && x <= v.max) { // NaN fails too
		return fmt.Errorf("%s %v; give a %s, %v", v.what, x, v.noun, v)
	}
	return nil
}

// formatReal writes the shortest decimal number that reads back as x: with an exponent only if there
// were too many zeros else.
func formatReal(x float64) string {
	text := strconv.FormatFloat(x, 'f', -1, 64)
	if len(text) > 40 {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return text
}
