package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"vggtrain/dataset"
)

// scriptPhoto runs `photo FILE WIDTH HEIGHT BACKGROUND GARMENT [MARGIN]`: it writes a picture of a
// garment, a block in the middle, as PNG, JPEG or GIF, whichever the file's name ends in. The two are
// greys, 0 to 255, or the background is "none", which is transparent black. The margin is in pixels
// above and below the garment.
func scriptPhoto(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 && len(args) != 6 {
		ts.Fatalf("usage: photo FILE WIDTH HEIGHT BACKGROUND GARMENT [MARGIN]")
	}
	var numbers [5]int
	for i, arg := range args[1:] {
		if arg == "none" {
			continue
		}
		var err error
		numbers[i], err = strconv.Atoi(arg)
		ts.Check(err)
	}
	grey := func(v int) image.Image { return image.NewUniform(color.Gray{Y: uint8(v)}) }
	m := image.NewNRGBA(image.Rect(0, 0, numbers[0], numbers[1]))
	if args[3] != "none" {
		draw.Draw(m, m.Rect, grey(numbers[2]), image.Point{}, draw.Src)
	}
	garment := image.Rect(numbers[0]/4, numbers[4], numbers[0]*3/4, numbers[1]-numbers[4])
	draw.Draw(m, garment, grey(numbers[3]), image.Point{}, draw.Src)
	var file bytes.Buffer
	ts.Check(encodePhoto(&file, m, filepath.Ext(args[0])))
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, file.Bytes(), 0o644))
}

func encodePhoto(w *bytes.Buffer, m *image.NRGBA, extension string) error {
	switch extension {
	case ".png":
		return png.Encode(w, m)
	case ".jpg":
		return jpeg.Encode(w, m, nil)
	case ".gif":
		coded := image.NewPaletted(m.Rect, palette.WebSafe)
		draw.Draw(coded, m.Rect, m, image.Point{}, draw.Src)
		return gif.Encode(w, coded, nil)
	}
	return fmt.Errorf("no picture ends in %q", extension)
}

// scriptPredictions runs `predictions FILE TOP IMAGE...`: the file must be the document of
// predict --json for these images, each with its TOP most probable classes in order. An image with
// "!" before it must have an error instead, one with "%" must be trimmed.
func scriptPredictions(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: predictions FILE TOP IMAGE...")
	}
	var list []struct {
		Image string
		Top   []struct {
			Class       *int
			Name        string
			Probability float64
		}
		Error      string
		Background *int
		Inverted   *bool
		Trimmed    *struct{ Left, Top, Width, Height int }
	}
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	decoder.DisallowUnknownFields()
	ts.Check(decoder.Decode(&list))
	if decoder.More() {
		ts.Fatalf("more than one document")
	}
	if list == nil || len(list) != len(args)-2 {
		ts.Fatalf("%d images, want %d", len(list), len(args)-2)
	}
	for i, item := range list {
		name, failed := strings.CutPrefix(args[2+i], "!")
		name, trimmed := strings.CutPrefix(name, "%")
		if failed {
			if item.Image != name || item.Error == "" || item.Top == nil || len(item.Top) > 0 {
				ts.Fatalf("image %d is %+v, want %s with an error", i, item, name)
			}
			continue
		}
		if item.Image != name || strconv.Itoa(len(item.Top)) != args[1] || item.Error != "" || item.Trimmed != nil != trimmed {
			ts.Fatalf("image %d is %+v, want %s with %s classes", i, item, args[2+i], args[1])
		}
		sum, last := 0.0, 1.0
		for _, guess := range item.Top {
			if guess.Class == nil || guess.Name != dataset.Classes[*guess.Class] || guess.Probability > last || guess.Probability < 0 {
				ts.Fatalf("%s: %+v after one of %v", item.Image, guess, last)
			}
			last = guess.Probability
			sum += last
		}
		if len(item.Top) == len(dataset.Classes) && !(math.Abs(sum-1) <= 1e-12) {
			ts.Fatalf("%s: the probabilities of all classes add up to %v", item.Image, sum)
		}
	}
}
