package trained

import (
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vggtrain/dataset"
	"vggtrain/internal/memory"
)

// listed is a network and a set in one: logits and labels, three classes.
type listed struct {
	logits [][3]float32
	labels []int32
	batch  int
	next   int
}

func (l *listed) Start(_, from int) { l.next = from }

func (l *listed) Next(ctx context.Context) (*dataset.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	first := l.next * l.batch
	if first >= len(l.labels) {
		return nil, io.EOF
	}
	l.next++
	rows := min(l.batch, len(l.labels)-first)
	images := make([]float32, l.batch) // each image is its index
	for i := range rows {
		images[i] = float32(first + i)
	}
	labels := make([]int32, l.batch)
	copy(labels, l.labels[first:first+rows])
	return &dataset.Batch{Images: images, Labels: labels, Rows: rows}, nil
}

func (l *listed) Logits(images []float32, rows int) ([]float32, error) {
	var out []float32
	for _, i := range images[:rows] {
		row := l.logits[int(i)]
		out = append(out, row[:]...)
	}
	return out, nil
}

func TestEvaluate(t *testing.T) {
	set := &listed{batch: 2, labels: []int32{0, 0, 1, 1, 0}, logits: [][3]float32{
		{3, 1, 0},     // right
		{0, 2, 1},     // 1 for 0
		{-1, 5, -1},   // right
		{7, 7, 0},     // a tie: the first, 0 for 1
		{1000, 0, -5}, // right, without overflow
	}}
	e, err := Evaluate(t.Context(), set, set, 3)
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]int64{{2, 1, 0}, {1, 1, 0}, {0, 0, 0}}; !cmp.Equal(want, e.Confusion) {
		t.Errorf("confusion %v, want %v", e.Confusion, want)
	}
	if e.Images != 5 || e.Correct != 3 || e.Accuracy() != 0.6 {
		t.Errorf("%d of %d correct, accuracy %v; want 3 of 5, 0.6", e.Correct, e.Images, e.Accuracy())
	}
	// torch.nn.functional.cross_entropy of these logits and labels, in float64 (torch 2.15.0).
	const want = 0.6552000516050757
	if !(math.Abs(e.Loss-want) <= 1e-15) {
		t.Errorf("loss %v, want %v", e.Loss, want)
	}
	// torch.softmax(logits, 1).max(1), likewise.
	predictions := []Prediction{
		{0, 0.8437947344813395}, {1, 0.6652409557748218}, {1, 0.9950669512572847}, {0, 0.4997721334023318}, {0, 1},
	}
	if diff := cmp.Diff(predictions, e.Predictions, cmpopts.EquateApprox(0, 1e-15)); diff != "" {
		t.Errorf("predictions (-want +got):\n%s", diff)
	}
	scores := []ClassScore{
		{Name: "a", Precision: 2.0 / 3, Recall: 2.0 / 3, F1: 2.0 / 3, Support: 3},
		{Name: "b", Precision: 0.5, Recall: 0.5, F1: 0.5, Support: 2},
		{Name: "c"}, // neither there nor predicted: 0/0 is 0
	}
	if diff := cmp.Diff(scores, e.Classes([]string{"a", "b", "c"}), cmpopts.EquateApprox(0, 1e-15)); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
}

// Errors are in the set's order; the surest come first, of equal ones the first, and NaN is no
// certainty.
func TestErrorsAndSurest(t *testing.T) {
	e := &Evaluation{Labels: []int32{0, 0, 1, 2, 2, 1},
		Predictions: []Prediction{{1, 0.5}, {0, 1}, {2, 0.75}, {0, math.NaN()}, {1, 0.75}, {1, 1}}}
	if diff := cmp.Diff([]int{0, 2, 3, 4}, e.Errors()); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{2, 4, 0, 3}, e.Surest(9)); diff != "" {
		t.Errorf("surest (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{2, 4}, e.Surest(2)); diff != "" {
		t.Errorf("surest two (-want +got):\n%s", diff)
	}
}

// Classes are told apart by their logits, also where their probabilities are the same.
func TestLikeliest(t *testing.T) {
	got := Likeliest([]float32{-201, 1, 2, -200, 1}, 9)
	want := []Prediction{{2, 0.5761168847658291}, {1, 0.21194155761708547}, {4, 0.21194155761708547}, {3, 1e-88}, {0, 1e-88}}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-15)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Likeliest([]float32{-2000, -1000, 0}, 2); len(got) != 2 || got[1].Class != 1 {
		t.Errorf("%v, want classes 2 and 1", got)
	}
}

func TestEvaluateErrors(t *testing.T) {
	logits := [][3]float32{{1, 0, 0}}
	for name, c := range map[string]struct {
		label int32
		want  string
	}{
		"label too large": {3, "label 3: the network has 3 classes"},
		"label below 0":   {-1, "label -1"},
	} {
		set := &listed{batch: 1, labels: []int32{c.label}, logits: logits}
		if _, err := Evaluate(t.Context(), set, set, 3); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	set := &listed{batch: 1, labels: []int32{0}, logits: logits}
	if _, err := Evaluate(ctx, set, set, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}

func TestEvaluateNotFinite(t *testing.T) {
	nan := float32(math.NaN())
	for _, row := range [][3]float32{{nan, 0, 0}, {0, nan, 0}, {0, 0, nan}} {
		set := &listed{batch: 1, labels: []int32{0}, logits: [][3]float32{row}}
		e, err := Evaluate(t.Context(), set, set, 3)
		if err != nil {
			t.Fatal(err)
		}
		if !math.IsNaN(e.Loss) {
			t.Errorf("logits %v: loss %v, want NaN", row, e.Loss)
		}
	}
}

func TestPeakRSS(t *testing.T) {
	before := memory.Peak()
	if before == 0 {
		t.Skip("this system does not say what the process has held")
	}
	block := make([]byte, 64<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	if after := memory.Peak(); after < 64<<20 || after < before {
		t.Errorf("peak memory %d bytes before holding 64 MiB, %d after", before, after)
	}
	if block[4096] != 1 {
		t.Error("the block is gone")
	}
}
