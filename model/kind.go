package model

import (
	"fmt"
	"reflect"

	"gorgonia.org/gorgonia"

	"vggtrain/blocks"
	"vggtrain/internal/op"
)

// kind is what there is to know of a kind of layer besides what package blocks says. The layers of
// an architecture file are read and written by its word and numbers, the graph and ONNX files are
// made by its operations.
type kind struct {
	word string // in an architecture file

	operations

	// The layer's only number stands behind the word, such as linear: 120. give says so.
	single bool
	give   string
	// Stands in an architecture for a layer of this kind without a number of its own: written as
	// openWord instead of the number, or as the word alone if that is "".
	open     blocks.Layer
	openWord string

	takes    form
	flattens bool // makes a row of an image
	mixes    bool // each output depends on all inputs
	training bool // does nothing but in training
	part     part // of the costs

	// The layers behind this one that its operation computes too, as far as they follow in this
	// order: then the numbers between them never reach memory.
	fuses []blocks.Layer
}

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

// kindFor returns the kind of a layer; one without a word or an operation if it is unknown.
func kindFor(l blocks.Layer) *kind {
	for _, k := range kinds {
		if k.has(l) || k.open == l {
			return k
		}
	}
	return &kind{operations: of[blocks.Layer]{}}
}

// kindNamed returns the kind of the given word, or nil.
func kindNamed(word string) *kind {
	for _, k := range kinds {
		if k.word == word {
			return k
		}
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

// LayerTypes lists PyTorch's names of all kinds of layers.
func LayerTypes() []string {
	var types []string
	for _, k := range kinds {
		_, made := k.describe(nil)
		types = append(types, blocks.Type(made()))
	}
	return types
}

// operations are what is done with the layers of one kind.
type operations interface {
	has(l blocks.Layer) bool
	// describe returns the numbers of a layer, or of a new one for nil, and the layer that they
	// make.
	describe(l blocks.Layer) (list []number, made func() blocks.Layer)
	// node adds the operation of a layer to a graph.
	node(l blocks.Layer, g *lowering) (*gorgonia.Node, error)
	// operation computes a layer in an ONNX file; it has no operator if there is none for it.
	operation(l blocks.Layer) Operation
}

// of is the operations of the layers of type L. A kind without numbers needs no numbers, one that
// does nothing but in training no onnx.
type of[L blocks.Layer] struct {
	numbers func(l *L) []number
	lower   func(l L, g *lowering) (*gorgonia.Node, error)
	onnx    func(l L) Operation
}

// lowering is what the operation of a layer is made of.
type lowering struct {
	*op.Graph
	x      *gorgonia.Node   // the layer's input
	params []*gorgonia.Node // in the order of blocks.Layer.Params
	fused  int              // how many of the kind's fuses follow
}

func (o of[L]) has(l blocks.Layer) bool { return reflect.TypeOf(l) == reflect.TypeFor[L]() }

func (o of[L]) describe(l blocks.Layer) ([]number, func() blocks.Layer) {
	own, _ := l.(L)
	made := func() blocks.Layer { return own }
	if o.numbers == nil {
		return nil, made
	}
	return o.numbers(&own), made
}

func (o of[L]) node(l blocks.Layer, g *lowering) (*gorgonia.Node, error) {
	if o.lower == nil {
		return nil, fmt.Errorf("no operation computes %s", blocks.Type(l))
	}
	return o.lower(l.(L), g)
}

func (o of[L]) operation(l blocks.Layer) Operation {
	if o.onnx == nil {
		return Operation{}
	}
	return o.onnx(l.(L))
}
