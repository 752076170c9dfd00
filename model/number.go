package model

import "strconv"

// number is a setting of a layer, such as the size of its kernel: a whole or a real number.
type number struct {
	key      string   // in an architecture file
	whole    *int     // where it stands, within bound
	real     *float64 // or else where it stands, within interval
	bound    bound
	interval interval
	// fallback is the number where the file says nothing, or the key of another, whose number it
	// then is; "": the file has to say it.
	fallback string
}

func whole(key string, value *int, b bound, fallback string) number {
	return number{key: key, whole: value, bound: b, fallback: fallback}
}

func real(key string, value *float64, v interval, fallback string) number {
	return number{key: key, real: value, interval: v, fallback: fallback}
}

// usual returns what the number is where the file says nothing; list has all numbers of its layer.
func (n number) usual(list []number) string {
	for _, other := range list {
		if other.key == n.fallback {
			return other.String()
		}
	}
	return n.fallback
}

// parse sets the number, within its range or not.
func (n number) parse(text string) (err error) {
	if n.whole != nil {
		*n.whole, err = strconv.Atoi(text)
	} else {
		*n.real, err = strconv.ParseFloat(text, 64)
	}
	return err
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
