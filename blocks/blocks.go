// Package blocks describes networks as data: layers, and the groups that VGG is made of.
//
// A layer gives the output's shape and the parameters of PyTorch's module of the same name. It does
// not compute: package model lowers a list of layers to a graph.
//
// Shapes leave the batch out and are written as PyTorch does: an image [C, H, W], a row of
// features [F]. Letters: C channels, H height, W width, F features, O output channels or features.
package blocks

import "reflect"

// Layer is one module of a network, such as Conv2d. Its type has the name of PyTorch's module.
type Layer interface {
	// Output returns the output's shape for an input of shape in. The error says why the layer cannot
	// take that shape.
	Output(in []int) ([]int, error)
	// Params returns the layer's parameters in PyTorch's order, for an input shape accepted by
	// Output.
	Params(in []int) []Param
}

// Type is the name of a layer's module in PyTorch, such as "Conv2d".
func Type(l Layer) string { return reflect.TypeOf(l).Name() }

// VGGBlock returns convs 3×3 convolutions of the given channels, each followed by a ReLU,
// then a 2×2 max-pool that halves height and width (Simonyan & Zisserman 2015, table 1).
func VGGBlock(convs, channels int) []Layer {
	var block []Layer
	for range convs {
		block = append(block, Conv2d{Out: channels, Kernel: 3, Stride: 1, Padding: 1}, ReLU{})
	}
	return append(block, MaxPool2d{Kernel: 2, Stride: 2})
}

// Classifier returns Flatten, then Linear, ReLU and dropout for each hidden size, then last. The last
// layer's outputs are the logits.
func Classifier(hidden []int, dropout, last Layer) []Layer {
	layers := []Layer{Flatten{}}
	for _, size := range hidden {
		layers = append(layers, Linear{Out: size}, ReLU{}, dropout)
	}
	return append(layers, last)
}
