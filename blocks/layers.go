package blocks

import (
	"fmt"
)

// Conv2d convolves with Out square kernels and adds a bias.
type Conv2d struct{ Out, Kernel, Stride, Padding int }

// ReLU is max(x, 0).
type ReLU struct{ SameShape }

// Sigmoid is 1/(1+exp(-x)).
type Sigmoid struct{ SameShape }

// MaxPool2d takes the largest value of each Kernel×Kernel window.
type MaxPool2d struct {
	Parameterless
	Kernel, Stride int
}

// AvgPool2d takes the mean of each Kernel×Kernel window.
type AvgPool2d struct {
	Parameterless
	Kernel, Stride int
}

// Flatten turns an image into a row of features, in C×H×W order.
type Flatten struct{ Parameterless }

// Linear multiplies a row of features by a matrix and adds a bias.
type Linear struct{ Out int }

// Dropout zeroes each value with probability P in training and scales the others by 1/(1-P).
type Dropout struct {
	Parameterless
	P float64
}

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
	return slide(l, in, l.Out)
}

// Output is [C, H, W] → [C, H', W'].
func (l MaxPool2d) Output(in []int) ([]int, error) { return slide(l, in, 0) }

// Output is [C, H, W] → [C, H', W'].
func (l AvgPool2d) Output(in []int) ([]int, error) { return slide(l, in, 0) }

// Output is [C, H, W] → [C·H·W].
func (Flatten) Output(in []int) ([]int, error) { return []int{Size(in)}, nil }

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

// Params are a weight [Out, C, Kernel, Kernel] and a bias [Out].
func (l Conv2d) Params(in []int) []Param { return weightAndBias(l.Out, in[0], l.Kernel, l.Kernel) }

// Params are a weight [Out, F] and a bias [Out].
func (l Linear) Params(in []int) []Param { return weightAndBias(l.Out, in[0]) }

// LocalResponseNorm divides each value by a power of a sum of squares over Size channels at the same
// pixel, Size/2 of them before its own (Krizhevsky et al. 2012, section 3.3). Alpha is PyTorch's:
// Size times the paper's.
//
//	y = x / (K + Alpha/Size · Σ x²)^Beta
type LocalResponseNorm struct {
	Parameterless
	Size           int
	Alpha, Beta, K float64
}

// Output is the input's shape. The input must be an image.
func (l LocalResponseNorm) Output(in []int) ([]int, error) {
	if len(in) != 3 {
		return nil, notImage(l, in)
	}
	if l.Size < 1 || !(l.K > 0) || !(l.Alpha >= 0) {
		return nil, fmt.Errorf("LocalResponseNorm of size %d, k %v, alpha %v: size must be at least 1, k above 0, alpha at least 0", l.Size, l.K, l.Alpha)
	}
	return in, nil
}
