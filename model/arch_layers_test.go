package model

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/blocks"
	"vggtrain/internal/strictyaml"
)

const lenetYAML = `name: lenet
layers:
  - conv: {out: 6, kernel: 5, padding: 2}
  - sigmoid
  - avgpool: {kernel: 2}
  - conv: {out: 16, kernel: 5}
  - sigmoid
  - avgpool: {kernel: 2}
  - flatten
  - linear: 120
  - sigmoid
  - linear: 84
  - sigmoid
  - linear: classes
`

// sized is a list with every layer and every way to say its numbers.
var sized = &Arch{Name: "sized", Dropout: 0.25, Sequence: []blocks.Layer{
	blocks.Conv2d{Out: 8, Kernel: 3, Stride: 2, Padding: 1}, blocks.ReLU{},
	blocks.LocalResponseNorm{Size: 3, Alpha: 0.0001, Beta: 0.75, K: 1}, blocks.LocalResponseNorm{Size: 5, Alpha: 0.0005, Beta: 0.5, K: 2},
	blocks.Conv2d{Out: 9, Kernel: 1, Stride: 1}, blocks.MaxPool2d{Kernel: 3, Stride: 2}, blocks.AvgPool2d{Kernel: 2, Stride: 2},
	blocks.Dropout{P: 0.125}, blocks.Flatten{}, ArchDropout{}, blocks.Linear{Out: 7}, blocks.Sigmoid{},
	blocks.Dropout{P: 0}, Classes{},
}}

