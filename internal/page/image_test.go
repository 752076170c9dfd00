package page

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"strings"
	"testing"
)

func decode(t *testing.T, i Image, err error) image.Image {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(string(i.URI), "data:image/png;base64,")
	if !ok {
		t.Fatalf("URI %.60s", i.URI)
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func wantPixels(t *testing.T, got image.Image, cols int, want ...color.Color) {
	t.Helper()
	if got.Bounds() != image.Rect(0, 0, cols, len(want)/cols) {
		t.Fatalf("bounds %v, want %d×%d", got.Bounds(), cols, len(want)/cols)
	}
	for i, c := range want {
		r, g, b, a := c.RGBA()
		if gr, gg, gb, ga := got.At(i%cols, i/cols).RGBA(); gr != r || gg != g || gb != b || ga != a {
			t.Errorf("pixel %d is %v, want %v", i, got.At(i%cols, i/cols), c)
		}
	}
}

func TestPaint(t *testing.T) {
	var p Painter
	gray := func(v uint8) color.Color { return color.Gray{v} }
	nan := float32(math.NaN())

	i, err := p.Pixels([]byte{0, 128, 255, 7, 8, 9}, 2, 3, 1, "")
	wantPixels(t, decode(t, i, err), 3, gray(0), gray(128), gray(255), gray(7), gray(8), gray(9))
	i, err = p.Map([]float32{0, 1, 2, nan}, 1, 4, []float32{0, 1, 2, nan}, "")
	wantPixels(t, decode(t, i, err), 4, gray(0), gray(128), gray(255), gray(0))
	i, err = p.Map([]float32{-1, 0, 1}, 3, 1, []float32{-1, 0, 1}, "")
	wantPixels(t, decode(t, i, err), 1, gray(0), gray(128), gray(255))
	i, err = p.Map([]float32{0, 0}, 1, 2, []float32{0, 0}, "")
	wantPixels(t, decode(t, i, err), 2, gray(0), gray(0))
	i, err = p.Map([]float32{1}, 1, 1, []float32{0, 1, 5}, "")
	wantPixels(t, decode(t, i, err), 1, gray(51))
	i, err = p.Signed([]float32{-2, 0, 1, 2, 3, nan}, 1, 6, 2, "")
	wantPixels(t, decode(t, i, err), 6, below, color.White, color.NRGBA{0xd9, 0xa5, 0x80, 0xff}, above, above, color.White)
}

func TestPaintColours(t *testing.T) {
	var p Painter
	rgb := func(r, g, b uint8) color.Color { return color.RGBA{r, g, b, 255} }
	nan := float32(math.NaN())
	i, err := p.Pixels([]byte{1, 2, 3, 254, 0, 7}, 1, 2, 3, "")
	wantPixels(t, decode(t, i, err), 2, rgb(1, 2, 3), rgb(254, 0, 7))
	// Planes of two pixels: red, green, blue.
	i, err = p.Patch([]float32{-2, 2, 0, 1, nan, -1}, 1, 2, 2, "")
	wantPixels(t, decode(t, i, err), 2, rgb(0, 128, 128), rgb(255, 191, 64))
	i, err = p.Patch([]float32{0, 0, 0}, 1, 1, 0, "")
	wantPixels(t, decode(t, i, err), 1, rgb(128, 128, 128))
}

// A photo keeps more of its pixels, as a JPEG.
func TestPaintPhoto(t *testing.T) {
	var p Painter
	pixels := bytes.Repeat([]byte{200, 100, 50}, 300*200)
	i, err := p.Pixels(pixels, 200, 300, 3, "a photo")
	if err != nil || !i.Photo || i.Note != "a photo" {
		t.Fatalf("%.100v, %v", i, err)
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(i.URI), "data:image/jpeg;base64,"))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil || picture.Bounds() != image.Rect(0, 0, 100, 66) {
		t.Fatalf("%v, %v", picture.Bounds(), err)
	}
	r, g, b, _ := picture.At(50, 30).RGBA()
	if r>>8 < 195 || r>>8 > 205 || g>>8 < 95 || g>>8 > 105 || b>>8 < 45 || b>>8 > 55 {
		t.Errorf("%d, %d, %d", r>>8, g>>8, b>>8)
	}
}

// A large picture is made of means.
func TestPaintLarge(t *testing.T) {
	var p Painter
	const rows, cols = 130, 66 // by three: 43×22
	values := make([]float32, rows*cols)
	for i := range values {
		values[i] = float32(i / cols / 3)
	}
	i, err := p.Map(values, rows, cols, values, "")
	got := decode(t, i, err)
	if got.Bounds() != image.Rect(0, 0, 22, 43) {
		t.Fatalf("bounds %v", got.Bounds())
	}
	for y := range 43 {
		if want := uint8(255*float64(y)/43 + 0.5); got.At(5, y).(color.Gray).Y != want {
			t.Errorf("row %d is %v, want %d", y, got.At(5, y), want)
		}
	}
}

func TestLimit(t *testing.T) {
	if got := Limit([]float32{1, -3, float32(math.Inf(1)), float32(math.NaN()), 2}); got != 3 {
		t.Errorf("%v, want 3", got)
	}
}
