package main

import (
	"fmt"
	"strings"
	"testing"

	"vggtrain/dataset"
	"vggtrain/internal/photo"
	"vggtrain/internal/predict"
	"vggtrain/internal/trained"
)

func TestPredictionBars(t *testing.T) {
	result := predict.Result{
		Photo:   photo.File{Title: "a.png"},
		Guesses: []trained.Prediction{{Class: 0, Probability: 0.875}, {Class: 1, Probability: 0.125}, {Class: 9, Probability: 0}},
	}
	for columns, bars := range map[int][2]string{
		200: {strings.Repeat("█", 35), strings.Repeat("█", 5)},
		39:  {strings.Repeat("█", 14), "██"}, // the widest is 16
		23:  {"", ""},
		10:  {"", ""},
	} {
		var out strings.Builder
		w := &predictionWriter{w: &out, classes: dataset.Classes, columns: columns, longest: len("T-shirt/top")}
		if err := w.bars(result); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("a.png\n%s\n%s\n%s\n",
			strings.TrimRight("  T-shirt/top  87.5 %  "+bars[0], " "),
			strings.TrimRight("  Trouser      12.5 %  "+bars[1], " "),
			"  Ankle boot    0.0 %")
		if out.String() != want {
			t.Errorf("%d columns: got\n%swant\n%s", columns, out.String(), want)
		}
		for line := range strings.Lines(out.String()) {
			if len([]rune(line)) > max(columns, 23)+1 {
				t.Errorf("%d columns: %q", columns, line)
			}
		}
	}
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{0: "", 0.02: "", 0.03: "▌", 0.1: "█", 0.5: "█████", 0.55: "█████▌", 1: "██████████"} {
		if got := bar(share, 10); got != want {
			t.Errorf("%v: %q, want %q", share, got, want)
		}
	}
}

// Of many images the first ones are named, and memory does not grow with their number.
func TestAssumptions(t *testing.T) {
	var a assumptions
	for i := range 1207 {
		a.add(predict.Result{
			Photo:      photo.File{Title: fmt.Sprintf("%d.png", i)},
			Background: photo.Background{Inverted: i > 0},
		})
	}
	want := []string{
		"light background in 1,206 of 1,207 images (1.png, 2.png, 3.png, 4.png, 5.png and 1,201 more): inverted",
		"dark background in 1 of 1,207 images (0.png): taken as it is",
	}
	lines := a.lines(photo.InvertAuto)
	if len(lines) != len(want) || !strings.HasPrefix(lines[0], want[0]) || !strings.HasPrefix(lines[1], want[1]) || len(a.light.names) > 5 {
		t.Errorf("got %q, want %q", lines, want)
	}
	if lines := a.lines(photo.InvertYes); len(lines) > 0 {
		t.Errorf("nothing was assumed: %q", lines)
	}
}
