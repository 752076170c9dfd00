package model

import (
	"fmt"
	"strconv"
	"strings"

	"vggtrain/blocks"
)

// What stands in Arch.Sequence for numbers that are not the layer's own.
const (
	Classes     = 0  // Linear.Out: as many features as there are classes
	ArchDropout = -1 // Dropout.P: Arch.Dropout
)

// Bounds of a list of layers and of what stands in it. As YAML the longest list has 1,250 words and
// signs, which leaves room for all settings beside it: see internal/strictyaml.
var (
	layerBound      = bound{"layers", 2, 64}
	linearBound     = bound{"features of a linear layer", 1, 65536}
	kernelBound     = bound{"pixels of kernel", 1, 32}
	poolKernelBound = bound{"pixels of kernel", 1, 16}
	strideBound     = bound{"pixels of stride", 1, 32}
	paddingBound    = bound{"pixels of padding", 0, 31}
)

// layerWords are what layers are called in an architecture file, see layerWord.
func layerWords() []string {
	var words []string
	for _, l := range blocks.Kinds() {
		words = append(words, layerWord(l))
	}
	return words
}

// layerWord is what a layer is called in an architecture file: as PyTorch's module, in small letters and
// without 2d.
func layerWord(l blocks.Layer) string { return strings.TrimSuffix(strings.ToLower(l.Type()), "2d") }

// number is one of several that describe a layer.
type number struct {
	key   string // in an architecture file
	bound bound
	value *int
	usual *int // its value where the file says nothing; nil: the file has to
}

func convNumbers(l *blocks.Conv2d) []number {
	stride, padding := 1, 0
	return []number{
		{"out", channelBound, &l.Out, nil},
		{"kernel", kernelBound, &l.Kernel, nil},
		{"stride", strideBound, &l.Stride, &stride},
		{"padding", paddingBound, &l.Padding, &padding},
	}
}

// poolNumbers describe a pool, whose windows stand side by side unless a stride is given.
func poolNumbers(kernel, stride *int) []number {
	return []number{{"kernel", poolKernelBound, kernel, nil}, {"stride", strideBound, stride, kernel}}
}

// numbers are those of a layer that has several; nil for other layers.
func numbers(l blocks.Layer) []number {
	switch l := l.(type) {
	case blocks.Conv2d:
		return convNumbers(&l)
	case blocks.MaxPool2d:
		return poolNumbers(&l.Kernel, &l.Stride)
	case blocks.AvgPool2d:
		return poolNumbers(&l.Kernel, &l.Stride)
	}
	return nil
}

// place is how far a list of layers is.
type place struct{ flat, complete bool }

// next reports a layer that cannot come next.
func (p *place) next(l blocks.Layer) error {
	word := layerWord(l)
	if p.complete {
		return fmt.Errorf("%s after linear: classes; end the list there", word)
	}
	switch l := l.(type) {
	case blocks.Windowed:
		if p.flat {
			return fmt.Errorf("%s after flatten; it needs an image, move it before flatten", word)
		}
	case blocks.Flatten:
		if p.flat {
			return fmt.Errorf("a second flatten; leave it out")
		}
		p.flat = true
	case blocks.Linear:
		if !p.flat {
			return fmt.Errorf("linear before flatten; it needs a row of features, put flatten before it")
		}
		p.complete = l.Out == Classes
	}
	return nil
}

// end reports a list that cannot end here.
func (p *place) end() error {
	if !p.complete {
		return fmt.Errorf("the layers do not end with linear: classes; add it")
	}
	return nil
}

// checkSequence reports the first layer of Sequence that makes no sense.
func (a *Arch) checkSequence() error {
	if len(a.Blocks) > 0 || len(a.Hidden) > 0 {
		return fmt.Errorf("both layers and blocks or hidden; give one of them")
	}
	if err := layerBound.check(len(a.Sequence)); err != nil {
		return err
	}
	var at place
	for _, l := range a.Sequence {
		if err := checkLayer(l); err != nil {
			return fmt.Errorf("%s: %w", layerWord(l), err)
		}
		if err := at.next(l); err != nil {
			return err
		}
	}
	return at.end()
}

// checkLayer reports the first size of a layer that makes no sense.
func checkLayer(l blocks.Layer) error {
	for _, n := range numbers(l) {
		if err := n.bound.check(*n.value); err != nil {
			return err
		}
	}
	switch l := l.(type) {
	case blocks.Linear:
		if l.Out != Classes {
			return linearBound.check(l.Out)
		}
	case blocks.Dropout:
		if l.P != ArchDropout {
			return checkDropout(l.P)
		}
	}
	return nil
}

// TakesDropout reports whether Dropout is the probability of any layer.
func (a *Arch) TakesDropout() bool {
	if len(a.Hidden) > 0 {
		return true
	}
	for _, l := range a.Sequence {
		if d, ok := l.(blocks.Dropout); ok && d.P == ArchDropout {
			return true
		}
	}
	return false
}

// sequence returns Sequence with all numbers filled in.
func (a *Arch) sequence(classes int) []blocks.Layer {
	layers := make([]blocks.Layer, len(a.Sequence))
	for i, l := range a.Sequence {
		switch own := l.(type) {
		case blocks.Linear:
			if own.Out == Classes {
				l = blocks.Linear{Out: classes}
			}
		case blocks.Dropout:
			if own.P == ArchDropout {
				l = blocks.Dropout{P: a.Dropout}
			}
		}
		layers[i] = l
	}
	return layers
}

// layerYAML writes an item of layers.
func layerYAML(l blocks.Layer) string {
	word := layerWord(l)
	switch own := l.(type) {
	case blocks.Linear:
		if own.Out == Classes {
			return word + ": classes"
		}
		return fmt.Sprintf("%s: %d", word, own.Out)
	case blocks.Dropout:
		if own.P == ArchDropout {
			return word
		}
		return word + ": " + strconv.FormatFloat(own.P, 'f', -1, 64)
	}
	var list []string
	for _, n := range numbers(l) {
		if n.usual == nil || *n.value != *n.usual {
			list = append(list, fmt.Sprintf("%s: %d", n.key, *n.value))
		}
	}
	if list == nil {
		return word
	}
	return word + ": {" + strings.Join(list, ", ") + "}"
}
