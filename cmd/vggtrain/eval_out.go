package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"vggtrain/checkpoint"
	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/picture"
	"vggtrain/internal/terminal"
	"vggtrain/internal/trained"
)

// The files of eval --out.
const (
	confusionFile  = "confusion.png"
	errorsFile     = "errors.csv"
	errorTilesFile = "errors.png"
)

// evalFiles is an evaluation as eval --out shows it.
type evalFiles struct {
	arch, data string
	split      string
	classes    []string
	set        dataset.Source // as it was scored
	scores     *trained.Evaluation
}

// makeResultFolder makes a folder for results, and those above it, unless it is there.
func makeResultFolder(path string) error {
	err := os.MkdirAll(path, 0o777)
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w: choose another --out", cause.Path, cause.Err)
	}
	return err
}

// write writes all files into a folder, each as a whole or not at all, and says which.
func (e *evalFiles) write(ctx context.Context, dir string, stderr io.Writer) error {
	tiles, err := e.tiles(ctx)
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{confusionFile, e.confusion().WritePNG},
		{errorsFile, e.writeCSV},
		{errorTilesFile, tiles.WritePNG},
	} {
		if err := writeResult(filepath.Join(dir, file.name), file.write, stderr); err != nil {
			return err
		}
	}
	return nil
}

// writeResult writes a file as a whole or not at all, and says so.
func writeResult(path string, write func(io.Writer) error, stderr io.Writer) error {
	var content bytes.Buffer // what goes wrong here is not the disk's fault
	if err := write(&content); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	err := checkpoint.Replace(path, func(w io.Writer) error {
		_, err := content.WriteTo(w)
		return err
	})
	if err == nil {
		fmt.Fprintf(terminal.Asides(stderr), "wrote %s\n", path)
	}
	return err
}

// writeCSV writes a line an error, in the set's order.
func (e *evalFiles) writeCSV(w io.Writer) error {
	lines := csv.NewWriter(w)
	_ = lines.Write([]string{"index", "true", "predicted", "probability"}) // Error knows
	for _, i := range e.scores.Errors() {
		truth, predicted, probability := e.words(i)
		_ = lines.Write([]string{strconv.Itoa(i), display.Cell(truth), display.Cell(predicted), strconv.FormatFloat(probability, 'f', 6, 64)})
	}
	lines.Flush()
	return lines.Error()
}

// words are an image's class, the one it was taken for, and the probability of that.
func (e *evalFiles) words(i int) (truth, predicted string, probability float64) {
	p := e.scores.Predictions[i]
	return e.classes[e.scores.Labels[i]], e.classes[p.Class], p.Probability
}

// drawn is the name of a class in pictures: behind its number, if they lack some of its letters.
func (e *evalFiles) drawn(name string) string {
	if picture.Drawable(name) {
		return name
	}
	return picture.Numbered(slices.Index(e.classes, name), name)
}

func (e *evalFiles) images() string {
	return fmt.Sprintf("%s %s images", display.Comma(e.scores.Images), e.split)
}

// confusion is the matrix of all classes, or of those that are confused most.
func (e *evalFiles) confusion() *picture.Confusion {
	c := &picture.Confusion{
		Title:   fmt.Sprintf("%s, accuracy %.4f", e.arch, e.scores.Accuracy()),
		Note:    e.images() + ", percentages of a true class; " + e.data,
		Classes: e.classes,
		Counts:  e.scores.Confusion,
	}
	if len(e.classes) <= picture.MaxClasses {
		return c
	}
	chosen := e.mostConfused(picture.MaxClasses / 2)
	c.Counts, c.Numbers, c.Classes = e.scores.Among(chosen), chosen, nil
	for _, k := range chosen {
		c.Classes = append(c.Classes, e.classes[k])
	}
	c.Note = fmt.Sprintf("the %d of %s classes that are confused most, among each other; %s; %s",
		len(chosen), display.Comma(len(e.classes)), e.images(), e.data)
	return c
}

// mostConfused lists at most n classes by their number: of the pairs with the most errors, and the
// first of all where these are too few.
func (e *evalFiles) mostConfused(n int) []int {
	var chosen []int
	add := func(k int) {
		if len(chosen) < n && !slices.Contains(chosen, k) {
			chosen = append(chosen, k)
		}
	}
	for _, c := range e.scores.MostConfused(n) {
		add(c.True)
		add(c.Predicted)
	}
	for k := range e.classes[:min(len(e.classes), 2*n)] {
		add(k)
	}
	slices.Sort(chosen)
	return chosen
}

// tiles are the errors with the highest probabilities.
func (e *evalFiles) tiles(ctx context.Context) (*picture.Grid, error) {
	const most, columns = 48, 8
	wrong := e.scores.Images - e.scores.Correct
	grid := &picture.Grid{
		Title: fmt.Sprintf("%s: %s of %s wrong", e.arch, display.Comma(wrong), e.images()),
		Note:  "true class and index, predicted class and its probability, the highest first; " + e.data,
	}
	if wrong == 0 {
		grid.Note = "there is nothing to show"
	}
	for row := range slices.Chunk(e.scores.Surest(most), columns) {
		var tiles []picture.Tile
		for _, i := range row {
			pixels, err := dataset.Read(ctx, e.set, i)
			if err != nil {
				return nil, err
			}
			truth, predicted, probability := e.words(i)
			tiles = append(tiles, tileOf(pixels,
				picture.Line{Left: e.drawn(truth), Right: "#" + strconv.Itoa(i)},
				picture.Line{Left: e.drawn(predicted), Right: strconv.FormatFloat(probability, 'f', 3, 64), Strong: true}))
		}
		grid.Rows = append(grid.Rows, picture.Row{Tiles: tiles})
	}
	return grid, nil
}
