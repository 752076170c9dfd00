package picture

import (
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Curves is the course of a training: losses and accuracy in one panel, as the ProgressBoard of
// Dive into Deep Learning shows them, and the learning rate in a small one below.
type Curves struct {
	Title         string  // the network and the data
	Note          string  // what else there is to know, a line below the title
	StepsPerEpoch float64 // the unit of the horizontal axis, unless there is less than one epoch
	Steps         []Step  // in their order
	Epochs        []Epoch // in their order
	Broken        float64 // the step that ended the training, by a loss that is not finite; 0: none
}

// Step is a step of a training, or the mean of some in a row. What is not finite is left out.
type Step struct {
	Step     float64 // from 1, over the whole run
	Images   int     // that Loss is the mean of; 0: as many as others
	Loss, LR float64
}

// Epoch is what an evaluation has found. What is not finite is left out.
type Epoch struct {
	Epoch       int
	Step        float64 // the last one before it
	TrainLoss   float64 // mean over the epoch
	ValLoss     float64
	ValAccuracy float64
}

// The picture's size: 1200×900 pixels, whose smallest text is 20 pixels high.
const (
	dpi          = 144
	curvesWidth  = 600 * vg.Length(1) // in points, as all that follows
	curvesHeight = 450
	margin       = 14
	rateHeight   = 120 // of the learning rate's panel
	headerHeight = 68
)

// maxPoints is how many points of a line are drawn: about one a pixel.
const maxPoints = 1000

// The colours differ in brightness too, and no two lines share their dashes.
var (
	ink       = color.Gray{0x22}
	pale      = color.Gray{0x66} // text that is not needed to understand the rest
	faint     = color.Gray{0xe0} // lines to measure by
	blue      = color.RGBA{0x1f, 0x5f, 0xa8, 0xff}
	lightBlue = color.RGBA{0xbf, 0xd5, 0xec, 0xff}
	magenta   = color.RGBA{0xb0, 0x00, 0x9a, 0xff}
	green     = color.RGBA{0x00, 0x6b, 0x2d, 0xff}
	red       = color.RGBA{0xc0, 0x20, 0x20, 0xff}

	noisyLine    = draw.LineStyle{Color: lightBlue, Width: 0.75}
	trainLine    = draw.LineStyle{Color: blue, Width: 1.75}
	lossLine     = draw.LineStyle{Color: magenta, Width: 1.75, Dashes: []vg.Length{6, 3}}
	accuracyLine = draw.LineStyle{Color: green, Width: 1.75, Dashes: []vg.Length{7, 2.5, 1.5, 2.5}}
	rateLine     = draw.LineStyle{Color: ink, Width: 1.5}
	brokenLine   = draw.LineStyle{Color: red, Width: 1.25, Dashes: []vg.Length{1.5, 2}}

	lossMark     = draw.GlyphStyle{Color: magenta, Radius: 2.75, Shape: draw.BoxGlyph{}}
	accuracyMark = draw.GlyphStyle{Color: green, Radius: 3.5, Shape: draw.PyramidGlyph{}}
	trainMark    = draw.GlyphStyle{Color: blue, Radius: 2.75, Shape: draw.CircleGlyph{}}
	rateMark     = draw.GlyphStyle{Color: ink, Radius: 2.5, Shape: draw.CircleGlyph{}}
)

// WritePNG draws the curves.
func (c *Curves) WritePNG(w io.Writer) error {
	x := c.axis()
	canvas := vgimg.NewWith(vgimg.UseWH(curvesWidth, curvesHeight), vgimg.UseDPI(dpi))
	page := draw.Crop(draw.New(canvas), margin, -margin, margin/2, -margin)
	c.header(page)
	progress := draw.Crop(page, 0, 0, rateHeight, -headerHeight)
	rate := page
	rate.Max.Y = rate.Min.Y + rateHeight - margin/2
	stack(c.progressPlot(x), progress, c.ratePlot(x), rate)
	return png.Encode(w, canvas.Image())
}

// axis is the horizontal axis that both panels have.
type axis struct {
	title string
	unit  float64 // steps
	max   float64 // in units
}

func (c *Curves) axis() axis {
	last := c.Broken
	for _, s := range c.Steps {
		last = math.Max(last, s.Step)
	}
	for _, e := range c.Epochs {
		last = math.Max(last, e.Step)
	}
	if last >= c.StepsPerEpoch && c.StepsPerEpoch > 0 {
		return axis{"epoch", c.StepsPerEpoch, last / c.StepsPerEpoch}
	}
	return axis{"step", 1, math.Max(last, 1)}
}

// progressPlot is the panel of losses and accuracy.
func (c *Curves) progressPlot(x axis) *plot.Plot {
	losses, smoothed := c.losses(x)
	valLosses := c.epochPoints(x, func(e Epoch) float64 { return e.ValLoss })
	accuracies := c.epochPoints(x, func(e Epoch) float64 { return e.ValAccuracy })
	top := lossTop(smoothed, valLosses)
	p := newPlot(x, "loss, accuracy", top, 6)
	p.Add(
		line{limit(losses, top), noisyLine},
		line{limit(smoothed, top), trainLine},
		line{limit(valLosses, top), lossLine},
		line{limit(accuracies, top), accuracyLine},
	)
	if len(losses) == 1 {
		p.Add(marks{losses, trainMark})
	}
	if few := 30; len(c.Epochs) <= few {
		p.Add(marks{valLosses, lossMark}, marks{accuracies, accuracyMark})
	}
	if c.Broken > 0 {
		end := c.Broken / x.unit
		p.Add(line{[]point{{end, 0}, {end, top}}, brokenLine})
	}
	return p
}

// lossTop is where the vertical axis ends: it has room for every accuracy, and for losses up to
// twice the first one. Of a training that goes wrong the curves leave the picture at the top,
// and what was before stays legible.
func lossTop(lines ...[]point) float64 {
	top, first := 1.0, math.NaN()
	for _, line := range lines {
		for _, p := range line {
			if isFinite(p.y) {
				top = math.Max(top, p.y)
				if math.IsNaN(first) {
					first = math.Max(1, p.y)
				}
			}
		}
	}
	if top > 2*first {
		top = 2 * first
	}
	return 1.05 * top
}

// ratePlot is the panel of the learning rate. Where that spans decades it shows the logarithm, with
// ticks at the powers of ten.
func (c *Curves) ratePlot(x axis) *plot.Plot {
	rates := c.points(x, func(s Step) float64 { return s.LR })
	low, high := rateRange(rates)
	p := newPlot(x, "learning rate", 1.1*high, 3)
	p.X.Label.Text = x.title
	if low > 0 {
		p.Y.Min, p.Y.Max = math.Log10(low), math.Log10(high)+0.2
		p.Y.Tick.Marker = plot.TickerFunc(decades)
		for i := range rates {
			rates[i].y = math.Log10(rates[i].y) // of 0 not finite
		}
	}
	p.Add(line{rates, rateLine})
	if len(rates) == 1 {
		p.Add(marks{rates, rateMark})
	}
	return p
}

// rateRange is the largest learning rate, 1 if there is none, and where the axis is to begin: at 0
// or, if it falls below a fiftieth for a tenth of the steps, at a power of ten.
func rateRange(rates []point) (low, high float64) {
	values := sorted(rates)
	if len(values) == 0 || values[len(values)-1] <= 0 {
		return 0, 1
	}
	high = values[len(values)-1]
	tenth := values[len(values)/10]
	if tenth > 0 && tenth <= high/50 {
		return math.Pow(10, math.Floor(math.Log10(tenth))), high
	}
	return 0, high
}

// points are the steps' values, thinned.
func (c *Curves) points(x axis, value func(Step) float64) []point {
	all := make([]point, len(c.Steps))
	for i, s := range c.Steps {
		all[i] = point{s.Step / x.unit, value(s)}
	}
	return thin(all, maxPoints)
}

// losses are the steps' losses, thinned, and their moving average; the short last batch of an epoch
// counts for as many images as it has.
func (c *Curves) losses(x axis) (losses, smoothed []point) {
	images := func(s Step) float64 {
		if !isFinite(s.Loss) {
			return math.NaN() // counts for nothing
		}
		return float64(max(s.Images, 1))
	}
	counts := c.points(x, images)
	sums := c.points(x, func(s Step) float64 { return s.Loss * images(s) })
	return ratio(sums, counts), ratio(smooth(sums), smooth(counts))
}

func (c *Curves) epochPoints(x axis, value func(Epoch) float64) []point {
	all := make([]point, len(c.Epochs))
	for i, e := range c.Epochs {
		all[i] = point{e.Step / x.unit, value(e)}
	}
	return thin(all, maxPoints)
}

// header writes title, note and legend above the panels, where no line can be.
func (c *Curves) header(page draw.Canvas) {
	width := page.Max.X - page.Min.X
	top := page.Max.Y
	for _, t := range []struct {
		text  string
		style textStyle
		below float64 // the page's top
	}{{c.Title, titleText, 15}, {c.Note, noteText, 33}} {
		style := t.style.vg()
		page.FillText(style, vg.Point{X: page.Min.X, Y: top - vg.Length(t.below)}, t.style.fit(t.text, width.Points()))
	}
	at := vg.Point{X: page.Min.X, Y: top - 56}
	for _, e := range c.legend() {
		at.X = e.draw(page, at)
	}
}

// legend says what the lines are, and what their last values.
func (c *Curves) legend() []entry {
	last := Epoch{TrainLoss: math.NaN(), ValLoss: math.NaN(), ValAccuracy: math.NaN()}
	best, bestEpoch := math.Inf(-1), 0
	for _, e := range c.Epochs {
		last = e
		if e.ValAccuracy > best {
			best, bestEpoch = e.ValAccuracy, e.Epoch
		}
	}
	accuracy := "val accuracy" + value(last.ValAccuracy)
	if bestEpoch != 0 && best != last.ValAccuracy {
		accuracy += fmt.Sprintf(" (best%s, epoch %d)", value(best), bestEpoch)
	}
	return []entry{
		{"train loss" + value(last.TrainLoss), trainLine, draw.GlyphStyle{}},
		{"val loss" + value(last.ValLoss), lossLine, lossMark},
		{accuracy, accuracyLine, accuracyMark},
	}
}

// value writes a number with a space before it, and nothing for what is not finite.
func value(x float64) string {
	decimals := 4
	if math.Abs(x) >= 10 {
		decimals = 2
	}
	switch {
	case !isFinite(x):
		return ""
	case math.Abs(x) >= 1000:
		return " " + strconv.FormatFloat(x, 'g', 4, 64)
	}
	return " " + strconv.FormatFloat(x, 'f', decimals, 64)
}
