package picture

import (
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"strings"
	"testing"
)

// confusion returns a matrix in which each class has 90 images that are right and 10 that are taken
// for the next class.
func confusion(classes int) *Confusion {
	c := &Confusion{Title: "net", Note: "data"}
	for i := range classes {
		row := make([]int64, classes)
		row[i], row[(i+1)%classes] = 90, 10
		c.Classes = append(c.Classes, fmt.Sprintf("class %d", i))
		c.Counts = append(c.Counts, row)
	}
	return c
}

// Each cell has the shade of its share of the row, at its place.
func TestConfusionCells(t *testing.T) {
	for _, classes := range []int{2, 10, 47, 100} {
		c := confusion(classes)
		clear(c.Counts[1]) // a class without images
		img := drawn(t, c)
		if size := img.Bounds().Size(); size.X > 3000 || size.Y > 3000 || size.X < 300 {
			t.Errorf("%d classes: size %v", classes, size)
		}
		m := c.layout()
		for i := range classes {
			for j := range classes {
				at := m.at.Min.Add(image.Pt(j*m.cell, i*m.cell)) // columns are predicted classes
				want := shadeOf(float64(c.Counts[i][j]) / 100)
				if got := color.RGBAModel.Convert(img.At(at.X, at.Y)); got != want {
					t.Fatalf("%d classes: cell %d,%d is %v, want %v", classes, i, j, got, want)
				}
			}
		}
	}
}

// Numbers are where they fit: counts and shares in ten classes, counts in 26, none of thousands in 47.
func TestConfusionNumbers(t *testing.T) {
	for _, c := range []struct {
		classes        int
		largest        int64
		counts, shares bool
	}{{2, 1000, true, true}, {10, 1000, true, true}, {10, 1e15, false, false}, {26, 1000, true, false}, {47, 1000, false, false}, {100, 1, true, false}} {
		m := confusion(c.classes)
		m.Counts[0][0] = c.largest
		at := m.layout()
		style, shares := at.numbers(m.Counts)
		if counts := style.size > 0; counts != c.counts || shares != c.shares {
			t.Errorf("%d classes, counts to %d: counts %t, shares %t", c.classes, c.largest, counts, shares)
		}
		img := drawn(t, m)
		r := at.cellAt(0, 1)
		if r.Dx() < 30 { // letters of no full black
			continue
		}
		lettered := !where(img, r.Inset(2), color.Black).Empty()
		if lettered != c.counts {
			t.Errorf("%d classes, counts to %d: text in a light cell: %t", c.classes, c.largest, lettered)
		}
	}
}

// Nothing is written outside of its room: names are cut, and none lies on the matrix or the border.
func TestConfusionNames(t *testing.T) {
	c := confusion(40)
	for i := range c.Classes {
		c.Classes[i] = strings.Repeat("ネットワーク long name\n", 20)
	}
	c.Title = strings.Repeat("title ", 300)
	img, m := drawn(t, c), c.layout()
	size := img.Bounds()
	for name, r := range map[string]image.Rectangle{
		"above":                {image.Pt(0, 0), image.Pt(size.Max.X, edge)},
		"beside":               {image.Pt(0, 0), image.Pt(edge, size.Max.Y)},
		"below":                {image.Pt(0, size.Max.Y-edge), size.Max},
		"right":                {image.Pt(size.Max.X-edge, 0), size.Max},
		"at the matrix's side": {image.Pt(m.at.Min.X-4, m.at.Min.Y), image.Pt(m.at.Min.X-1, m.at.Max.Y)},
		"below the matrix":     {image.Pt(m.at.Min.X, m.at.Max.Y+1), image.Pt(m.at.Max.X, m.at.Max.Y+4)},
	} {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if color.GrayModel.Convert(img.At(x, y)) != (color.Gray{255}) {
					t.Fatalf("%s: %d,%d is not white", name, x, y)
				}
			}
		}
	}
	if where(img, image.Rect(edge, m.at.Min.Y, m.at.Min.X, m.at.Max.Y), ink).Empty() {
		t.Error("no names")
	}
}

// A larger share is darker in grey too, and text on each shade has WCAG's contrast of 4.5 or more.
func TestShades(t *testing.T) {
	last := 256.0
	for i := range 1001 {
		c := shadeOf(float64(i) / 1000)
		luma := 0.299*float64(c.R) + 0.587*float64(c.G) + 0.114*float64(c.B)
		if luma > last {
			t.Fatalf("share %.3f is lighter than the one before: %v", float64(i)/1000, c)
		}
		last = luma
		a, b := luminance(c), luminance(on(c))
		if contrast := (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05); contrast < 4.5 {
			t.Errorf("share %.3f: text has a contrast of %.2f", float64(i)/1000, contrast)
		}
	}
	if middle := shadeOf(0.25); middle != (color.RGBA{107, 174, 214, 255}) {
		t.Errorf("half way, by the root, is %v", middle)
	}
	if white, dark := shadeOf(0), shadeOf(1); white != (color.RGBA{255, 255, 255, 255}) || last > 60 {
		t.Errorf("from %v to %v", white, dark)
	}
}

// luminance is WCAG's relative luminance, exactly.
func luminance(c color.Color) float64 {
	linear := func(v uint32) float64 {
		x := float64(v) / 0xffff
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	r, g, b, _ := c.RGBA()
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func TestConfusionErrors(t *testing.T) {
	ragged := confusion(3)
	ragged.Counts[1] = ragged.Counts[1][:2]
	for name, c := range map[string]*Confusion{
		"empty": {}, "too large": confusion(101), "ragged": ragged,
		"no rows": {Classes: []string{"a", "b"}},
	} {
		if err := c.WritePNG(io.Discard); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
