package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/model"
)

// printSummary is what summary prints of a small network.
func printSummary(t *testing.T, blocks bool, format string) string {
	t.Helper()
	tiny := model.NewVGG("tiny", [][2]int{{1, 3}, {2, 32}}, []int{7}, 0.5)
	s, err := model.Summarize(tiny, model.Input{N: 2, C: 1, H: 8, W: 12}, 10)
	if err != nil {
		t.Fatal(err)
	}
	s.TrainBytes = 3 << 20 // not this test's
	if !blocks {
		s.Blocks = nil
	}
	var out strings.Builder
	if err := summarySheet(s).write(&out, format); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSummarySheet(t *testing.T) {
	const notes = `MACs are the multiply-adds of convolution and linear layers, for the whole batch: 983,704 FLOPs.
Training holds 3.0 MiB: weights, the buffers of a step, and a batch of images.
The receptive field is what one output sees of the image and of the padding round it (of Linear: of the image alone).
`
	tests := []struct {
		format string
		blocks bool
		want   string
	}{
		{"table", false, `tiny, input 2x1x8x12

layer         type       output    receptive field  parameters     MACs   weights
features.0    Conv2d     2x3x8x12              3x3          30    5,184     120 B
features.1    ReLU       2x3x8x12              3x3
features.2    MaxPool2d  2x3x4x6               4x4
features.3    Conv2d     2x32x4x6              8x8         896   41,472   3.5 KiB
features.4    ReLU       2x32x4x6              8x8
features.5    Conv2d     2x32x4x6            12x12       9,248  442,368  36.1 KiB
features.6    ReLU       2x32x4x6            12x12
features.7    MaxPool2d  2x32x2x3            14x14
flatten       Flatten    2x192               14x14
classifier.0  Linear     2x7                  8x12       1,351    2,688   5.3 KiB
classifier.1  ReLU       2x7                  8x12
classifier.2  Dropout    2x7                  8x12
classifier.3  Linear     2x10                 8x12          80      140     320 B
total                                                   11,605  491,852  45.3 KiB

` + notes},
		{"table", true, `tiny, input 2x1x8x12

layer         type      convolutions  output    receptive field  parameters     MACs   weights
features.0-2  VGGBlock             1  2x3x4x6               4x4          30    5,184     120 B
features.3-7  VGGBlock             2  2x32x2x3            14x14      10,144  483,840  39.6 KiB
flatten       Flatten                 2x192               14x14
classifier.0  Linear                  2x7                  8x12       1,351    2,688   5.3 KiB
classifier.1  ReLU                    2x7                  8x12
classifier.2  Dropout                 2x7                  8x12
classifier.3  Linear                  2x10                 8x12          80      140     320 B
total                                                                11,605  491,852  45.3 KiB

` + notes},
		{"csv", true, `name,type,output,params,macs,receptive_field,stride,convolutions
features.0-2,VGGBlock,2x3x4x6,30,5184,4x4,2,1
features.3-7,VGGBlock,2x32x2x3,10144,483840,14x14,4,2
flatten,Flatten,2x192,0,0,14x14,,
classifier.0,Linear,2x7,1351,2688,8x12,,
classifier.1,ReLU,2x7,0,0,8x12,,
classifier.2,Dropout,2x7,0,0,8x12,,
classifier.3,Linear,2x10,80,140,8x12,,
`},
		{"markdown", true, `| layer | type | convolutions | output | receptive field | parameters | MACs | weights |
|---|---|---:|---|---:|---:|---:|---:|
| features.0-2 | VGGBlock | 1 | 2x3x4x6 | 4x4 | 30 | 5,184 | 120 B |
| features.3-7 | VGGBlock | 2 | 2x32x2x3 | 14x14 | 10,144 | 483,840 | 39.6 KiB |
| flatten | Flatten |  | 2x192 | 14x14 |  |  |  |
| classifier.0 | Linear |  | 2x7 | 8x12 | 1,351 | 2,688 | 5.3 KiB |
| classifier.1 | ReLU |  | 2x7 | 8x12 |  |  |  |
| classifier.2 | Dropout |  | 2x7 | 8x12 |  |  |  |
| classifier.3 | Linear |  | 2x10 | 8x12 | 80 | 140 | 320 B |
| total |  |  |  |  | 11,605 | 491,852 | 45.3 KiB |

tiny, input 2x1x8x12. ` + strings.ReplaceAll(notes, ".\n", ". ")},
	}
	for _, tt := range tests {
		want := strings.TrimRight(tt.want, " \n") + "\n"
		if diff := cmp.Diff(want, printSummary(t, tt.blocks, tt.format)); diff != "" {
			t.Errorf("%s, blocks %t (-want +got):\n%s", tt.format, tt.blocks, diff)
		}
	}
}
