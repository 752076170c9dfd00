package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	"vggtrain/internal/chart"
	"vggtrain/internal/record"
)

// drawn draws a picture and decodes it.
func drawn(t *testing.T, p drawing) image.Image {
	t.Helper()
	var file bytes.Buffer
	if err := p.WritePNG(&file); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&file)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

type drawing interface{ WritePNG(io.Writer) error }

// The same data give the same bytes.
func TestSameBytes(t *testing.T) {
	for _, p := range []drawing{
		run(100, 10, func(step int) float64 { return 2 + math.Sin(float64(step)) }, 0.1), confusion(12),
		tiles(28, 28, 2, 2, Line{Left: "name", Right: "#1"}),
	} {
		var first, second bytes.Buffer
		if err := errors.Join(p.WritePNG(&first), p.WritePNG(&second)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%T: other bytes the second time", p)
		}
	}
}

// where is the smallest rectangle with all pixels of a colour in a part of a picture.
func where(img image.Image, part image.Rectangle, c color.Color) image.Rectangle {
	var found image.Rectangle
	pixels := image.NewRGBA(part)
	draw.Draw(pixels, part, img, part.Min, draw.Src)
	want := color.RGBAModel.Convert(c).(color.RGBA)
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if pixels.RGBAAt(x, y) == want {
				found = found.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return found
}

// The parts of a picture of curves.
var (
	headerPart   = image.Rect(0, 0, 1200, 160)
	progressPart = image.Rect(60, 170, 1200, 640)
	ratePart     = image.Rect(150, 660, 1200, 826) // without what stands at its vertical axis
)

// run returns a training of n steps with these losses; epochs end where they should, the last one
// with the last step.
func run(n, perEpoch int, loss func(step int) float64, rate float64) *Curves {
	c := &Curves{&chart.Curves{StepsPerEpoch: perEpoch, Done: n}, "net on data", "a note"}
	for step := 1; step <= n; step++ {
		c.Steps = append(c.Steps, chart.Step{Step: float64(step), Images: 128, Loss: loss(step), LR: rate})
		if step%perEpoch == 0 || step == n {
			c.Epochs = append(c.Epochs, record.Epoch{Epoch: (step + perEpoch - 1) / perEpoch, TrainLoss: loss(step), ValLoss: 1, ValAccuracy: 0.5})
		}
	}
	return c
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: %.1f, want %.1f ± %.1f", what, got, want, within)
	}
}

// Losses of 2 and 1 and an accuracy of 0.5 are straight lines whose heights are in proportion, the
// last two from the end of the first epoch of two.
func TestCurvesPlaces(t *testing.T) {
	img := drawn(t, run(200, 100, func(int) float64 { return 2 }, 0.01))
	if size := img.Bounds().Size(); size != image.Pt(1200, 900) {
		t.Errorf("size %v", size)
	}
	train, loss, accuracy := where(img, progressPart, blue), where(img, progressPart, magenta), where(img, progressPart, green)
	middle := func(r image.Rectangle) float64 { return float64(r.Min.Y+r.Max.Y) / 2 }
	unit := middle(loss) - middle(train) // pixels for a loss of 1
	if unit < 150 {
		t.Errorf("a loss of 1 is %.0f pixels high", unit)
	}
	near(t, "accuracy's height", middle(accuracy), middle(loss)+unit/2, 4) // a triangle's middle is not its point
	near(t, "train loss's height", float64(train.Dy()), 2, 2)
	near(t, "val loss begins", float64(loss.Min.X+5), float64(train.Min.X+train.Max.X)/2, 4)
	ratePart := ratePart
	ratePart.Min.X = train.Min.X - 8
	rate := where(img, ratePart, ink)
	if rate.Dy() > 6 || rate.Dx() < 900 {
		t.Errorf("the learning rate is at %v, want a flat line all the way", rate)
	}
	near(t, "both panels begin", float64(rate.Min.X), float64(train.Min.X), 1)
	near(t, "both panels end", float64(rate.Max.X), float64(train.Max.X), 1)
	for name, c := range map[string]color.Color{"train loss": blue, "val loss": magenta, "val accuracy": green} {
		if where(img, headerPart, c).Empty() {
			t.Errorf("the legend has no %s", name)
		}
	}
}

