package export

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"vggtrain/model"
)

// node is an operation of the graph. shape is its output's, without N.
type node struct {
	model.Operation
	name   string
	inputs []string
	output string
	shape  []int
}

// Names of the nodes that normalise the pixels. No layer's name begins like these.
const (
	meanName      = "normalize.mean"
	deviationName = "normalize.deviation"
	subtractName  = "normalize.subtract"
	divideName    = "normalize.divide"
)

// normalizes reports whether pixels change before the first layer.
func (n *Network) normalizes() bool {
	other := func(than float64) func(float64) bool { return func(x float64) bool { return x != than } }
	return slices.ContainsFunc(n.Mean, other(0)) || slices.ContainsFunc(n.Deviation, other(1))
}

// nodes lists the graph's operations in their order. A node and its output have the layer's name,
// except that the last output is Output.
func (n *Network) nodes() ([]node, error) {
	var nodes []node
	from := Input
	add := func(op model.Operation, name string, shape []int, parameters ...string) {
		nodes = append(nodes, node{op, name, append([]string{from}, parameters...), name, shape})
		from = name
	}
	if n.normalizes() {
		image := n.Layers[0].In
		add(model.Operation{Operator: "Sub", Opset: 13}, subtractName, image, meanName)
		add(model.Operation{Operator: "Div", Opset: 13}, divideName, image, deviationName)
	}
	for _, layer := range n.Layers {
		op, err := layer.ONNX()
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %s", layer.Name, err, adviceWeights)
		}
		if op == nil {
			continue
		}
		var parameters []string
		for _, spec := range layer.Specs {
			parameters = append(parameters, spec.Name)
		}
		add(*op, layer.Name, layer.Out, parameters...)
	}
	if len(nodes) == 0 {
		return nil, errors.New("a network that does nothing")
	}
	nodes[len(nodes)-1].output = Output
	return nodes, nil
}

// Numbers of the fields of onnx.proto's NodeProto and AttributeProto, and the types of the latter.
const (
	nodeInput, nodeOutput, nodeName, nodeOperator, nodeAttribute protowire.Number = 1, 2, 3, 4, 5

	attributeName, attributeFloat, attributeInt, attributeInts, attributeType protowire.Number = 1, 2, 3, 8, 20

	typeFloat, typeInt, typeInts = 1, 2, 7
)

// message is the NodeProto.
func (n *node) message() *message {
	m := &message{}
	for _, input := range n.inputs {
		m.text(nodeInput, input)
	}
	m.text(nodeOutput, n.output).text(nodeName, n.name).text(nodeOperator, n.Operator)
	for _, a := range n.Attributes {
		m.embed(nodeAttribute, attribute(a))
	}
	return m
}

// attribute is an AttributeProto.
func attribute(a model.Attribute) *message {
	m := new(message).text(attributeName, a.Name)
	switch v := a.Value.(type) {
	case int:
		m.integer(attributeInt, int64(v)).integer(attributeType, typeInt)
	case float32:
		m.float(attributeFloat, v).integer(attributeType, typeFloat)
	case []int:
		for _, v := range v {
			m.integer(attributeInts, int64(v))
		}
		m.integer(attributeType, typeInts)
	}
	return m
}
