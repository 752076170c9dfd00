package model

import (
	"fmt"

	"vggtrain/blocks"
)

// Operation is what computes a layer in an ONNX graph: an operator, and its attributes in the order
// of their names.
type Operation struct {
	Operator   string
	Opset      int // the first version of ONNX's operators that has this one
	Attributes []Attribute
}

// Attribute is a setting of an operation. Value is an int, a float32 or an []int.
type Attribute struct {
	Name  string
	Value any
}

// ONNX returns the layer's operation, whose inputs are the layer's and its parameters; nil for a
// layer that does nothing but in training. The error says why ONNX has none.
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
