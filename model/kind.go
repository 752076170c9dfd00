package model

import (
	"fmt"
	"reflect"
	"slices"

	"gorgonia.org/gorgonia"

	"vggtrain/blocks"
	"vggtrain/internal/op"
)

// kind describes one kind of layer, besides its type in package blocks.
type kind struct {
	word  string       // in an architecture file
	layer blocks.Layer // of the kind, with all numbers 0

	numbers []number // whose keys are in braces behind the word, unless open is set
	// open stands in an architecture for a layer whose number comes from elsewhere. A file says it
	// by openWord in the place of the number, such as linear: 120, or by the word alone if that is "".
	open     blocks.Layer
	openWord string

	takes    form
	flattens bool // makes a row of an image
	mixes    bool // each output depends on all inputs
	training bool // does nothing except in training
	part     part // of the costs

	// The layers behind this one that its operation computes too, as far as they follow in this
	// order: then the numbers between them never reach memory.
	fuses []blocks.Layer

	// lower adds a layer's operation to a graph.
	lower func(l blocks.Layer, g *lowering) (*gorgonia.Node, error)
	// onnx returns a layer's operation in an ONNX file, or why it has none.
	onnx func(l blocks.Layer) (Operation, error)
}

// lowering has the inputs of a layer's operation.
type lowering struct {
	*op.Graph
	x      *gorgonia.Node   // the layer's input
	params []*gorgonia.Node // in the order of blocks.Layer.Params
	fused  int              // how many of the kind's fuses follow
}

// define completes a kind whose layers are of type L. onnx is nil for one that does nothing except in
// training.
func define[L blocks.Layer](
	k kind,
	lower func(l L, g *lowering) (*gorgonia.Node, error),
	onnx func(l L) (Operation, error),
) *kind {
	k.layer = *new(L)
	k.lower = func(l blocks.Layer, g *lowering) (*gorgonia.Node, error) { return lower(l.(L), g) }
	k.onnx = func(l blocks.Layer) (Operation, error) { return onnx(l.(L)) }
	return &k
}

// has reports whether a layer is of the kind, with numbers of its own.
func (k *kind) has(l blocks.Layer) bool { return reflect.TypeOf(l) == reflect.TypeOf(k.layer) }

// form is the shape of input that a kind of layer takes.
type form int

const (
	anything form = iota
	image
	row
)

// part is one of the parts that Compare divides a network's costs into.
type part int

const (
	neither part = iota
	convolutions
	dense
)

// numbersOf returns the numbers that a layer of the kind has itself.
func (k *kind) numbersOf(l blocks.Layer) []number {
	if l == k.open {
		return nil
	}
	return k.numbers
}

// kindFor returns the kind of a layer. An unknown layer gets a kind without word and operation.
func kindFor(l blocks.Layer) *kind {
	for _, k := range kinds {
		if k.has(l) || k.open == l {
			return k
		}
	}
	return &kind{}
}

// kindNamed returns the kind of the given word, or nil.
func kindNamed(word string) *kind {
	if at := slices.Index(layerWords(), word); at >= 0 {
		return kinds[at]
	}
	return nil
}

// layerWords lists the words of all kinds.
func layerWords() []string {
	var words []string
	for _, k := range kinds {
		words = append(words, k.word)
	}
	return words
}

// Operation is a layer's ONNX node: an operator and its attributes, sorted by name.
type Operation struct {
	Operator   string
	Opset      int // the first operator set with this operator
	Attributes []Attribute
}

// Attribute is a setting of an Operation. Value is an int, a float32 or an []int.
type Attribute struct {
	Name  string
	Value any
}

// ONNX returns the layer's operation on the layer's input and parameters. It is nil for a layer that
// acts only in training. The error says why ONNX has no such operation.
func (l *Layer) ONNX() (*Operation, error) {
	k := l.kind()
	switch {
	case k.training:
		return nil, nil
	case k.onnx == nil:
		return nil, fmt.Errorf("a layer %s, which no ONNX operator is known for", l.Type)
	}
	o, err := k.onnx(l.Module)
	return &o, err
}

// windowed returns the attributes of a layer that slides a window over height and width.
func windowed(l blocks.Windowed, others ...Attribute) []Attribute {
	w := l.Window()
	return append(others,
		Attribute{"kernel_shape", []int{w.Kernel, w.Kernel}},
		Attribute{"pads", []int{w.Padding, w.Padding, w.Padding, w.Padding}},
		Attribute{"strides", []int{w.Stride, w.Stride}})
}
