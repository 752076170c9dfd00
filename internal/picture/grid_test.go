package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"io"
	"strings"
	"testing"
)

// tiles returns a grid of images of one size whose pixels all differ from their neighbours'.
func tiles(width, height, rows, columns int, lines ...Line) *Grid {
	g := &Grid{Title: "title", Note: "note"}
	for range rows {
		var row Row
		for range columns {
			pixels := make([]byte, width*height)
			for i := range pixels {
				pixels[i] = byte(i * 37)
			}
			row.Tiles = append(row.Tiles, Tile{pixels, height, width, 1, lines})
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

func greyAt(img image.Image, x, y int) byte {
	return color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y
}

// Each pixel of each image is a square of a whole number of pixels, at its place.
func TestGridPixels(t *testing.T) {
	for _, c := range []struct{ width, height, factor int }{{28, 28, 4}, {8, 5, 14}, {1, 1, 112}, {100, 60, 2}, {112, 112, 1}, {256, 20, 1}} {
		g := tiles(c.width, c.height, 2, 3)
		img, at := drawn(t, g), g.layout()
		if at.enlarge != c.factor || at.shrink != 1 {
			t.Errorf("%d×%d: enlarged %d times, made smaller %d times", c.width, c.height, at.enlarge, at.shrink)
		}
		for k, pixel := range g.Rows[1].Tiles[2].Pixels {
			x := at.left + 2*at.pitch.X + (at.column-at.size.X)/2 + k%c.width*c.factor
			y := at.top + at.pitch.Y + k/c.width*c.factor
			for _, corner := range []image.Point{{x, y}, {x + c.factor - 1, y + c.factor - 1}} {
				if got := greyAt(img, corner.X, corner.Y); got != pixel {
					t.Fatalf("%d×%d: pixel %d is %d at %v, want %d", c.width, c.height, k, got, corner, pixel)
				}
			}
		}
	}
}

// Text widens images as far as their label needs it: Fashion-MNIST's names are never cut.
func TestGridLabels(t *testing.T) {
	g := tiles(28, 28, 1, 2, Line{Left: "T-shirt/top", Right: "#59999"}, Line{Left: "Ankle boot", Right: "0.999", Strong: true})
	at := g.layout()
	if at.enlarge != 6 || at.column != 168 {
		t.Errorf("enlarged %d times, columns of %d", at.enlarge, at.column)
	}
	for _, line := range g.Rows[0].Tiles[0].Lines {
		if line.room() > at.column {
			t.Errorf("%v needs %d pixels of %d", line, line.room(), at.column)
		}
	}
	img := drawn(t, g)
	for k := range 2 {
		y := at.top + at.size.Y + k*lineRoom
		if where(img, image.Rect(at.left, y, at.left+at.column, y+lineRoom), ink).Empty() {
			t.Errorf("line %d is not there", k)
		}
	}
}

// Labels that are too long are cut: what is between columns, and round all, stays white.
func TestGridNothingOverlaps(t *testing.T) {
	long := strings.Repeat("long 名前 ", 50)
	g := tiles(20, 30, 2, 3, Line{Left: long, Right: "#12"}, Line{Left: long, Right: long}, Line{Right: long})
	g.Rows[0].Name, g.Title, g.Note = long, strings.Repeat(long, 10), long
	img, at := drawn(t, g), g.layout()
	size := img.Bounds().Max
	if size.X > 1300 {
		t.Errorf("the picture is %v", size)
	}
	white := []image.Rectangle{{image.Pt(0, 0), image.Pt(edge, size.Y)}, {image.Pt(size.X-edge, 0), size}, {image.Pt(0, size.Y-edge), size}}
	for j := range 3 {
		end := at.left + j*at.pitch.X + at.column - bodyText.room("#12") // where the right half of a line begins
		y := at.top + at.size.Y
		white = append(white, image.Rect(end-gap+2, y+2, end, y+lineRoom))
		x := at.left + j*at.pitch.X
		white = append(white, image.Rect(x-gap, at.top, x-1, size.Y), image.Rect(x+at.column+1, at.top, x+at.column+tileGap-1, size.Y))
	}
	for _, r := range white {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if greyAt(img, x, y) != 255 {
					t.Fatalf("%d,%d in %v is not white, in %+v", x, y, r, at)
				}
			}
		}
	}
}

// Each image is drawn in the room of the largest one, in its middle, and in its colours.
func TestGridOfManySizes(t *testing.T) {
	red, green := bytes.Repeat([]byte{200, 0, 0}, 28*28), bytes.Repeat([]byte{0, 100, 0}, 300*10)
	g := &Grid{Rows: []Row{{Tiles: []Tile{{Pixels: red, Rows: 28, Cols: 28, Channels: 3}, {Pixels: []byte{7}, Rows: 1, Cols: 1, Channels: 1},
		{Pixels: green, Rows: 10, Cols: 300, Channels: 3}}}}}
	img, at := drawn(t, g), g.layout()
	if at.size != image.Pt(150, 14) || at.shrink != 2 {
		t.Fatalf("room of %v, made smaller %d times", at.size, at.shrink)
	}
	for k, want := range []struct {
		size  image.Point
		color color.RGBA
	}{{image.Pt(14, 14), color.RGBA{200, 0, 0, 255}}, {image.Pt(14, 14), color.RGBA{7, 7, 7, 255}}, {image.Pt(150, 5), color.RGBA{0, 100, 0, 255}}} {
		x, y := at.left+k*at.pitch.X+(at.column-want.size.X)/2, at.top+(at.size.Y-want.size.Y)/2
		if got := where(img, image.Rect(x-5, y-5, x+at.column, y+at.size.Y+5), want.color); got != (image.Rectangle{image.Pt(x, y), image.Pt(x, y).Add(want.size)}) {
			t.Errorf("image %d is at %v, want %v at %d,%d", k, got, want.size, x, y)
		}
	}
}

// Images that are large are made smaller by a whole factor: the means of squares.
func TestGridShrinks(t *testing.T) {
	g := tiles(601, 300, 1, 1)
	pixels := g.Rows[0].Tiles[0].Pixels
	for i := range pixels {
		pixels[i] = byte(10*(i%601%3) + i/601%3) // the mean of each 3×3 is 11
	}
	img, at := drawn(t, g), g.layout()
	if at.shrink != 3 || at.size != image.Pt(201, 100) {
		t.Fatalf("made smaller %d times, to %v", at.shrink, at.size)
	}
	for y := range 100 {
		for x := range 200 {
			if got := greyAt(img, at.left+x, at.top+y); got != 11 {
				t.Fatalf("%d,%d is %d, want 11", x, y, got)
			}
		}
	}
	if got := greyAt(img, at.left+200, at.top); got != 1 {
		t.Errorf("the part of a square at the border is %d, want 1", got)
	}
}

// Many images are enlarged less, and too many are an error before any picture is made.
func TestGridBounds(t *testing.T) {
	if at := tiles(28, 28, 256, 10, Line{Left: "12345"}).layout(); at.height > maxSide || at.enlarge != 1 {
		t.Errorf("256 rows: enlarged %d times, %d pixels high", at.enlarge, at.height)
	}
	if err := tiles(28, 28, 2000, 1).WritePNG(io.Discard); err == nil || !strings.Contains(err.Error(), "show less") {
		t.Errorf("2,000 rows: %v", err)
	}
	g := tiles(4, 4, 1, 1)
	g.Rows[0].Tiles[0].Pixels = g.Rows[0].Tiles[0].Pixels[1:]
	if err := g.WritePNG(io.Discard); err == nil {
		t.Error("an image without all its pixels: no error")
	}
	if size := drawn(t, &Grid{Title: "no errors"}).Bounds().Size(); size.X < 100 || size.Y < 50 || size.Y > 200 {
		t.Errorf("no images: size %v", size)
	}
	full := errors.New("full")
	if err := tiles(4, 4, 1, 1).WritePNG(writer(func([]byte) (int, error) { return 0, full })); !errors.Is(err, full) {
		t.Errorf("%v, want %v", err, full)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
