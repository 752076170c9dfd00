package model

import (
	"fmt"
	"reflect"
	"strings"

	"vggtrain/blocks"
)

// listState says what may come next in a list of layers.
type listState struct{ flat, complete bool }

// next returns an error for a layer in the wrong place, or nil.
func (s *listState) next(l blocks.Layer) error {
	k := kindFor(l)
	switch {
	case s.complete:
		return fmt.Errorf("%s after linear: classes; end the list there", k.word)
	case s.flat && k.flattens:
		return fmt.Errorf("a second %s; leave it out", k.word)
	case s.flat && k.takes == image:
		return fmt.Errorf("%s after flatten; it needs an image, move it before flatten", k.word)
	case !s.flat && k.takes == row:
		return fmt.Errorf("%s before flatten; it needs a row of features, put flatten before it", k.word)
	}
	s.flat = s.flat || k.flattens
	s.complete = l == Classes{}
	return nil
}

// end returns an error for a list that must not end here, or nil.
func (s *listState) end() error {
	if !s.complete {
		return fmt.Errorf("the layers do not end with linear: classes; add it")
	}
	return nil
}

// checkSequence returns an error for the first layer out of its bounds or place, or nil.
func (a *Arch) checkSequence() error {
	var state listState
	for _, l := range a.Sequence {
		k := kindFor(l)
		for _, n := range k.numbersOf(l) {
			if err := n.check(real(n.of(reflect.ValueOf(l)))); err != nil {
				return fmt.Errorf("%s: %w", k.word, err)
			}
		}
		if err := state.next(l); err != nil {
			return err
		}
	}
	return state.end()
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
