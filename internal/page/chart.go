package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"vggtrain/internal/chart"
)

// chartView is a chart for the template. Places are parts of the plot's width and height: it fits any
// width, and its text keeps its size.
type chartView struct {
	ID, Title string
	Summary   string // in words
	Unit      string // of X, in words
	Axis      string // the same beside the axis
	Note      string // what a legend says of Best
	X, Y      []tick
	Lines     []lineView
	Best      *dot // stands out; nil: none
	PerEpoch  int  // steps
}

// tick is a labelled place on an axis, in percent of the plot from the left or from the top.
type tick struct{ At, Text string }

type dot struct{ X, Y string } // in percent

// lineView is a line as it is drawn.
type lineView struct {
	Kind   chart.Kind // its class in page.css
	Name   string
	Path   string // SVG's, in thousandths of the plot
	Values string // of the path's points, STEP:VALUE each, for the script
	Dots   []dot  // the points that are marked
}

// charts are the curves of the run.
func (p *Page) charts() []chartView {
	c := p.Curves
	if c == nil || len(c.Epochs) == 0 && len(c.Steps) < 2 {
		return nil
	}
	var list []chartView
	for _, described := range c.Charts() {
		v := viewOf(described)
		v.PerEpoch = c.StepsPerEpoch
		if best := c.Best(); best != nil && v.ID == "accuracy" {
			x, y := place(described, chart.Point{X: c.Last(*best) / described.Unit, Y: best.ValAccuracy})
			v.Best = &dot{percent(x), percent(y)}
			v.Note = fmt.Sprintf("best %.4f in epoch %d", best.ValAccuracy, best.Epoch)
			v.Summary += " The " + v.Note + "."
		}
		list = append(list, v)
	}
	return list
}

func viewOf(c chart.Chart) chartView {
	v := chartView{ID: c.ID, Title: c.Title, Unit: "epochs", Axis: c.X.Title}
	if c.X.Title == "step" {
		v.Unit = "steps of the first epoch"
	}
	v.Summary = c.Title + " over the " + v.Unit + "."
	for _, t := range c.X.Ticks {
		x, _ := place(c, chart.Point{X: t.Value})
		v.X = append(v.X, tick{percent(x), t.Label})
	}
	for _, t := range c.Y.Ticks {
		_, y := place(c, chart.Point{Y: t.Value})
		v.Y = append(v.Y, tick{percent(y), t.Label})
	}
	for _, l := range c.Lines {
		drawn, last := draw(c, l)
		if drawn.Path != "" {
			v.Lines = append(v.Lines, drawn)
			v.Summary += fmt.Sprintf(" Last %s %s.", l.Name, last)
		}
	}
	return v
}

// place returns a point's position as fractions of the plot, from the left and from the top.
func place(c chart.Chart, p chart.Point) (x, y float64) {
	return (p.X - c.X.Low) / (c.X.High - c.X.Low), (c.Y.High - p.Y) / (c.Y.High - c.Y.Low)
}

// draw returns a line as it is drawn, and its last value.
func draw(c chart.Chart, l chart.Line) (v lineView, last string) {
	v = lineView{Kind: l.Kind, Name: l.Name}
	var path strings.Builder
	var values []string
	pen := byte('M')
	for _, p := range l.Points {
		if !chart.IsFinite(p.Y) {
			pen = 'M'
			continue
		}
		x, y := place(c, p)
		fmt.Fprintf(&path, "%c%s %s", pen, trim(1000*x, 1), trim(1000*y, 1))
		pen = 'L'
		if l.Marked() && y >= 0 && y <= 1 {
			v.Dots = append(v.Dots, dot{percent(x), percent(y)})
		}
		if c.Log {
			p.Y = math.Pow(10, p.Y)
		}
		last = fmt.Sprintf(c.Format, p.Y)
		values = append(values, fmt.Sprintf("%.0f:%s", p.X*c.Unit, last))
	}
	v.Path, v.Values = path.String(), strings.Join(values, " ")
	return v, last
}

// percent writes a part of 1.
func percent(part float64) string { return trim(100*part, 2) + "%" }

// trim writes a number with at most decimals decimals.
func trim(x float64, decimals int) string {
	text := strconv.FormatFloat(x, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}

// orDash formats a number; NaN and infinities become a dash.
func orDash(format string, x float64) string {
	if !chart.IsFinite(x) {
		return "–"
	}
	return fmt.Sprintf(format, x)
}
