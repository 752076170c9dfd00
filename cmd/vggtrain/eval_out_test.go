package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/dataset"
	"vggtrain/internal/picture"
	"vggtrain/internal/trained"
)

// scored returns an evaluation of 2×1 images; each pair is an image's class and the predicted one.
func scored(pairs [][2]int, probabilities ...float64) *evalFiles {
	classes := []string{"plain", `a, "b"`, "two\nlines"}
	e := &evalFiles{arch: "net", data: "folder", split: "test", classes: classes,
		scores: &trained.Evaluation{Images: len(pairs)}}
	for range classes {
		e.scores.Confusion = append(e.scores.Confusion, make([]int64, len(classes)))
	}
	set := &dataset.Set{Labels: make([]int32, len(pairs)), Rows: 1, Cols: 2, Channels: 1}
	e.set = set
	for i, p := range pairs {
		set.Images = append(set.Images, byte(i), 255)
		e.scores.Labels = append(e.scores.Labels, int32(p[0]))
		e.scores.Predictions = append(e.scores.Predictions, trained.Prediction{Class: p[1], Probability: probabilities[i]})
		if max(p[0], p[1]) < len(classes) {
			e.scores.Confusion[p[0]][p[1]]++
		}
		if p[0] == p[1] {
			e.scores.Correct++
		}
	}
	return e
}

func tiles(t *testing.T, e *evalFiles) *picture.Grid {
	t.Helper()
	grid, err := e.tiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return grid
}

// errors.csv lists the errors in the set's order, and any reader of CSV gets the names back.
func TestErrorsCSV(t *testing.T) {
	e := scored([][2]int{{0, 0}, {0, 1}, {1, 1}, {1, 2}, {2, 0}}, 0.9, 1.0/3, 0.5, 0.9999999, math.NaN())
	var out bytes.Buffer
	if err := e.writeCSV(&out); err != nil {
		t.Fatal(err)
	}
	want := "index,true,predicted,probability\n" +
		"1,plain,\"a, \"\"b\"\"\",0.333333\n" +
		"3,\"a, \"\"b\"\"\",\"two\nlines\",1.000000\n" +
		"4,\"two\nlines\",plain,NaN\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 4 || rows[2][1] != e.classes[1] || rows[2][2] != e.classes[2] {
		t.Errorf("read back: %q, %v", rows, err)
	}
}