// Whatever the training, there is a picture of the same size, and where there are losses, their line.
func TestCurvesOfAllKinds(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	flat := func(int) float64 { return 2.3 }
	zero := run(40, 10, flat, 0)
	for i := range zero.Epochs {
		zero.Epochs[i].ValAccuracy = 0
	}
	lost := run(40, 10, func(int) float64 { return nan }, nan)
	for i := range lost.Epochs {
		lost.Epochs[i] = record.Epoch{Epoch: i + 1, TrainLoss: nan, ValLoss: inf, ValAccuracy: nan}
	}
	short := run(3, 100, flat, 1e-7)
	short.Title, short.Note = strings.Repeat("ネット\n\x1b[31m ", 200), strings.Repeat("x", 10_000)
	for name, c := range map[string]struct {
		curves *Curves
		losses bool // can be seen
	}{
		"nothing":          {&Curves{Curves: &chart.Curves{}}, false},
		"no epoch's steps": {&Curves{Curves: &chart.Curves{Steps: run(3, 5, flat, 1).Steps}}, true},
		"one step":         {run(1, 100, flat, 0.1), true},
		"part of an epoch": {short, true},
		"one epoch":        {run(100, 100, flat, 0.1), true},
		"500 epochs":       {run(5_000, 10, func(i int) float64 { return 2 / float64(i) }, 0.1), true},
		"100,000 steps":    {run(100_000, 469, func(i int) float64 { return 2 + math.Sin(float64(i)) }, 0.1), true},
		"all zero":         {zero, true},
		"nothing finite":   {lost, false},
		"infinite":         {run(40, 10, func(i int) float64 { return []float64{1, inf}[i/20%2] }, inf), true},
		"enormous":         {run(40, 10, func(i int) float64 { return math.Pow(10, float64(i*7)) }, 1e300), true},
		"negative":         {run(40, 10, func(i int) float64 { return -1e300 }, -1), false},
		"tiny":             {run(40, 10, func(int) float64 { return 5e-324 }, 5e-324), true},
	} {
		t.Run(name, func(t *testing.T) {
			img := drawn(t, c.curves)
			if size := img.Bounds().Size(); size != image.Pt(1200, 900) {
				t.Errorf("size %v", size)
			}
			if there := !where(img, progressPart, blue).Empty(); there != c.losses {
				t.Errorf("losses drawn: %t, want %t", there, c.losses)
			}
		})
	}
}

// Where losses are not finite the line has a gap, and what is round it stays.
func TestCurvesGap(t *testing.T) {
	img := drawn(t, run(300, 100, func(step int) float64 {
		if step > 100 && step <= 200 {
			return math.NaN()
		}
		return 2
	}, 0.1))
	line := where(img, progressPart, blue)
	third := line.Dx() / 3
	gap := image.Rect(line.Min.X+third+5, 0, line.Max.X-third-5, 900)
	if got := where(img, progressPart.Intersect(gap), blue); !got.Empty() {
		t.Errorf("a line over the gap: %v", got)
	}
	if line.Dx() < 900 {
		t.Errorf("what is round the gap: %v", line)
	}
}

// A loss that runs away leaves the picture at the top; the step that broke the training is marked.
func TestCurvesDiverge(t *testing.T) {
	c := run(100, 20, func(step int) float64 { return 2 * math.Max(1, math.Pow(10, float64(step-80))) }, 0.1)
	c.Broken = 100
	img := drawn(t, c)
	early := image.Rect(150, 170, 800, 640)
	flat := where(img, early, blue)
	near(t, "the height of a loss of 2 of at most 4", float64(flat.Min.Y), float64(progressPart.Min.Y+progressPart.Max.Y)/2, 25)
	if above := where(img, image.Rect(200, 0, 1200, 155), blue); !above.Empty() {
		t.Errorf("a line beyond its panel: %v", above)
	}
	if mark := where(img, progressPart, red); mark.Min.X < 1100 || mark.Dy() < 300 {
		t.Errorf("the mark is at %v", mark)
	}
}

// A rate that falls by decades is drawn by its logarithm: three equal stairs.
func TestCurvesDecades(t *testing.T) {
	c := run(300, 10, func(int) float64 { return 1 }, 0)
	for i := range c.Steps {
		c.Steps[i].LR = math.Pow(10, float64(-1-i/100))
	}
	img := drawn(t, c)
	var heights []int
	for k := range 3 {
		x := 300 + 340*k
		heights = append(heights, where(img, image.Rect(x, ratePart.Min.Y, x+20, ratePart.Max.Y), ink).Min.Y)
	}
	near(t, "the second stair", float64(heights[2]-heights[1]), float64(heights[1]-heights[0]), 2)
	if heights[1]-heights[0] < 30 {
		t.Errorf("the stairs are at %d", heights)
	}
}

func BenchmarkCurves(b *testing.B) {
	c := run(4690, 469, func(i int) float64 { return 2 / math.Sqrt(float64(i)) * (1 + 0.3*math.Sin(float64(i))) }, 0.01)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.WritePNG(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
