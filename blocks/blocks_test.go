package blocks

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
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
	if diff := cmp.Diff(want, Classifier([]int{20, 30}, 10, 0.25)); diff != "" {
		t.Errorf("Classifier (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Layer{Flatten{}, Linear{Out: 3}}, Classifier(nil, 3, 0.5)); diff != "" {
		t.Errorf("Classifier without hidden layers (-want +got):\n%s", diff)
	}
}

func TestShapes(t *testing.T) {
	tests := []struct {
		layer             Layer
		in                []int
		out, weight, bias []int
	}{
		{Conv2d{Out: 16, Kernel: 3, Stride: 1, Padding: 1}, []int{1, 28, 28}, []int{16, 28, 28}, []int{16, 1, 3, 3}, []int{16}},
		{Conv2d{Out: 96, Kernel: 11, Stride: 4, Padding: 1}, []int{1, 224, 224}, []int{96, 54, 54}, []int{96, 1, 11, 11}, []int{96}},
		{Conv2d{Out: 5, Kernel: 1, Stride: 2}, []int{3, 7, 4}, []int{5, 4, 2}, []int{5, 3, 1, 1}, []int{5}},
		{MaxPool2d{Kernel: 2, Stride: 2}, []int{8, 7, 5}, []int{8, 3, 2}, nil, nil},
		{MaxPool2d{Kernel: 3, Stride: 2}, []int{8, 54, 26}, []int{8, 26, 12}, nil, nil},
		{AvgPool2d{Kernel: 2, Stride: 2}, []int{6, 28, 27}, []int{6, 14, 13}, nil, nil},
		{AvgPool2d{Kernel: 3, Stride: 1}, []int{2, 3, 5}, []int{2, 1, 3}, nil, nil},
		{ReLU{}, []int{8, 7, 5}, []int{8, 7, 5}, nil, nil},
		{Sigmoid{}, []int{8, 7, 5}, []int{8, 7, 5}, nil, nil},
		{Dropout{P: 0.5}, []int{9}, []int{9}, nil, nil},
		{Flatten{}, []int{8, 7, 5}, []int{280}, nil, nil},
		{Linear{Out: 10}, []int{280}, []int{10}, []int{10, 280}, []int{10}},
	}
	for _, tt := range tests {
		out, err := tt.layer.Output(tt.in)
		if err != nil {
			t.Errorf("%#v.Output(%v): %v", tt.layer, tt.in, err)
			continue
		}
		weight, bias := tt.layer.Weights(tt.in)
		if diff := cmp.Diff([][]int{tt.out, tt.weight, tt.bias}, [][]int{out, weight, bias}); diff != "" {
			t.Errorf("%#v on %v: output, weight, bias (-want +got):\n%s", tt.layer, tt.in, diff)
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

// TestKinds fails where a kind of layer is not in Kinds, by which others make sure that they know
// all of them.
func TestKinds(t *testing.T) {
	var got []string
	for _, l := range Kinds() {
		got = append(got, reflect.TypeOf(l).Name())
	}
	want := sealedTypes(t)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types with the method sealed, and Kinds (-want +got):\n%s", diff)
	}
}

// sealedTypes lists the types of this package that are layers.
func sealedTypes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && f.Recv != nil && f.Name.Name == "sealed" {
				kinds = append(kinds, f.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
	}
	return kinds
}
