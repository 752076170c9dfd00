package model

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/blocks"
)

var tiny = NewVGG("tiny", [][2]int{{1, 3}, {2, 32}}, []int{7}, 0.5)

func summarize(t *testing.T, a *Arch, input string, classes int) *Summary {
	t.Helper()
	in, err := ParseInput(input)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Summarize(a, in, classes)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// MACs, FLOPs and outputs are the batch's, parameters the network's.
func TestSummaryOfABatch(t *testing.T) {
	one, four := summarize(t, vgg11Small, "1x1x56x56", 10), summarize(t, vgg11Small, "4x1x56x56", 10)
	if four.MACs != 4*one.MACs || four.FLOPs != 8*one.MACs {
		t.Errorf("4 images: %d MACs and %d FLOPs, 1 image: %d MACs", four.MACs, four.FLOPs, one.MACs)
	}
	if four.Params != one.Params || four.WeightBytes != 4*one.Params {
		t.Errorf("4 images: %d parameters in %d bytes, 1 image: %d parameters", four.Params, four.WeightBytes, one.Params)
	}
	for i, l := range four.Layers {
		if l.MACs != 4*one.Layers[i].MACs || l.Output[0] != 4 {
			t.Errorf("4 images: %+v, 1 image: %+v", l, one.Layers[i])
		}
	}
}

// What training takes is what a trainer of that batch has planned, besides weights and images;
// at least the activations that its backward pass reads: of tiny at 8×8 the pooled 3×4×4 and
// 32×2×2 and a byte for each of their places, the unpooled 32×4×4, the hidden features before
// and after dropout, and the logits.
func TestTrainBytes(t *testing.T) {
	const n = 5
	j := newJob(t, tiny, n, 8, 10)
	trainer := j.trainer(t, newWorkers(t, 1), TrainerOptions{Dropout: true})
	s := summarize(t, tiny, "5x1x8x8", 10)
	if want := s.WeightBytes + trainer.PlannedBytes() + n*4*64; s.TrainBytes != want {
		t.Errorf("%d bytes in training, want %d", s.TrainBytes, want)
	}
	if kept := int64(n * (5*3*16 + 4*32*16 + 5*32*4 + 4*7 + 4*7 + 4*10)); trainer.PlannedBytes() < kept {
		t.Errorf("%d bytes planned, but %d are kept", trainer.PlannedBytes(), kept)
	}
}

// Buffers share memory wherever the graph allows it, in long chains of layers too.
func TestTrainBytesAreShared(t *testing.T) {
	if got, most := summarize(t, vgg11Small, "128x1x56x56", 10).TrainBytes, int64(116<<20); got > most {
		t.Errorf("training vgg11-small takes %d bytes, more than %d", got, most)
	}
}

func TestEvaluationBytes(t *testing.T) {
	layers := mustResolve(t, tiny, 1, 8, 10)
	ps, err := NewParams(layers)
	if err != nil {
		t.Fatal(err)
	}
	evaluator, err := NewEvaluator(newWorkers(t, 1), layers, ps, 5)
	if err != nil {
		t.Fatal(err)
	}
	got, err := EvaluationBytes(layers, 5)
	if want := 4*ps.Count() + evaluator.PlannedBytes() + 5*4*64; got != want || err != nil {
		t.Errorf("%d bytes in evaluation, %v; want %d", got, err, want)
	}
	if training := summarize(t, tiny, "5x1x8x8", 10).TrainBytes; got >= training {
		t.Errorf("%d bytes in evaluation, %d in training", got, training)
	}
}

// block is what a row of Summary.Blocks says, but for its counts.
type block struct {
	Name, Type     string
	Convolutions   int
	Output         []int
	ReceptiveField [2]int
	Stride         int
}

func TestBlocks(t *testing.T) {
	conv := func(kernel int) blocks.Layer { return blocks.Conv2d{Out: 4, Kernel: kernel, Stride: 1, Padding: 1} }
	pool := blocks.MaxPool2d{Kernel: 2, Stride: 2}
	tests := []struct {
		name   string
		layers []blocks.Layer
		want   []block
	}{
		{"VGG blocks, then the classifier layer by layer", tiny.Layers(10), []block{
			{"features.0-2", "VGGBlock", 1, []int{2, 3, 8, 8}, [2]int{4, 4}, 2},
			{"features.3-7", "VGGBlock", 2, []int{2, 32, 4, 4}, [2]int{14, 14}, 4},
			{"flatten", "Flatten", 0, []int{2, 512}, [2]int{14, 14}, 0},
			{"classifier.0", "Linear", 0, []int{2, 7}, [2]int{16, 16}, 0},
			{"classifier.1", "ReLU", 0, []int{2, 7}, [2]int{16, 16}, 0},
			{"classifier.2", "Dropout", 0, []int{2, 7}, [2]int{16, 16}, 0},
			{"classifier.3", "Linear", 0, []int{2, 10}, [2]int{16, 16}, 0},
		}},
		{"other blocks that end after poolings or before Flatten", append([]blocks.Layer{
			conv(1), blocks.ReLU{}, pool, // 18 + 2 pixels of padding, halved
			conv(3), blocks.ReLU{}, conv(3), pool, // without the second ReLU
			pool,
			conv(3), blocks.ReLU{},
		}, blocks.Classifier(nil, nil, blocks.Linear{Out: 3})...), []block{
			{"features.0-2", "Sequential", 1, []int{2, 4, 9, 9}, [2]int{2, 2}, 2},
			{"features.3-7", "Sequential", 2, []int{2, 4, 2, 2}, [2]int{16, 16}, 8},
			{"features.8-9", "Sequential", 1, []int{2, 4, 2, 2}, [2]int{32, 32}, 8},
			{"flatten", "Flatten", 0, []int{2, 16}, [2]int{32, 32}, 0},
			{"classifier.0", "Linear", 0, []int{2, 3}, [2]int{16, 16}, 0},
		}},
		{"blocks that end after a stride, not after a margin that is lost", append([]blocks.Layer{
			blocks.Conv2d{Out: 4, Kernel: 3, Stride: 1}, blocks.ReLU{}, blocks.Conv2d{Out: 4, Kernel: 3, Stride: 2}, blocks.ReLU{},
			conv(3),
		}, blocks.Classifier(nil, nil, blocks.Linear{Out: 3})...), []block{
			{"features.0-3", "Sequential", 2, []int{2, 4, 6, 6}, [2]int{5, 5}, 2},
			{"features.4", "Conv2d", 0, []int{2, 4, 6, 6}, [2]int{9, 9}, 2},
			{"flatten", "Flatten", 0, []int{2, 144}, [2]int{9, 9}, 0},
			{"classifier.0", "Linear", 0, []int{2, 3}, [2]int{15, 15}, 0},
		}},
	}
	for _, tt := range tests {
		layers, err := ResolveLayers("net", tt.layers, 1, 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		s, err := SummarizeLayers("net", layers, 2)
		if err != nil {
			t.Fatal(err)
		}
		var got []block
		params, macs := int64(0), int64(0)
		for _, b := range s.Blocks {
			got = append(got, block{b.Name, b.Type, b.Convolutions, b.Output, b.ReceptiveField, b.Stride})
			params, macs = params+b.Params, macs+b.MACs
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if params != s.Params || macs != s.MACs {
			t.Errorf("%s: the blocks have %d parameters and %d MACs, the network %d and %d", tt.name, params, macs, s.Params, s.MACs)
		}
	}
}

func TestSummaryRefuses(t *testing.T) {
	wide := NewVGG("wide", [][2]int{{4, 4096}, {1, 1}}, nil, 0)
	_, err := Summarize(wide, Input{65536, 1, 512, 512}, 10)
	if want := "multiply-adds for 65536 images; use a smaller batch or input"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("65536 images: error %v, want %q", err, want)
	}
	if _, err := Summarize(vgg11, Input{0, 1, 224, 224}, 10); err == nil {
		t.Error("a batch of no images is accepted")
	}
}
