package model

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// bound is the range of a number. It keeps a slip of the finger from asking for terabytes.
type bound struct {
	noun     string // whole, or what a real number is called
	what     string
	min, max float64
}

const whole = "whole number"

// MaxClasses is the largest number of classes.
const MaxClasses = 65536

// As YAML the longest list of layers takes 10,000 bytes, which leaves room for all settings beside
// it: see strictyaml.MaxBytes.
var (
	blockBound   = bound{whole, "blocks", 1, 64}
	convBound    = bound{whole, "convolutions in a block", 1, 64}
	channelBound = bound{whole, "channels", 1, 8192}
	hiddenBound  = bound{whole, "hidden layers", 0, 16}
	featureBound = bound{whole, "features in a hidden layer", 1, 65536}
	classBound   = bound{whole, "classes", 1, MaxClasses}
	layerBound   = bound{whole, "layers", 2, 64}
	probability  = bound{"probability", "dropout", 0, math.Nextafter(1, 0)}
)

func (b bound) String() string {
	if b.max == math.Nextafter(1, 0) {
		return fmt.Sprintf("at least %v and below 1", b.min)
	}
	return fmt.Sprintf("%v to %v", b.min, b.max)
}

// check returns an error that says what is wrong and what to do, or nil.
func (b bound) check(x float64) error {
	switch {
	case x >= b.min && x <= b.max: // not NaN
		return nil
	case b.noun == whole:
		return fmt.Errorf("%s %s; give %v", formatReal(x), b.what, b)
	}
	return fmt.Errorf("%s %s; give a %s, %v", b.what, formatReal(x), b.noun, b)
}

// size is check for a whole number.
func (b bound) size(n int) error { return b.check(float64(n)) }

// formatReal writes the shortest decimal number that reads back as x: with an exponent only where it
// would have too many zeros.
func formatReal(x float64) string {
	text := strconv.FormatFloat(x, 'f', -1, 64)
	if len(text) > 40 {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return text
}

// number is a setting of a layer, such as the size of its kernel.
type number struct {
	key string // in an architecture file; in capitals or not, the name of the layer's field
	bound
	// fallback is the number where the file says nothing, or the key of another, whose number it
	// then is; "": the file has to say it.
	fallback string
}

// of returns the field with the number's name, or the zero Value.
func (n number) of(l reflect.Value) reflect.Value {
	return l.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, n.key) })
}

// usual returns the default, used if the file leaves the number out.
func (n number) usual(l reflect.Value) string {
	if other := (number{key: n.fallback}).of(l); other.IsValid() {
		return formatReal(real(other))
	}
	return n.fallback
}

// real returns a whole or real number.
func real(v reflect.Value) float64 { return v.Convert(reflect.TypeFor[float64]()).Float() }

// set sets a whole or real number.
func set(v reflect.Value, x float64) { v.Set(reflect.ValueOf(x).Convert(v.Type())) }
