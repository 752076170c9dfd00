package model

import (
	"fmt"
	"reflect"
	"strings"

	"vggtrain/blocks"
)

// checkOrder returns an error for the first layer in the wrong place, and its index; or nil.
func checkOrder(list []blocks.Layer) (at int, err error) {
	flat := false
	for i, l := range list {
		k := kindFor(l)
		switch {
		case i > 0 && list[i-1] == Classes{}:
			return i, fmt.Errorf("%s after linear: classes; end the list there", k.word)
		case flat && k.flattens:
			return i, fmt.Errorf("a second %s; leave it out", k.word)
		case flat && k.takes == image:
			return i, fmt.Errorf("%s after flatten; it needs an image, move it before flatten", k.word)
		case !flat && k.takes == row:
			return i, fmt.Errorf("%s before flatten; it needs a row of features, put flatten before it", k.word)
		}
		flat = flat || k.flattens
	}
	if last := len(list) - 1; last < 0 || list[last] != (Classes{}) {
		return last, fmt.Errorf("the layers do not end with linear: classes; add it")
	}
	return 0, nil
}

// checkSequence returns an error for the first layer out of its bounds or place, or nil.
func (a *Arch) checkSequence() error {
	for _, l := range a.Sequence {
		k := kindFor(l)
		for _, n := range k.numbersOf(l) {
			if err := n.check(real(n.of(reflect.ValueOf(l)))); err != nil {
				return fmt.Errorf("%s: %w", k.word, err)
			}
		}
	}
	_, err := checkOrder(a.Sequence)
	return err
}

// layerYAML writes an item of layers.
func layerYAML(l blocks.Layer) string {
	k, v := kindFor(l), reflect.ValueOf(l)
	var list []string
	for _, n := range k.numbersOf(l) {
		text := formatReal(real(n.of(v)))
		switch {
		case k.open != nil:
			return k.word + ": " + text
		case text != n.usual(v):
			list = append(list, n.key+": "+text)
		}
	}
	switch {
	case k.open == l && k.openWord != "":
		return k.word + ": " + k.openWord
	case list == nil:
		return k.word
	}
	return k.word + ": {" + strings.Join(list, ", ") + "}"
}
