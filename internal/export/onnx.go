// Package export writes trained networks for other programs.
//
// Shape letters: N images in a batch, C channels, S side of an image in pixels, K classes.
package export

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"vggtrain/checkpoint"
	"vggtrain/model"
)

// Network is a trained network to be exported.
type Network struct {
	Name    string
	Layers  []model.Layer
	Weights []checkpoint.Tensor // by PyTorch's names, in its layouts
	// A pixel x in [0, 1] of channel c becomes (x - Mean[c]) / Deviation[c]; nil: x.
	Mean, Deviation []float64 // C
	Metadata        map[string]string
}

// Input and Output are the names of the graph's input, N×C×S×S pixels in [0, 1], and of its
// output, N×K logits.
const (
	Input  = "input"
	Output = "logits"
)

// Versions of the format: ONNX 1.8 (November 2020), for all runtimes since then. Operators that are
// newer raise the opset.
const (
	irVersion  = 7
	leastOpset = 13
)

// ErrTooLarge is the error of a file over protobuf's limit.
var ErrTooLarge = errors.New("too large for one ONNX file")

const adviceWeights = "export the weights alone, with --format safetensors"

// maxProtobuf is the most bytes of a protobuf message.
const maxProtobuf = math.MaxInt32

// ONNX is an ONNX file (https://onnx.ai), a ModelProto, before it is written. It refers to the
// network's weights: they must not change until then.
type ONNX struct{ model message }

// Field numbers of onnx.proto, message by message.
const (
	modelIRVersion, modelProducer, modelGraph, modelOpset, modelMetadata protowire.Number = 1, 2, 7, 8, 14

	opsetDomain, opsetNumber protowire.Number = 1, 2
	entryKey, entryValue     protowire.Number = 1, 2

	graphNode, graphName, graphInitializer, graphInput, graphOutput, graphValue protowire.Number = 1, 2, 5, 11, 12, 13

	tensorDim, tensorType, tensorName, tensorData protowire.Number = 1, 2, 8, 9

	valueName, valueType, valueDoc protowire.Number = 1, 2, 3
	typeTensor                     protowire.Number = 1
	typeElement, typeShape         protowire.Number = 1, 2
	shapeDim                       protowire.Number = 1
	dimValue, dimName              protowire.Number = 1, 2
)

// elementFloat is TensorProto.DataType's FLOAT.
const elementFloat = 1

// NewONNX returns the file of a network. Its graph begins with the normalisation and leaves Dropout
// out. Errors: a layer without an ONNX operator, a missing weight, ErrTooLarge.
func NewONNX(n *Network) (*ONNX, error) {
	nodes, err := n.nodes()
	if err == nil && n.normalizes() && (len(n.Mean) != n.Layers[0].In[0] || len(n.Deviation) != len(n.Mean)) {
		err = fmt.Errorf("%d means and %d deviations for images of %d channels", len(n.Mean), len(n.Deviation), n.Layers[0].In[0])
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Name, err)
	}
	graph, err := n.graph(nodes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Name, err)
	}
	f := &ONNX{}
	f.model.integer(modelIRVersion, irVersion).text(modelProducer, "vggtrain").embed(modelGraph, graph)
	f.model.embed(modelOpset, new(message).text(opsetDomain, "").integer(opsetNumber, int64(opset(nodes)))) // ONNX's own operators
	for _, key := range slices.Sorted(maps.Keys(n.Metadata)) {
		f.model.embed(modelMetadata, new(message).text(entryKey, key).text(entryValue, n.Metadata[key]))
	}
	if f.model.size > maxProtobuf {
		return nil, fmt.Errorf("%s: %w: %d bytes, and a protobuf file has %d at most: %s", n.Name, ErrTooLarge, f.model.size, maxProtobuf, adviceWeights)
	}
	return f, nil
}

// Size is the file's length in bytes.
func (f *ONNX) Size() int64 { return f.model.size }

// Write streams the file, with little memory besides the weights.
func (f *ONNX) Write(w io.Writer) error { return f.model.write(w) }

// opset is the version of ONNX's operators that the nodes need.
func opset(nodes []node) int {
	version := leastOpset
	for _, n := range nodes {
		version = max(version, n.Opset)
	}
	return version
}

// graph is the GraphProto: its fields in the order of their numbers.
func (n *Network) graph(nodes []node) (*message, error) {
	weights, err := n.initializers()
	if err != nil {
		return nil, err
	}
	g := &message{}
	for i := range nodes {
		g.embed(graphNode, nodes[i].message())
	}
	g.text(graphName, n.Name)
	for i := range weights {
		g.embed(graphInitializer, tensor(&weights[i]))
	}
	last := nodes[len(nodes)-1]
	g.embed(graphInput, value(Input, n.Layers[0].In, "pixels from 0 to 1, "+channelNames(n.Layers[0].In[0])+", rows from the top"))
	g.embed(graphOutput, value(last.output, last.shape, "a logit for each class: softmax makes probabilities of them"))
	for _, node := range nodes[:len(nodes)-1] {
		g.embed(graphValue, value(node.output, node.shape, ""))
	}
	return g, nil
}

// initializers are the weights of the layers, in their order, after the normalisation's numbers.
func (n *Network) initializers() ([]checkpoint.Tensor, error) {
	var list []checkpoint.Tensor
	if n.normalizes() {
		list = append(list, perChannel(meanName, n.Mean), perChannel(deviationName, n.Deviation))
	}
	for _, layer := range n.Layers {
		for _, spec := range layer.Specs {
			at := slices.IndexFunc(n.Weights, func(t checkpoint.Tensor) bool { return t.Name == spec.Name })
			if at < 0 || !slices.Equal(n.Weights[at].Shape, spec.Shape) {
				return nil, fmt.Errorf("no %s of shape %v among its weights", spec.Name, spec.Shape)
			}
			list = append(list, n.Weights[at])
		}
	}
	return list, nil
}

// perChannel is a number for all pixels of each channel of N×C×S×S.
func perChannel(name string, numbers []float64) checkpoint.Tensor {
	t := checkpoint.Tensor{Name: name, Shape: []int{1, len(numbers), 1, 1}}
	for _, x := range numbers {
		t.Data = append(t.Data, float32(x))
	}
	return t
}

// channelNames says what the channels of an image are.
func channelNames(channels int) string {
	switch channels {
	case 1:
		return "grey (0 is black)"
	case 3:
		return "red, green and blue"
	}
	return fmt.Sprintf("%d channels", channels)
}

// tensor is a TensorProto.
func tensor(t *checkpoint.Tensor) *message {
	m := &message{}
	for _, d := range t.Shape {
		m.integer(tensorDim, int64(d))
	}
	return m.integer(tensorType, elementFloat).text(tensorName, t.Name).numbers(tensorData, t.Data)
}

// value is the ValueInfoProto of N values of that shape, where N is free.
func value(name string, shape []int, doc string) *message {
	dims := new(message).embed(shapeDim, new(message).text(dimName, "N"))
	for _, d := range shape {
		dims.embed(shapeDim, new(message).integer(dimValue, int64(d)))
	}
	array := new(message).integer(typeElement, elementFloat).embed(typeShape, dims)
	m := new(message).text(valueName, name).embed(valueType, new(message).embed(typeTensor, array))
	if doc != "" {
		m.text(valueDoc, doc)
	}
	return m
}
