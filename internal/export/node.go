package export

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"vggtrain/blocks"
	"vggtrain/model"
)

// node is an operation of the graph. Its shape is that of its output, without N.
type node struct {
	operation
	name   string
	inputs []string
	output string
	shape  []int
}

// operation is what a node does: an operator of ONNX and its attributes, in the order of their names.
type operation struct {
	operator   string
	attributes []attribute
}

// attribute is a number, or a list of them.
type attribute struct {
	name   string
	values []int
	isList bool
}

func number(name string, v int) attribute     { return attribute{name, []int{v}, false} }
func list(name string, v ...int) attribute    { return attribute{name, v, true} }
func square(name string, side int) attribute  { return list(name, side, side) }
func margin(name string, width int) attribute { return list(name, width, width, width, width) }

// Names of what normalises the pixels. No layer's name begins like these.
const (
	meanName      = "normalize.mean"
	deviationName = "normalize.deviation"
	subtractName  = "normalize.subtract"
	divideName    = "normalize.divide"
)

// normalizes tells whether the network takes anything but pixels in [0, 1].
func (n *Network) normalizes() bool {
	return n.Deviation != 0 && (n.Mean != 0 || n.Deviation != 1)
}

// nodes are the graph's operations in their order. A node is called as its layer, and so is its
// output, but for the last: that is Output.
func (n *Network) nodes() ([]node, error) {
	var nodes []node
	from := Input
	add := func(op operation, name string, shape []int, parameters ...string) {
		nodes = append(nodes, node{op, name, append([]string{from}, parameters...), name, shape})
		from = name
	}
	if n.normalizes() {
		image := n.Layers[0].In
		add(operation{operator: "Sub"}, subtractName, image, meanName)
		add(operation{operator: "Div"}, divideName, image, deviationName)
	}
	for _, layer := range n.Layers {
		op, err := operationOf(layer.Layer)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", layer.Name, err)
		}
		if op.operator != "" {
			add(op, layer.Name, layer.Out, parameterNames(&layer)...)
		}
	}
	if len(nodes) == 0 {
		return nil, errors.New("a network that does nothing")
	}
	nodes[len(nodes)-1].output = Output
	return nodes, nil
}

func parameterNames(layer *model.Layer) []string {
	if layer.Weight == nil {
		return nil
	}
	return []string{layer.Weight.Name, layer.Bias.Name}
}

// operationOf returns what a layer does when the network is used: no operator if that is nothing.
func operationOf(layer blocks.Layer) (operation, error) {
	switch l := layer.(type) {
	case blocks.Conv2d:
		return operation{"Conv", windowed(l.Window(), square("dilations", 1), number("group", 1))}, nil
	case blocks.MaxPool2d:
		return operation{"MaxPool", windowed(l.Window())}, nil
	case blocks.AvgPool2d:
		return operation{"AveragePool", windowed(l.Window())}, nil
	case blocks.ReLU:
		return operation{operator: "Relu"}, nil
	case blocks.Sigmoid:
		return operation{operator: "Sigmoid"}, nil
	case blocks.Flatten:
		return operation{"Flatten", []attribute{number("axis", 1)}}, nil
	case blocks.Linear: // x·Wᵀ + b
		return operation{"Gemm", []attribute{number("transB", 1)}}, nil
	case blocks.Dropout:
		return operation{}, nil
	}
	return operation{}, fmt.Errorf("a layer %s, which no ONNX operator is known for: %s", layer.Type(), adviceWeights)
}

// windowed adds the attributes of a window that slides over height and width.
func windowed(w blocks.Window, others ...attribute) []attribute {
	return append(others, square("kernel_shape", w.Kernel), margin("pads", w.Padding), square("strides", w.Stride))
}

// Numbers of the fields of onnx.proto's NodeProto and AttributeProto, and the types of the latter.
const (
	nodeInput, nodeOutput, nodeName, nodeOperator, nodeAttribute protowire.Number = 1, 2, 3, 4, 5

	attributeName, attributeInt, attributeInts, attributeType protowire.Number = 1, 3, 8, 20

	typeInt, typeInts = 2, 7
)

// message is the NodeProto.
func (n *node) message() *message {
	m := &message{}
	for _, input := range n.inputs {
		m.text(nodeInput, input)
	}
	m.text(nodeOutput, n.output)
	m.text(nodeName, n.name)
	m.text(nodeOperator, n.operator)
	for _, a := range n.attributes {
		m.embed(nodeAttribute, a.message())
	}
	return m
}

// message is the AttributeProto.
func (a *attribute) message() *message {
	m := &message{}
	m.text(attributeName, a.name)
	field, kind := attributeInt, int64(typeInt)
	if a.isList {
		field, kind = attributeInts, typeInts
	}
	for _, v := range a.values {
		m.integer(field, int64(v))
	}
	m.integer(attributeType, kind)
	return m
}
