package model

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/blocks"
)

// counts are a layer's parameters and multiply-adds.
type counts struct{ Params, MACs int64 }

// The numbers of the chapter's networks at 1×1×224×224, layer by layer, as PyTorch counts them.
func TestLayerCounts(t *testing.T) {
	dense := []counts{{16781312, 16777216}, {40970, 40960}}
	tests := []struct {
		arch *Arch
		want []counts
	}{
		{vgg11Small, append([]counts{
			{160, 7225344}, {4640, 57802752}, {18496, 57802752}, {36928, 115605504}, {73856, 57802752},
			{147584, 115605504}, {147584, 28901376}, {147584, 28901376}, {25694208, 25690112},
		}, dense...)},
		{vgg11, append([]counts{
			{640, 28901376}, {73856, 924844032}, {295168, 924844032}, {590080, 1849688064}, {1180160, 924844032},
			{2359808, 1849688064}, {2359808, 462422016}, {2359808, 462422016}, {102764544, 102760448},
		}, dense...)},
	}
	for _, tt := range tests {
		var got []counts
		for _, l := range mustResolve(t, tt.arch, 1, 224, 10) {
			if l.Specs != nil {
				got = append(got, counts{l.Params, l.MACs})
				if n := int64(l.Specs[0].Len() + l.Specs[1].Len()); n != l.Params {
					t.Errorf("%s %s: weight and bias have %d elements, Params is %d", tt.arch.Name, l.Name, n, l.Params)
				}
			} else if l.Params != 0 || l.MACs != 0 {
				t.Errorf("%s %s: %d parameters, %d MACs in a layer without weights", tt.arch.Name, l.Name, l.Params, l.MACs)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.arch.Name, diff)
		}
	}
}

// Totals of published networks; MACs are given to the digits that the source gives.
func TestTotals(t *testing.T) {
	tests := []struct {
		name             string
		layers           []blocks.Layer
		channels, side   int
		params           int64
		macs, resolution int64 // 0: not published
	}{
		{"vgg11", vgg11.Layers(10), 1, 224, 128806154, 7547e6, 1e6},
		{"vgg13", vgg13.Layers(10), 1, 224, 128990666, 0, 0},
		{"vgg16", vgg16.Layers(10), 1, 224, 134300362, 0, 0},
		{"vgg19", vgg19.Layers(10), 1, 224, 139610058, 0, 0},
		{"vgg11-small 224", vgg11Small.Layers(10), 1, 224, 43093322, 51216e4, 1e4},
		{"vgg11-small 96", vgg11Small.Layers(10), 1, 96, 22121802, 1078e5, 1e5},
		{"vgg11-small 84", vgg11Small.Layers(10), 1, 84, 19500362, 819e5, 1e5},
		{"vgg11-small 56", vgg11Small.Layers(10), 1, 56, 17927498, 457e5, 1e5},
		{"vgg11-small 32", vgg11Small.Layers(10), 1, 32, 17927498, 269e5, 1e5},
		{"torchvision vgg11", vgg11.Layers(1000), 3, 224, 132863336, 7609e6, 1e6},
		{"torchvision vgg13", vgg13.Layers(1000), 3, 224, 133047848, 11308e6, 1e6},
		{"torchvision vgg16", vgg16.Layers(1000), 3, 224, 138357544, 15470e6, 1e6},
		{"torchvision vgg19", vgg19.Layers(1000), 3, 224, 143667240, 19632e6, 1e6},
		{"configuration C", configurationC(1000), 3, 224, 133638952, 0, 0},
		{"AlexNet", chapterAlexNet(), 1, 224, 46764746, 9381e5, 1e5},
		{"torchvision AlexNet", torchvisionAlexNet(), 3, 224, 61100840, 714e6, 1e6},
		{"LeNet", leNet(), 1, 28, 61706, 0, 0},
	}
	for _, tt := range tests {
		layers, err := ResolveLayers(tt.name, tt.layers, tt.channels, tt.side, tt.side)
		if err != nil {
			t.Error(err)
			continue
		}
		s, err := SummarizeLayers(tt.name, layers, 1)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.Params != tt.params {
			t.Errorf("%s: %d parameters, want %d", tt.name, s.Params, tt.params)
		}
		if off := s.MACs - tt.macs; tt.macs != 0 && (2*off > tt.resolution || 2*off < -tt.resolution) {
			t.Errorf("%s: %d MACs, want %d ± %d", tt.name, s.MACs, tt.macs, tt.resolution/2)
		}
	}
}

