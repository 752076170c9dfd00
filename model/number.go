package model

import (
	"reflect"
	"strings"
)

// number is a setting of a layer, such as the size of its kernel.
type number struct {
	key string // in an architecture file; in capitals or not, the name of the layer's field
	bound
	// fallback is the number where the file says nothing, or the key of another, whose number it
	// then is; "": the file has to say it.
	fallback string
}

// of returns the field that has the number; none, if no field is called so.
func (n number) of(l reflect.Value) reflect.Value {
	return l.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, n.key) })
}

// usual returns what the number is where the file says nothing.
func (n number) usual(l reflect.Value) string {
	if other := (number{key: n.fallback}).of(l); other.IsValid() {
		return formatReal(real(other))
	}
	return n.fallback
}

// real returns a whole or real number.
func real(v reflect.Value) float64 {
	if v.CanInt() {
		return float64(v.Int())
	}
	return v.Float()
}

// set sets a whole or real number.
func set(v reflect.Value, x float64) {
	if v.CanInt() {
		v.SetInt(int64(x))
	} else {
		v.SetFloat(x)
	}
}
