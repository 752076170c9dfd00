package model

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var tiny = &Arch{Name: "tiny", Blocks: [][2]int{{1, 3}, {2, 32}}, Hidden: []int{7}, Dropout: 0.5}

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

func (s *Summary) text(t *testing.T, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
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
	trainer := j.trainer(t, newPool(t, 1), Options{Dropout: true})
	s := summarize(t, tiny, "5x1x8x8", 10)
	if want := s.WeightBytes + trainer.PlannedBytes() + n*4*64; s.TrainBytes != want {
		t.Errorf("%d bytes in training, want %d", s.TrainBytes, want)
	}
	if kept := int64(n * (5*3*16 + 4*32*16 + 5*32*4 + 4*7 + 4*7 + 4*10)); trainer.PlannedBytes() < kept {
		t.Errorf("%d bytes planned, but %d are kept", trainer.PlannedBytes(), kept)
	}
}

func TestEvaluationBytes(t *testing.T) {
	layers := mustResolve(t, tiny, 1, 8, 10)
	ps, err := NewParams(layers)
	if err != nil {
		t.Fatal(err)
	}
	evaluator, err := NewEvaluator(newPool(t, 1), layers, ps, 5)
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

func TestSummaryTable(t *testing.T) {
	s := summarize(t, tiny, "2x1x8x8", 10)
	want := `tiny, input 2x1x8x8

layer         type       output    parameters     MACs   weights
features.0    Conv2d     2x3x8x8           30    3,456     120 B
features.1    ReLU       2x3x8x8
features.2    MaxPool2d  2x3x4x4
features.3    Conv2d     2x32x4x4         896   27,648   3.5 KiB
features.4    ReLU       2x32x4x4
features.5    Conv2d     2x32x4x4       9,248  294,912  36.1 KiB
features.6    ReLU       2x32x4x4
features.7    MaxPool2d  2x32x2x2
flatten       Flatten    2x128
classifier.0  Linear     2x7              903    1,792   3.5 KiB
classifier.1  ReLU       2x7
classifier.2  Dropout    2x7
classifier.3  Linear     2x10              80      140     320 B
total                                  11,157  327,948  43.6 KiB

MACs are the multiply-adds of convolution and linear layers, for the whole batch: 655,896 FLOPs.
Training holds ` + binaryBytes(s.TrainBytes) + `: weights, the buffers of a step, and a batch of images.
`
	if diff := cmp.Diff(want, s.text(t, "table")); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestSummaryJSON(t *testing.T) {
	s := summarize(t, &Arch{Name: "one", Blocks: [][2]int{{1, 2}}}, "3x1x4x6", 5)
	const want = `{"arch": "one", "input": [3, 1, 4, 6], "layers": [
		{"name": "features.0", "type": "Conv2d", "output": [3, 2, 4, 6], "params": 20, "macs": 1296},
		{"name": "features.1", "type": "ReLU", "output": [3, 2, 4, 6], "params": 0, "macs": 0},
		{"name": "features.2", "type": "MaxPool2d", "output": [3, 2, 2, 3], "params": 0, "macs": 0},
		{"name": "flatten", "type": "Flatten", "output": [3, 12], "params": 0, "macs": 0},
		{"name": "classifier.0", "type": "Linear", "output": [3, 5], "params": 65, "macs": 180}],
		"params": 85, "macs": 1476, "flops": 2952, "weight_bytes": 340, "train_bytes": %d}`
	var got, expected any
	if err := json.Unmarshal([]byte(s.text(t, "json")), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(fmt.Appendf(nil, want, s.TrainBytes), &expected); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestSummaryCSVAndMarkdown(t *testing.T) {
	s := summarize(t, tiny, "1x1x8x8", 10)
	rows, err := csv.NewReader(strings.NewReader(s.text(t, "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(s.Layers) {
		t.Errorf("CSV has %d rows, want a header and %d layers", len(rows), len(s.Layers))
	}
	if diff := cmp.Diff([]string{"features.5", "Conv2d", "1x32x4x4", "9248", "147456"}, rows[6]); diff != "" {
		t.Errorf("CSV row of features.5 (-want +got):\n%s", diff)
	}
	markdown := s.text(t, "markdown")
	if line := "| features.5 | Conv2d | 1x32x4x4 | 9,248 | 147,456 | 36.1 KiB |\n"; !strings.Contains(markdown, line) {
		t.Errorf("no line %q in\n%s", line, markdown)
	}
	if err := s.Write(&bytes.Buffer{}, "xml"); err == nil || !strings.Contains(err.Error(), "table, json, csv, markdown") {
		t.Errorf("format xml: %v", err)
	}
}

func TestSummaryRefuses(t *testing.T) {
	wide := &Arch{Name: "wide", Blocks: [][2]int{{4, 4096}, {1, 1}}}
	_, err := Summarize(wide, Input{65536, 1, 512, 512}, 10)
	if want := "multiply-adds for 65536 images; use a smaller batch or input"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("65536 images: error %v, want %q", err, want)
	}
	if _, err := Summarize(vgg11, Input{0, 1, 224, 224}, 10); err == nil {
		t.Error("a batch of no images is accepted")
	}
}