// What a spreadsheet would run stays a text.
func TestErrorsCSVIsHarmless(t *testing.T) {
	e := scored([][2]int{{0, 1}}, 0.5)
	e.classes = []string{"=1+1", "-3", "two"}
	var out bytes.Buffer
	if err := e.writeCSV(&out); err != nil {
		t.Fatal(err)
	}
	if want := "index,true,predicted,probability\n0,'=1+1,-3,0.500000\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// errors.png shows the errors that the network was most sure of, of equal ones the first, and no
// more than 48.
func TestErrorTiles(t *testing.T) {
	e := scored([][2]int{{0, 1}, {0, 0}, {1, 2}, {2, 0}, {2, 1}}, 0.5, 1, 0.75, math.NaN(), 0.75)
	grid := tiles(t, e)
	var got []string
	for _, row := range grid.Rows {
		for _, tile := range row.Tiles {
			got = append(got, tile.Lines[0].Left+tile.Lines[0].Right+" "+tile.Lines[1].Left+tile.Lines[1].Right)
			if len(tile.Pixels) != 2 || "#"+string('0'+tile.Pixels[0]) != tile.Lines[0].Right {
				t.Errorf("tile %s shows the pixels %v", tile.Lines[0].Right, tile.Pixels)
			}
		}
	}
	want := []string{`a, "b"#2 two` + "\nlines0.750", "two\nlines#4 a, \"b\"0.750", `plain#0 a, "b"0.500`, "two\nlines#3 plainNaN"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := "net: 4 of 5 test images wrong"; grid.Title != want {
		t.Errorf("title %q, want %q", grid.Title, want)
	}

	many := scored(make([][2]int, 100), make([]float64, 100)...)
	for i := range many.scores.Labels {
		many.scores.Labels[i] = 1
	}
	many.scores.Correct = 0
	grid = tiles(t, many)
	if len(grid.Rows) != 6 || len(grid.Rows[5].Tiles) != 8 || !strings.Contains(grid.Title, "100 of 100") {
		t.Errorf("%d rows, %s", len(grid.Rows), grid.Title)
	}
}

// Of many classes the picture shows those that are confused most, and says so.
func TestConfusionOfManyClasses(t *testing.T) {
	e := scored([][2]int{{300, 7}, {300, 7}, {12, 300}, {5, 5}}, 1, 1, 1, 1)
	e.classes, e.scores.Confusion = nil, nil
	for k := range 65536 {
		e.classes = append(e.classes, fmt.Sprintf("class %d", k))
	}
	c := e.confusion()
	if len(c.Classes) != 50 || c.Classes[49] != "class 300" || c.Counts[49][7] != 2 || c.Counts[12][49] != 1 || c.Counts[5][5] != 1 {
		t.Errorf("classes %q", c.Classes)
	}
	if want := "the 50 of 65,536 classes that are confused most, among each other; 4 test images; folder"; c.Note != want {
		t.Errorf("%q, want %q", c.Note, want)
	}
	if err := c.WritePNG(io.Discard); err != nil {
		t.Error(err)
	}
}

// Without an error there is a picture all the same, so that none of before stays.
func TestNoErrors(t *testing.T) {
	e := scored([][2]int{{0, 0}, {1, 1}}, 1, 1)
	grid := tiles(t, e)
	var out bytes.Buffer
	if err := grid.WritePNG(&out); err != nil || len(grid.Rows) != 0 || grid.Title != "net: 0 of 2 test images wrong" {
		t.Errorf("%+v, %v", grid, err)
	}
}

// Of very many classes the first have rows, and the picture says so.
func TestClassGridOfManyClasses(t *testing.T) {
	set := &dataset.Set{Rows: 1, Cols: 1, Channels: 1, Images: []byte{0, 1, 2}, Labels: []int32{99, 100, 149}}
	grid, err := classGrid(t.Context(), &dataset.Data{Classes: make([]string, 150)}, set, 3, func(text string) { t.Error(text) })
	if err != nil || len(grid.Rows) != 100 || len(grid.Rows[99].Tiles) != 1 || !strings.HasPrefix(grid.Note, "3 images of 150 classes (the first 100 are shown), 1×1 pixels;") {
		t.Errorf("%d rows, %+v", len(grid.Rows), err)
	}
}

// unread is a set whose first image cannot be read.
type unread struct{ *dataset.Set }

func (u unread) Image(ctx context.Context, i int, p *dataset.Pixels) error {
	if i == 0 {
		return errors.New("cat/1.jpg: it is empty")
	}
	return u.Set.Image(ctx, i, p)
}

func TestClassGridLeavesOut(t *testing.T) {
	set := unread{&dataset.Set{Rows: 1, Cols: 1, Channels: 1, Images: []byte{0, 1, 2}, Labels: []int32{0, 0, 0}}}
	var told []string
	grid, err := classGrid(t.Context(), &dataset.Data{Classes: []string{"cat"}}, set, 1, func(text string) { told = append(told, text) })
	if err != nil || len(grid.Rows[0].Tiles) != 1 || grid.Rows[0].Tiles[0].Pixels[0] != 1 || !slices.Equal(told, []string{"1 of the images cannot be read and are left out: cat/1.jpg: it is empty"}) {
		t.Errorf("%+v, %v, %q", grid, err, told)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := classGrid(stopped, &dataset.Data{Classes: []string{"cat"}}, set, 1, func(string) {}); err == nil {
		t.Error("no error")
	}
}

// Each class has a row, of its first images in the set's order.
func TestClassGrid(t *testing.T) {
	set := &dataset.Set{Rows: 1, Cols: 1, Channels: 1, Images: []byte{0, 1, 2, 3, 4, 5}, Labels: []int32{1, 0, 1, 1, 1, 0}}
	grid, err := classGrid(t.Context(), &dataset.Data{Classes: []string{"a", "b", "none"}}, set, 3, func(text string) { t.Error(text) })
	if err != nil {
		t.Fatal(err)
	}
	tile := func(i byte) picture.Tile {
		return picture.Tile{Pixels: []byte{i}, Rows: 1, Cols: 1, Channels: 1, Lines: []picture.Line{{Left: string('0' + i)}}}
	}
	want := []picture.Row{{Name: "a", Tiles: []picture.Tile{tile(1), tile(5)}}, {Name: "b", Tiles: []picture.Tile{tile(0), tile(2), tile(3)}}, {Name: "none"}}
	if diff := cmp.Diff(want, grid.Rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
