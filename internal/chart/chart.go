// Package chart computes the curves of a run: lines with a bounded number of points, and axes with
// round numbers. Package page draws them in SVG, picture as PNG.
package chart

import (
	"math"
	"slices"

	"vggtrain/internal/record"
)

// Curves has the history of a training.
type Curves struct {
	StepsPerEpoch int            // the unit of the horizontal axis, except for runs below one epoch
	Steps         []Step         // in their order
	Epochs        []record.Epoch // in their order
	Done          int            // the newest step; the last epoch may have been cut there
	End           int            // last step of the horizontal axis, if after Done
	Broken        int            // the step with a NaN or infinite loss that ended the training; 0: none
}

// Step is a step of a training, or the mean of consecutive ones. NaN and infinite values are left
// out.
type Step struct {
	Step     float64 // from 1, over the whole run
	Images   int     // behind the mean Loss; 0: one
	Loss, LR float64
}

// Chart has lines over a run, and axes with round numbers.
type Chart struct {
	ID, Title string
	Format    string // of values, for package fmt
	X, Y      Axis
	Unit      float64 // steps that X counts by
	Log       bool    // Y is the logarithm to base 10 of the values
	Lines     []Line
}

// Line has values over a run. A NaN or infinite value is a gap.
type Line struct {
	Kind   Kind
	Name   string
	Points []Point
}

// Kind is the quantity of a line.
type Kind string

// The kinds of lines.
const (
	Batch    Kind = "batch"    // loss of the steps
	Train    Kind = "train"    // moving average of it
	Val      Kind = "val"      // validation loss
	Accuracy Kind = "accuracy" // of the validation
	Rate     Kind = "rate"     // learning rate
	Speed    Kind = "speed"    // images a second
)

// Marked reports whether the line's points are marked: it has few epochs, or a single point.
func (l Line) Marked() bool {
	byEpoch := l.Kind == Val || l.Kind == Accuracy || l.Kind == Speed
	return byEpoch && len(l.Points) <= 30 || len(l.Points) == 1 && l.Kind != Batch
}

// Charts returns losses, accuracy, learning rate and speed, except charts without values.
func (c *Curves) Charts() []Chart {
	x := c.horizontal(8)
	losses := c.losses()
	shown := losses[1:]
	if len(c.Epochs) >= 5 { // the first steps leave the chart: training and validation can be told apart
		shown = []Line{{Points: c.byEpoch(func(e record.Epoch) float64 { return e.TrainLoss })}, losses[2]}
	}
	top := lossTop(0, shown)
	accuracy := c.accuracy()
	speed := c.byEpoch(func(e record.Epoch) float64 { return e.ImagesPerSecond })
	least, most := bounds(accuracy)
	if best := c.Best(); best != nil {
		most = max(most, best.ValAccuracy) // which the thinned line may leave out
	}
	_, fastest := bounds(speed)
	charts := []Chart{
		{ID: "loss", Title: "Loss", Format: "%.4f",
			Y: vertical(0, top, 5), Lines: limit(losses, top)},
		{ID: "accuracy", Title: "Accuracy", Format: "%.4f",
			Y: vertical(max(least-0.02, 0), min(most+0.02, 1), 5), Lines: []Line{{Accuracy, "validation", accuracy}}},
		c.rate(4),
		{ID: "speed", Title: "Images a second", Format: "%.0f",
			Y: vertical(0, 1.1*fastest, 5), Lines: []Line{{Speed, "training", speed}}},
	}
	charts = slices.DeleteFunc(charts, func(c Chart) bool {
		return !slices.ContainsFunc(c.Lines, func(l Line) bool { return len(sorted(l.Points)) > 0 })
	})
	for i := range charts {
		charts[i].X, charts[i].Unit = x, c.unit()
	}
	return charts
}

// Board returns the two panels of the chapter's ProgressBoard: losses with the accuracy, and the
// learning rate.
func (c *Curves) Board() (progress, rate Chart) {
	x := c.horizontal(10)
	losses := c.losses()
	top := lossTop(1, losses[1:]) // with room for every accuracy
	lines := append(losses, Line{Kind: Accuracy, Points: c.accuracy()})
	progress = Chart{X: x, Unit: c.unit(), Y: vertical(0, top, 6), Lines: limit(lines, top)}
	progress.X.Title, progress.Y.Title = "", "loss, accuracy"
	rate = c.rate(3)
	rate.X, rate.Unit, rate.Y.Title = x, c.unit(), "learning rate"
	return progress, rate
}