func TestParseLayers(t *testing.T) {
	got, err := ParseArch("x.yaml", []byte(lenetYAML))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(leNet(), got.Layers(10)); diff != "" || got.Name != "lenet" || got.Dropout != 0 {
		t.Errorf("%+v (-want +got):\n%s", got, diff)
	}
	for _, text := range []string{
		`dropout: 0.25
layers:
- conv:
    padding: 1
    stride: 2
    kernel: 3
    out: 8
- relu
- lrn: {size: 3}
- lrn: {k: 2, size: 5, beta: 5e-1, alpha: 0.0005}
- conv: {kernel: 1, out: 9}
- {maxpool: {stride: 2, kernel: 3}}
- avgpool: {kernel: 2, stride: 2}
- dropout: 125e-3
- flatten   # C×H×W
- "dropout"
- linear: 7
- 'sigmoid'
- dropout: 0
- linear: classes
name: sized
`,
		"{layers: [conv: {out: 8, kernel: 3, stride: 2, padding: 1}, relu, lrn: {size: 3}, lrn: {size: 5, k: 2.0, alpha: 0.0005, beta: 0.5}, {conv: {out: 9, kernel: 1}}, maxpool: {kernel: 3, stride: 2}, avgpool: {kernel: 2}, " +
			"dropout: 0.125, flatten, dropout, linear: 7, sigmoid, dropout: 0, linear: classes], dropout: 0.25, name: sized}",
	} {
		got, err := ParseArch("x.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(sized, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// The file is what people read: short, and without what goes without saying.
func TestLayersYAML(t *testing.T) {
	a := &Arch{Name: "lenet", Sequence: leNet(), Dropout: 0.5} // which no layer takes
	a.Sequence[len(a.Sequence)-1] = Classes{}
	text, err := a.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lenetYAML, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text, err = sized.YAML(); err != nil {
		t.Fatal(err)
	}
	again, err := ParseArch("again.yaml", text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if diff := cmp.Diff(sized, again); diff != "" {
		t.Errorf("%s (-want +got):\n%s", text, diff)
	}
}

// TestEveryKind fails where a kind of layer is not in sized, which TestLayersYAML reads and writes,
// or has no operation.
func TestEveryKind(t *testing.T) {
	have := map[*kind]bool{}
	for _, l := range sized.Sequence {
		have[kindFor(l)] = true
	}
	for _, k := range kinds {
		if !have[k] {
			t.Errorf("%s: add it to the network of these tests", k.word)
		}
	}
	layers, err := Resolve(sized, 1, 33, 33, 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lower(nil, fuse(layers), specs(layers), TrainerOptions{Batch: 1, Dropout: true}, true); err != nil {
		t.Error(err)
	}
	for _, l := range layers {
		if o, err := l.ONNX(); err != nil || (o == nil) != (l.Type == "Dropout") {
			t.Errorf("%s in ONNX: %v, %v", l.Type, o, err)
		}
	}
}

// Dropout of the arch, which a setting of the training replaces, reaches the layers that take it.
func TestArchDropout(t *testing.T) {
	a := *sized
	a.Dropout = 0.75
	var got []float64
	for _, l := range a.Layers(3) {
		if d, ok := l.(blocks.Dropout); ok {
			got = append(got, d.P)
		}
	}
	if !slices.Equal(got, []float64{0.125, 0.75, 0}) {
		t.Errorf("dropouts of %v", got)
	}
	if sized.Sequence[9] != (ArchDropout{}) {
		t.Error("Layers has changed the architecture")
	}
}

func TestParseLayersRefuses(t *testing.T) {
	item := func(text string) string { return "layers:\n  - flatten\n  - " + text + "\n  - linear: classes\n" }
	before := func(text string) string { return "layers:\n  - " + text + "\n  - flatten\n  - linear: classes\n" }
	tests := []struct{ text, want string }{
		{"layers: 3", `a.yaml:1:9: layers is "3"; give a list`},
		{"layers:", "layers is empty; give a list"},
		{"layers: {conv: 1}", "a.yaml:1:9: layers is a mapping"},
		{"layers: []", "a.yaml:1:9: 0 layers; give 2 to 64"},
		{"layers: [" + strings.Repeat("relu, ", 65) + "]", "a.yaml:1:9: 65 layers; give 2 to 64"},
		{item("rleu"), `a.yaml:3:5: unknown layer "rleu"; did you mean "relu"?`},
		{item("softmax"), `a.yaml:3:5: unknown layer "softmax"; the layers are conv, relu, sigmoid, maxpool, avgpool, lrn, flatten, linear, dropout`},
		{item("ReLU"), `a.yaml:3:5: unknown layer "ReLU"`},
		{item("lienar: 3"), `a.yaml:3:5: unknown layer "lienar"; did you mean "linear"?`},
		{item("3"), `a.yaml:3:5: a layer is "3"; the layers are conv,`},
		{item("[relu]"), "a.yaml:3:5: a layer is a list; the layers are"},
		{item("{}"), "a.yaml:3:5: a layer is a mapping"},
		{item("relu: 1"), "a.yaml:3:5: nothing describes relu; write it alone"},
		{item("relu:"), "a.yaml:3:5: nothing describes relu; write it alone"},
		{item("linear"), "a.yaml:3:5: linear alone; give its features, such as linear: 120"},
		{item("linear:"), "linear is empty; give its features"},
		{item("linear: class"), `a.yaml:3:13: linear is "class"; give its features, such as linear: 120, or linear: classes`},
		{item("linear: \"120\""), `a.yaml:3:13: linear is "120"; give its features`},
		{item("linear: {out: 120}"), "a.yaml:3:13: linear is a mapping; give its features"},
		{item("linear: 0"), "a.yaml:3:13: 0 features of a linear layer; give 1 to 65536"},
		{item("linear: -1"), "a.yaml:3:13: -1 features"},
		{item("linear: 1.5"), `a.yaml:3:13: "1.5" for the number of features`},
		{item("linear: 65537"), "a.yaml:3:13: 65537 features"},
		{item("dropout: 1"), "a.yaml:3:14: dropout 1; give a probability"},
		{item("dropout: -1"), "a.yaml:3:14: dropout -1; give a probability"},
		{item("dropout: half"), `a.yaml:3:14: dropout is "half"; give a probability, such as 0.5`},
		{item("dropout:"), "dropout is empty; give a probability"},
		{item("dropout"), "a.yaml:3:5: dropout of what probability?"},
		{item("dropout: 0.5") + "dropout: 0.5", "a.yaml:5:1: no layer takes this dropout"},
		{before("conv"), "a.yaml:2:5: conv without out; write it such as conv: {out: 3, kernel: 3}"},
		{before("conv:"), "conv is empty; write it such as conv: {out: 3, kernel: 3}"},
		{before("conv: 96"), `a.yaml:2:11: conv is "96"; write it such as`},
		{before("conv: [96, 11]"), "a.yaml:2:11: conv is a list; write it such as"},
		{before("conv: [96]"), "a.yaml:2:11: conv is a list; write it such as"},
		{before("conv: {out: 96}"), "a.yaml:2:5: conv without kernel"},
		{before("conv: {kernel: 3}"), "a.yaml:2:5: conv without out"},
		{before("conv: {out: 8, kernel: 3, dilation: 2}"), `a.yaml:2:31: unknown key "dilation" of conv; the keys are out, kernel, stride, padding`},
		{before("conv: {out: 8, kernle: 3}"), `a.yaml:2:20: unknown key "kernle" of conv; did you mean "kernel"?`},
		{before("conv: {out: 8, kernel: 3, out: 9}"), `a.yaml:2:31: mapping key "out" already defined`},
		{before("conv: {out: 0, kernel: 3}"), "a.yaml:2:17: 0 channels; give 1 to 8192"},
		{before("conv: {out: 8, kernel: 0}"), "a.yaml:2:28: 0 pixels of kernel; give 1 to 32"},
		{before("conv: {out: 8, kernel: 33}"), "a.yaml:2:28: 33 pixels of kernel; give 1 to 32"},
		{before("conv: {out: 8, kernel: 3, stride: 0}"), "a.yaml:2:39: 0 pixels of stride; give 1 to 32"},
		{before("conv: {out: 8, kernel: 3, padding: 32}"), "a.yaml:2:40: 32 pixels of padding; give 0 to 31"},
		{before("conv: {out: 8, kernel: [3]}"), "a.yaml:2:28: a list for the number of pixels of kernel"},
		{before("conv:\n    out: 8\n    kernel: 3"), `a.yaml:3:5: "out" beside "conv" in one item; begin each layer with a dash, and indent what describes it`},
		{before("maxpool"), "a.yaml:2:5: maxpool without kernel; write it such as maxpool: {kernel: 3}"},
		{before("maxpool: {kernel: 17}"), "a.yaml:2:23: 17 pixels of kernel; give 1 to 16"},
		{before("avgpool: {kernel: 2, padding: 1}"), `a.yaml:2:26: unknown key "padding" of avgpool; the keys are kernel, stride`},
		{before("lrn"), "a.yaml:2:5: lrn without size; write it such as lrn: {size: 3}"},
		{before("lrn: {size: 33}"), "a.yaml:2:17: 33 channels of size; give 1 to 32"},
		{before("lrn: {size: 5, alpha: -1}"), "a.yaml:2:27: alpha -1; give a number, 0 to 1000"},
		{before("lrn: {size: 5, alpha: inf}"), "a.yaml:2:27: alpha +Inf; give a number, 0 to 1000"},
		{before("lrn: {size: 5, beta: 11}"), "a.yaml:2:26: beta 11; give a number, 0 to 10"},
		{before("lrn: {size: 5, k: 0}"), "a.yaml:2:23: k 0; give a number, 0.001 to 1000"},
		{before("lrn: {size: 5, k: two}"), `a.yaml:2:23: k is "two"; give a number, such as 0.5`},
		{item("lrn: {size: 5}"), "a.yaml:3:5: lrn after flatten; it needs an image"},
		{item("conv: {out: 8, kernel: 3}"), "a.yaml:3:5: conv after flatten; it needs an image, move it before flatten"},
		{item("avgpool: {kernel: 2}"), "a.yaml:3:5: avgpool after flatten"},
		{item("flatten"), "a.yaml:3:5: a second flatten; leave it out"},
		{before("linear: 3"), "a.yaml:2:5: linear before flatten; it needs a row of features, put flatten before it"},
		{before("linear: classes"), "a.yaml:2:5: linear before flatten"},
		{item("linear: classes"), "a.yaml:4:5: linear after linear: classes; end the list there"},
		{"layers:\n- flatten\n- linear: 10\n", "a.yaml:3:3: the layers do not end with linear: classes; add it"},
		{"layers:\n- relu\n- flatten\n", "a.yaml:3:3: the layers do not end with linear: classes; add it"},
		{"blocks: [[1, 8]]\n" + lenetYAML, "a.yaml:1:1: blocks beside layers; give one of them"},
		{lenetYAML + "hidden: []\n", "a.yaml:15:1: hidden beside layers; give one of them"},
		{lenetYAML + "layers: []\n", `mapping key "layers" already defined`},
		{"layer: []", `a.yaml:1:1: unknown key "layer"; did you mean "layers"?`},
		{item(strings.Repeat("x", 4000)), `a.yaml:3:5: unknown layer "xxx`},
	}
	for _, tt := range tests {
		text := tt.text[:min(120, len(tt.text))]
		a, err := ParseArch("a.yaml", []byte(tt.text))
		if err == nil {
			t.Errorf("%q gives %+v, want an error with %q", text, a, tt.want)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %q, want %q", text, err, tt.want)
		}
		checkLine(t, err)
		var place *FileError
		if !errors.As(err, &place) {
			t.Errorf("%q: error %T carries no place", text, err)
		}
	}
}

// An Arch that no file says is checked like one.
func TestSequenceRefuses(t *testing.T) {
	end := []blocks.Layer{blocks.Flatten{}, Classes{}}
	for want, list := range map[string][]blocks.Layer{
		"conv: 0 pixels of stride; give 1 to 32":             {blocks.Conv2d{Out: 1, Kernel: 1}, end[0], end[1]},
		"avgpool: 17 pixels of kernel":                       {blocks.AvgPool2d{Kernel: 17, Stride: 1}, end[0], end[1]},
		"lrn: 0 channels of size; give 1 to 32":              {blocks.LocalResponseNorm{K: 1}, end[0], end[1]},
		"lrn: k 0; give a number, 0.001":                     {blocks.LocalResponseNorm{Size: 1}, end[0], end[1]},
		"dropout: dropout 1; give":                           {blocks.Dropout{P: 1}, end[0], end[1]},
		"linear: -1 features of a linear layer":              {end[0], blocks.Linear{Out: -1}, end[1]},
		"relu after linear: classes":                         {end[0], end[1], blocks.ReLU{}},
		"the layers do not end with linear: classes; add it": {end[0], blocks.Linear{Out: 3}},
		"1 layers; give 2 to 64":                             {end[0]},
	} {
		a := &Arch{Name: "a", Sequence: list}
		if _, err := a.YAML(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", list, err, want)
		}
		if _, err := Resolve(a, 1, 28, 28, 10); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", list, err, want)
		}
	}
	both := NewVGG("a", [][2]int{{1, 3}}, []int{3}, 0)
	both.Sequence = end
	if _, err := both.YAML(); err == nil || !strings.Contains(err.Error(), "both layers and blocks or hidden") {
		t.Errorf("layers and hidden: error %v", err)
	}
}

// The longest list of layers leaves room for the settings of a config.yaml beside it.
func TestLongestLayersFitSettings(t *testing.T) {
	long := 0.1 + 0.2 // 0.30000000000000004
	for _, layer := range []blocks.Layer{
		blocks.Conv2d{Out: 8192, Kernel: 32, Stride: 32, Padding: 31},
		blocks.LocalResponseNorm{Size: 32, Alpha: 5e-324, Beta: 5e-324, K: 100 + long},
		blocks.LocalResponseNorm{Size: 32, Alpha: math.Nextafter(1e-20, 0), Beta: long / 1e20, K: 100 + long},
	} {
		a := &Arch{Name: strings.Repeat("9", 64), Dropout: long}
		a.Sequence = append(slices.Repeat([]blocks.Layer{layer}, int(layerBound.max)-3), blocks.Flatten{}, ArchDropout{}, Classes{})
		text, err := a.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseArch("again.yaml", text)
		if err != nil || !slices.Equal(a.Sequence, again.Sequence) {
			t.Errorf("%s: %+v, %v", text, again, err)
		}
		whole := "arch:\n"
		for line := range strings.Lines(string(text)) {
			whole += "  " + line
		}
		for i := range 60 {
			whole += fmt.Sprintf("setting-%d: value\n", i)
		}
		if _, err := strictyaml.Parse("x", []byte(whole)); err != nil {
			t.Errorf("%d bytes: %v", len(whole), err)
		}
	}
}

// The files that come with the program are the chapters' networks, with dropout where it belongs.
func TestBuiltInLayers(t *testing.T) {
	for name, want := range map[string][]blocks.Layer{"alexnet": chapterAlexNet(), "lenet": leNet(), "vgg11-lrn": configurationLRN()} {
		text, err := os.ReadFile("../configs/arch/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		a, err := ParseArch(name+".yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, a.Layers(10)); diff != "" || a.Name != name {
			t.Errorf("%s (-want +got):\n%s", a.Name, diff)
		}
	}
}