func TestNamesAndShapes(t *testing.T) {
	a := NewVGG("tiny", [][2]int{{1, 3}, {2, 5}}, []int{7}, 0.5)
	layers, err := Resolve(a, 2, 9, 13, 4)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Name, Type string
		Out        []int
		Weight     []int
	}
	want := []row{
		{"features.0", "Conv2d", []int{3, 9, 13}, []int{3, 2, 3, 3}},
		{"features.1", "ReLU", []int{3, 9, 13}, nil},
		{"features.2", "MaxPool2d", []int{3, 4, 6}, nil},
		{"features.3", "Conv2d", []int{5, 4, 6}, []int{5, 3, 3, 3}},
		{"features.4", "ReLU", []int{5, 4, 6}, nil},
		{"features.5", "Conv2d", []int{5, 4, 6}, []int{5, 5, 3, 3}},
		{"features.6", "ReLU", []int{5, 4, 6}, nil},
		{"features.7", "MaxPool2d", []int{5, 2, 3}, nil},
		{"flatten", "Flatten", []int{30}, nil},
		{"classifier.0", "Linear", []int{7}, []int{7, 30}},
		{"classifier.1", "ReLU", []int{7}, nil},
		{"classifier.2", "Dropout", []int{7}, nil},
		{"classifier.3", "Linear", []int{4}, []int{4, 7}},
	}
	var got []row
	in := []int{2, 9, 13}
	for _, l := range layers {
		if diff := cmp.Diff(in, l.In); diff != "" {
			t.Errorf("%s does not take what comes before it (-want +got):\n%s", l.Name, diff)
		}
		in = l.Out
		r := row{l.Name, l.Type, l.Out, nil}
		if l.Specs != nil {
			r.Weight = l.Specs[0].Shape
			if l.Specs[0].Name != l.Name+".weight" || l.Specs[1].Name != l.Name+".bias" {
				t.Errorf("%s has parameters %s and %s", l.Name, l.Specs[0].Name, l.Specs[1].Name)
			}
		}
		got = append(got, r)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
}

func TestResolveRefuses(t *testing.T) {
	deep := NewVGG("deep", slices.Repeat([][2]int{{1, 8}}, 20), nil, 0)
	one := NewVGG("one", [][2]int{{1, 8}}, nil, 0)
	wide := NewVGG("wide", [][2]int{{1, 8192}}, []int{65536}, 0)
	tests := []struct {
		arch    *Arch
		c, h, w int
		classes int
		want    string
	}{
		{vgg11Small, 1, 28, 28, 10, "input 28x28 is too small: vgg11-small's five poolings need at least 32"},
		{vgg11, 1, 224, 31, 10, "input 224x31 is too small: vgg11's five poolings need at least 32"},
		{one, 1, 1, 1, 10, "input 1x1 is too small: one's one pooling needs at least 2"},
		{deep, 1, 224, 224, 10, "input 224x224 is too small: deep's 20 poolings need more than 16384, the largest input; use fewer of them"},
		{vgg11, 0, 224, 224, 10, "input 0x224x224: 0 channels; give 1 to 4096"},
		{vgg11, 1, 224, -1, 10, "-1 pixels of width"},
		{vgg11, 1, 224, 224, 0, "0 classes; give 1 to 65536"},
		{vgg11, 4096, 16384, 16384, 10, "more than 2147483648 numbers an image"},
		{wide, 1, 512, 512, 10, "wide: more than 2147483648 parameters up to classifier.0"},
		{wide, 1, 1024, 1024, 10, "wide: an image has shape [8192 1024 1024] after features.0"},
		{NewVGG("none", nil, nil, 0), 1, 28, 28, 10, "0 blocks; give 1 to 64"},
		{NewVGG("x", [][2]int{{0, 1}}, nil, 0), 1, 28, 28, 10, "0 convolutions in a block; give 1 to 64"},
		{NewVGG("../x", [][2]int{{1, 1}}, nil, 0), 1, 28, 28, 10, `name "../x"`},
	}
	for _, tt := range tests {
		_, err := Resolve(tt.arch, tt.c, tt.h, tt.w, tt.classes)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s for %dx%dx%d: error %v, want %q", tt.arch.Name, tt.c, tt.h, tt.w, err, tt.want)
		}
	}
	if _, err := Resolve(vgg11Small, 1, 32, 32, 10); err != nil {
		t.Errorf("32x32 is large enough: %v", err)
	}
	_, err := ResolveLayers("AlexNet", chapterAlexNet(), 1, 28, 28)
	if want := "AlexNet's convolutions and poolings need at least 65"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("AlexNet for 28x28: error %v, want %q", err, want)
	}
}
