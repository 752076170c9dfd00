package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	for _, invert := range []bool{true, false} {
		a := assumptions{invert: invert}
		for i := range 1207 {
			garment := &predict.Garment{Background: photo.Background{Inverted: i > 0}}
			if i == 7 {
				garment.Trimmed = image.Rect(1, 2, 3, 4)
			}
			a.add(predict.Result{Photo: photo.File{Title: fmt.Sprintf("%d.png", i)}, Garment: garment})
		}
		want := []string{
			"light background in 1,206 of 1,207 images (1.png, 2.png, 3.png, 4.png, 5.png and 1,201 more): inverted",
			"dark background in 1 of 1,207 images (0.png): taken as it is",
			"a margin in 1 of 1,207 images (7.png): cut off",
		}
		if !invert { // the user has decided that
			want = want[2:]
		}
		lines := a.lines()
		if len(lines) != len(want) || len(a.light.names) > 5 {
			t.Fatalf("got %q, want %q", lines, want)
		}
		for i, line := range lines {
			if !strings.HasPrefix(line, want[i]) {
				t.Errorf("got %q, want %q", line, want[i])
			}
		}
	}
	var other assumptions // a network of other data
	other.add(predict.Result{Photo: photo.File{Title: "a.png"}})
	if lines := other.lines(); len(lines) > 0 {
		t.Errorf("nothing was assumed: %q", lines)
	}
}

// A document says of each image what was done to it, or why it could not be read.
func TestPredictionItems(t *testing.T) {
	var out strings.Builder
	w := &predictionWriter{w: &out, classes: dataset.Classes}
	for _, r := range []predict.Result{
		{Photo: photo.File{Name: "other.png"}, Guesses: []trained.Prediction{{Class: 1, Probability: 0.5}}},
		{Photo: photo.File{Name: "bad.png"}, Err: errors.New("bad.png: damaged")},
		{Photo: photo.File{Name: "shirt.png"}, Garment: &predict.Garment{Background: photo.Background{Grey: 0}}},
		{Photo: photo.File{Name: "margin.png"}, Garment: &predict.Garment{
			Background: photo.Background{Grey: 250, Inverted: true}, Trimmed: image.Rect(5, 6, 15, 26),
		}},
	} {
		if err := w.item(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.endList(); err != nil {
		t.Fatal(err)
	}
	const want = `[
		{"image": "other.png", "top": [{"class": 1, "name": "Trouser", "probability": 0.5}]},
		{"image": "bad.png", "top": [], "error": "bad.png: damaged"},
		{"image": "shirt.png", "top": [], "background": 0, "inverted": false},
		{"image": "margin.png", "top": [], "background": 250, "inverted": true, "trimmed": {"left": 5, "top": 6, "width": 10, "height": 20}}
	]`
	var got, expected any
	if err := errors.Join(json.Unmarshal([]byte(out.String()), &got), json.Unmarshal([]byte(want), &expected)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
