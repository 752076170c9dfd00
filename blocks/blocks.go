// Package blocks describes networks as data: layers, and the groups that VGG is made of.
//
// A layer knows what PyTorch's module of the same name computes from an input's shape: its
// output's shape, its parameters' shapes, its multiply-adds. It does not compute: package
// model lowers a list of layers to a graph.
//
// Shapes leave the batch out and are written as PyTorch does: an image [C, H, W], a row of
// features [F]. Letters: C channels, H height, W width, F features, O output channels or features.
package blocks

// Layer is one module of a network: Conv2d, ReLU, Sigmoid, MaxPool2d, AvgPool2d, Flatten, Linear
// or Dropout.
type Layer interface {
	// Type is the name of PyTorch's module, such as "Conv2d".
	Type() string
	// Output returns the shape that the layer makes of in, or an error that says why it
	// cannot take in.
	Output(in []int) ([]int, error)
	// Weights returns the shapes of the weight and the bias in PyTorch's layout, given an
	// input shape that Output accepts; nil and nil for a layer without parameters.
	Weights(in []int) (weight, bias []int)

	sealed()
}

// VGGBlock returns convs 3×3 convolutions of the given channels, each followed by a ReLU,
// then a 2×2 max-pool that halves height and width (Simonyan & Zisserman 2015, table 1).
func VGGBlock(convs, channels int) []Layer {
	var block []Layer
	for range convs {
		block = append(block, Conv2d{Out: channels, Kernel: 3, Stride: 1, Padding: 1}, ReLU{})
	}
	return append(block, MaxPool2d{Kernel: 2, Stride: 2})
}

// Classifier returns Flatten, then for each hidden size Linear, ReLU and Dropout(dropout),
// then the Linear layer that gives a logit for each class.
func Classifier(hidden []int, classes int, dropout float64) []Layer {
	layers := []Layer{Flatten{}}
	for _, size := range hidden {
		layers = append(layers, Linear{Out: size}, ReLU{}, Dropout{P: dropout})
	}
	return append(layers, Linear{Out: classes})
}
