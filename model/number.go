package model

import "strconv"

// number is one of those that describe a layer: whole, or real.
type number struct {
	key      string // in an architecture file
	whole    *int   // where it stands, within bound
	bound    bound
	real     *float64 // or else where it stands, within interval
	interval interval
	fallback any // its value where the file says nothing: an int, a float64, or another's *int; nil: the file has to
}

func whole(key string, value *int, b bound) number { return number{key: key, whole: value, bound: b} }

func real(key string, value *float64, v interval) number {
	return number{key: key, real: value, interval: v}
}

// or returns the number with a value for where the file says nothing.
func (n number) or(fallback any) number {
	n.fallback = fallback
	return n
}

// reset gives the number the value that it has where the file says nothing.
func (n number) reset() {
	switch v := n.fallback.(type) {
	case int:
		*n.whole = v
	case *int:
		*n.whole = *v
	case float64:
		*n.real = v
	}
}

// usual reports whether the number is what it would be if the file said nothing.
func (n number) usual() bool {
	switch v := n.fallback.(type) {
	case int:
		return *n.whole == v
	case *int:
		return *n.whole == *v
	case float64:
		return *n.real == v
	}
	return false
}

// check returns an error that says what is wrong and what to do, or nil.
func (n number) check() error {
	if n.whole != nil {
		return n.bound.check(*n.whole)
	}
	return n.interval.check(*n.real)
}

func (n number) String() string {
	if n.whole != nil {
		return strconv.Itoa(*n.whole)
	}
	return formatReal(*n.real)
}
