package blocks

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVGGBlock(t *testing.T) {
	conv := Conv2d{Out: 64, Kernel: 3, Stride: 1, Padding: 1}
	want := []Layer{conv, ReLU{}, conv, ReLU{}, MaxPool2d{Kernel: 2, Stride: 2}}
	if diff := cmp.Diff(want, VGGBlock(2, 64)); diff != "" {
		t.Errorf("VGGBlock(2, 64) (-want +got):\n%s", diff)
	}
}

func TestClassifier(t *testing.T) {
	want := []Layer{
		Flatten{},
		Linear{Out: 20}, ReLU{}, Dropout{P: 0.25},
		Linear{Out: 30}, ReLU{}, Dropout{P: 0.25},
		Linear{Out: 10},
	}
	if diff := cmp.Diff(want, Classifier([]int{20, 30}, Dropout{P: 0.25}, Linear{Out: 10})); diff != "" {
		t.Errorf("Classifier (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Layer{Flatten{}, Linear{Out: 3}}, Classifier(nil, Dropout{P: 0.5}, Linear{Out: 3})); diff != "" {
		t.Errorf("Classifier without hidden layers (-want +got):\n%s", diff)
	}
}

func TestShapes(t *testing.T) {
	tests := []struct {
		layer   Layer
		in, out []int
		params  []Param
	}{
		{Conv2d{Out: 16, Kernel: 3, Stride: 1, Padding: 1}, []int{1, 28, 28}, []int{16, 28, 28}, weighted([]int{16, 1, 3, 3}, 9, 144)},
		{Conv2d{Out: 96, Kernel: 11, Stride: 4, Padding: 1}, []int{1, 224, 224}, []int{96, 54, 54}, weighted([]int{96, 1, 11, 11}, 121, 11616)},
		{Conv2d{Out: 5, Kernel: 1, Stride: 2}, []int{3, 7, 4}, []int{5, 4, 2}, weighted([]int{5, 3, 1, 1}, 3, 5)},
		{MaxPool2d{Kernel: 2, Stride: 2}, []int{8, 7, 5}, []int{8, 3, 2}, nil},
		{MaxPool2d{Kernel: 3, Stride: 2}, []int{8, 54, 26}, []int{8, 26, 12}, nil},
		{AvgPool2d{Kernel: 2, Stride: 2}, []int{6, 28, 27}, []int{6, 14, 13}, nil},
		{AvgPool2d{Kernel: 3, Stride: 1}, []int{2, 3, 5}, []int{2, 1, 3}, nil},
		{LocalResponseNorm{Size: 5, Alpha: 1e-4, Beta: 0.75, K: 1}, []int{8, 7, 5}, []int{8, 7, 5}, nil},
		{ReLU{}, []int{8, 7, 5}, []int{8, 7, 5}, nil},
		{Sigmoid{}, []int{8, 7, 5}, []int{8, 7, 5}, nil},
		{Dropout{P: 0.5}, []int{9}, []int{9}, nil},
		{Flatten{}, []int{8, 7, 5}, []int{280}, nil},
		{Linear{Out: 10}, []int{280}, []int{10}, weighted([]int{10, 280}, 280, 10)},
	}
	for _, tt := range tests {
		out, err := tt.layer.Output(tt.in)
		if err != nil {
			t.Errorf("%#v.Output(%v): %v", tt.layer, tt.in, err)
			continue
		}
		if diff := cmp.Diff(tt.out, out); diff != "" {
			t.Errorf("%#v on %v: output (-want +got):\n%s", tt.layer, tt.in, diff)
		}
		if diff := cmp.Diff(tt.params, tt.layer.Params(tt.in)); diff != "" {
			t.Errorf("%#v on %v: parameters (-want +got):\n%s", tt.layer, tt.in, diff)
		}
	}
}

// weighted are a weight of the given shape and fans, and its bias.
func weighted(shape []int, fanIn, fanOut int) []Param {
	return []Param{
		{Name: "weight", Shape: shape, Init: Init{Role: Weight, FanIn: fanIn, FanOut: fanOut}},
		{Name: "bias", Shape: shape[:1], Init: Init{Role: Bias, FanIn: fanIn}},
	}
}

func TestType(t *testing.T) {
	for want, l := range map[string]Layer{"Conv2d": Conv2d{}, "ReLU": ReLU{}, "Dropout": Dropout{P: 0.5}} {
		if got := Type(l); got != want {
			t.Errorf("Type(%#v) = %s", l, got)
		}
	}
}

func TestRefused(t *testing.T) {
	image, row := []int{3, 4, 4}, []int{48}
	tests := []struct {
		layer Layer
		in    []int
		want  string
	}{
		{Conv2d{Out: 0, Kernel: 3, Stride: 1}, image, "0 channels"},
		{Conv2d{Out: 8, Kernel: 3}, image, "stride 0"},
		{Conv2d{Out: 8, Kernel: 3, Stride: 1, Padding: -1}, image, "padding -1"},
		{Conv2d{Out: 8, Kernel: 5, Stride: 1}, image, "5x5 window does not fit an image of 4x4"},
		{Conv2d{Out: 8, Kernel: 3, Stride: 1}, row, "put it before Flatten"},
		{MaxPool2d{Kernel: 2, Stride: 2}, row, "put it before Flatten"},
		{MaxPool2d{Kernel: 0, Stride: 2}, image, "kernel 0"},
		{AvgPool2d{Kernel: 2, Stride: 2}, row, "AvgPool2d takes an image"},
		{AvgPool2d{Kernel: 5, Stride: 2}, image, "AvgPool2d's 5x5 window does not fit an image of 4x4"},
		{LocalResponseNorm{Size: 5, K: 1}, row, "put it before Flatten"},
		{LocalResponseNorm{K: 1}, image, "size 0"},
		{LocalResponseNorm{Size: 5, Alpha: -1, K: 1}, image, "alpha -1"},
		{LocalResponseNorm{Size: 5, K: math.NaN()}, image, "k NaN"},
		{Linear{Out: 10}, image, "put Flatten before it"},
		{Linear{Out: -1}, row, "-1 features"},
		{Dropout{P: 1}, row, "below 1"},
	}
	for _, tt := range tests {
		out, err := tt.layer.Output(tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%#v.Output(%v) = %v, %v; want an error with %q", tt.layer, tt.in, out, err, tt.want)
		}
	}
}

// Input is the inverse of Output: the size it names gives out positions, one less does not.
func TestWindowInput(t *testing.T) {
	for _, w := range []Window{{2, 2, 0}, {3, 1, 1}, {3, 2, 0}, {11, 4, 1}, {5, 1, 2}, {1, 1, 0}} {
		for out := 1; out < 10; out++ {
			in := w.Input(out)
			if got := w.Output(in); got < out {
				t.Errorf("%+v: Input(%d) = %d, which gives only %d positions", w, out, in, got)
			}
			if in > 1 && w.Output(in-1) >= out {
				t.Errorf("%+v: Input(%d) = %d, but %d is enough", w, out, in, in-1)
			}
		}
	}
}
