package blocks

import "fmt"

// Conv2d convolves with Out square kernels and adds a bias.
type Conv2d struct{ Out, Kernel, Stride, Padding int }

// ReLU is max(x, 0).
type ReLU struct{}

// Sigmoid is 1/(1+exp(-x)).
type Sigmoid struct{}

// MaxPool2d takes the largest value of each Kernel×Kernel window.
type MaxPool2d struct{ Kernel, Stride int }

// AvgPool2d takes the mean of each Kernel×Kernel window.
type AvgPool2d struct{ Kernel, Stride int }

// Flatten makes one row of features of an image, in C×H×W order.
type Flatten struct{}

// Linear multiplies a row of features by a matrix and adds a bias.
type Linear struct{ Out int }

// Dropout zeroes each value with probability P in training and scales the others by 1/(1-P).
type Dropout struct{ P float64 }

// Kinds returns a layer of each kind, without its numbers.
func Kinds() []Layer {
	return []Layer{Conv2d{}, ReLU{}, Sigmoid{}, MaxPool2d{}, AvgPool2d{}, Flatten{}, Linear{}, Dropout{}}
}

func (Conv2d) sealed()    {}
func (ReLU) sealed()      {}
func (Sigmoid) sealed()   {}
func (MaxPool2d) sealed() {}
func (AvgPool2d) sealed() {}
func (Flatten) sealed()   {}
func (Linear) sealed()    {}
func (Dropout) sealed()   {}

// Type returns "Conv2d".
func (Conv2d) Type() string { return "Conv2d" }

// Type returns "ReLU".
func (ReLU) Type() string { return "ReLU" }

// Type returns "Sigmoid".
func (Sigmoid) Type() string { return "Sigmoid" }

// Type returns "MaxPool2d".
func (MaxPool2d) Type() string { return "MaxPool2d" }

// Type returns "AvgPool2d".
func (AvgPool2d) Type() string { return "AvgPool2d" }

// Type returns "Flatten".
func (Flatten) Type() string { return "Flatten" }

// Type returns "Linear".
func (Linear) Type() string { return "Linear" }

// Type returns "Dropout".
func (Dropout) Type() string { return "Dropout" }

// Window returns the square window that the convolution slides.
func (l Conv2d) Window() Window { return Window{l.Kernel, l.Stride, l.Padding} }

// Window returns the square window that the pool slides.
func (l MaxPool2d) Window() Window { return Window{l.Kernel, l.Stride, 0} }

// Window returns the square window that the pool slides.
func (l AvgPool2d) Window() Window { return Window{l.Kernel, l.Stride, 0} }

// Output is [C, H, W] → [Out, H', W'].
func (l Conv2d) Output(in []int) ([]int, error) {
	if l.Out < 1 {
		return nil, fmt.Errorf("Conv2d makes %d channels: it needs at least 1", l.Out)
	}
	return l.Window().output(l, in, l.Out)
}

// Output is [C, H, W] → [C, H', W'].
func (l MaxPool2d) Output(in []int) ([]int, error) { return l.Window().pooled(l, in) }

// Output is [C, H, W] → [C, H', W'].
func (l AvgPool2d) Output(in []int) ([]int, error) { return l.Window().pooled(l, in) }

// Output is the input's shape.
func (ReLU) Output(in []int) ([]int, error) { return in, nil }

// Output is the input's shape.
func (Sigmoid) Output(in []int) ([]int, error) { return in, nil }

// Output is [C, H, W] → [C·H·W].
func (Flatten) Output(in []int) ([]int, error) {
	features := 1
	for _, n := range in {
		features *= n
	}
	return []int{features}, nil
}

// Output is [F] → [Out].
func (l Linear) Output(in []int) ([]int, error) {
	if l.Out < 1 {
		return nil, fmt.Errorf("Linear makes %d features: it needs at least 1", l.Out)
	}
	if len(in) != 1 {
		return nil, fmt.Errorf("Linear takes a row of features, not an image of shape %v: put Flatten before it", in)
	}
	return []int{l.Out}, nil
}

// Output is the input's shape.
func (l Dropout) Output(in []int) ([]int, error) {
	if !(l.P >= 0 && l.P < 1) {
		return nil, fmt.Errorf("Dropout with probability %v: it must be at least 0 and below 1", l.P)
	}
	return in, nil
}

// Weights is [Out, C, Kernel, Kernel] and [Out].
func (l Conv2d) Weights(in []int) (weight, bias []int) {
	return []int{l.Out, in[0], l.Kernel, l.Kernel}, []int{l.Out}
}

// Weights is [Out, F] and [Out].
func (l Linear) Weights(in []int) (weight, bias []int) {
	return []int{l.Out, in[0]}, []int{l.Out}
}

// Weights is nil: the layer has none.
func (ReLU) Weights([]int) (weight, bias []int) { return nil, nil }

// Weights is nil: the layer has none.
func (Sigmoid) Weights([]int) (weight, bias []int) { return nil, nil }

// Weights is nil: the layer has none.
func (MaxPool2d) Weights([]int) (weight, bias []int) { return nil, nil }

// Weights is nil: the layer has none.
func (AvgPool2d) Weights([]int) (weight, bias []int) { return nil, nil }

// Weights is nil: the layer has none.
func (Flatten) Weights([]int) (weight, bias []int) { return nil, nil }

// Weights is nil: the layer has none.
func (Dropout) Weights([]int) (weight, bias []int) { return nil, nil }