// Best is the first epoch with the highest accuracy, or nil.
func (c *Curves) Best() (best *record.Epoch) {
	for i, e := range c.Epochs {
		if IsFinite(e.ValAccuracy) && (best == nil || e.ValAccuracy > best.ValAccuracy) {
			best = &c.Epochs[i]
		}
	}
	return best
}

// end is the last step of the run.
func (c *Curves) end() float64 {
	end := float64(max(c.Done, c.End, c.Broken, 1))
	if n := len(c.Steps); n > 0 {
		end = max(end, c.Steps[n-1].Step)
	}
	return end
}

// unit is how many steps the unit of the horizontal axis has.
func (c *Curves) unit() float64 {
	if perEpoch := float64(c.StepsPerEpoch); perEpoch > 0 && c.end() >= perEpoch {
		return perEpoch
	}
	return 1
}

// horizontal is the axis of steps or epochs, with about most ticks at most.
func (c *Curves) horizontal(most int) Axis {
	unit := c.unit()
	a := Axis{Title: "epoch", High: c.end() / unit}
	if unit == 1 {
		a.Title = "step"
	}
	a.Ticks = ticks(0, a.High, most, a.High >= 2 || unit == 1)
	return a
}

// rate is the chart of the learning rate, from 0. If a tenth of the rates are below a fiftieth of the
// largest, it shows logarithms, with ticks at the powers of ten.
func (c *Curves) rate(most int) Chart {
	rates := c.byStep(func(s Step) float64 { return s.LR })
	chart := Chart{ID: "lr", Title: "Learning rate", Format: "%.4g", Y: vertical(0, 1.1, most), Lines: []Line{{Rate, "learning rate", rates}}}
	values := sorted(rates)
	if len(values) == 0 || values[len(values)-1] <= 0 {
		return chart
	}
	tenth, high := values[len(values)/10], values[len(values)-1]
	if tenth <= 0 || tenth > high/50 {
		chart.Y = vertical(0, 1.1*high, most)
		return chart
	}
	chart.Log = true
	chart.Y = Axis{Low: math.Floor(math.Log10(tenth)), High: math.Log10(high) + 0.2}
	chart.Y.Ticks = decades(chart.Y.Low, chart.Y.High)
	for i := range rates {
		rates[i].Y = math.Log10(rates[i].Y) // of 0 not finite
	}
	return chart
}

// lossTop is where an axis of losses ends: with room for least, and for losses up to twice the first
// one. Of a training that goes wrong the curves leave the picture at the top, and what was before
// stays legible.
func lossTop(least float64, lines []Line) float64 {
	top, first := least, math.NaN()
	for _, l := range lines {
		for _, p := range l.Points {
			if !IsFinite(p.Y) {
				continue
			}
			top = max(top, p.Y)
			if math.IsNaN(first) {
				first = max(least, p.Y)
			}
		}
	}
	if first > 0 && top > 2*first {
		top = 2 * first
	}
	return 1.05 * top
}

// losses returns the lines of losses: of the steps and their moving average, both thinned and weighted by
// images, and of the validation.
func (c *Curves) losses() []Line {
	images := func(s Step) float64 {
		if !IsFinite(s.Loss) {
			return math.NaN() // counts for nothing
		}
		return float64(max(s.Images, 1))
	}
	counts := c.byStep(images)
	sums := c.byStep(func(s Step) float64 { return s.Loss * images(s) })
	return []Line{
		{Batch, "training, batch", ratio(sums, counts)},
		{Train, "training, smoothed", ratio(smooth(sums), smooth(counts))},
		{Val, "validation", c.byEpoch(func(e record.Epoch) float64 { return e.ValLoss })},
	}
}

func (c *Curves) accuracy() []Point {
	return c.byEpoch(func(e record.Epoch) float64 { return e.ValAccuracy })
}

// maxPoints bounds the points of a line: about one a pixel.
const maxPoints = 1000

// byStep returns a value of each step, thinned.
func (c *Curves) byStep(value func(Step) float64) []Point {
	all, unit := make([]Point, len(c.Steps)), c.unit()
	for i, s := range c.Steps {
		all[i] = Point{s.Step / unit, value(s)}
	}
	return thin(all, maxPoints)
}

// byEpoch returns a value of each epoch at its end, thinned.
func (c *Curves) byEpoch(value func(record.Epoch) float64) []Point {
	all, unit := make([]Point, len(c.Epochs)), c.unit()
	for i, e := range c.Epochs {
		all[i] = Point{c.Last(e) / unit, value(e)}
	}
	return thin(all, maxPoints)
}

// Last is the last step of an epoch.
func (c *Curves) Last(e record.Epoch) float64 { return float64(min(e.Epoch*c.StepsPerEpoch, c.Done)) }
