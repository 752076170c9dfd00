package picture

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// newPlot returns a panel from 0 to the ends of its axes, with lines to measure by, of which there
// are at most about as many as most.
func newPlot(x axis, title string, top float64, most int) *plot.Plot {
	p := plot.New()
	p.X.Min, p.X.Max = 0, x.max
	p.Y.Min, p.Y.Max = 0, top
	p.Y.Label.Text = title
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Padding = 0
		a.LineStyle = draw.LineStyle{Color: pale, Width: 0.75}
		a.Tick.LineStyle = a.LineStyle
		a.Tick.Length = 4
		a.Label.TextStyle.Font = labelText.font()
		a.Label.TextStyle.Color = ink
		a.Label.Padding = 3
		a.Tick.Label.Font = labelText.font()
		a.Tick.Label.Color = ink
	}
	p.X.Tick.Marker = ticks{most: 10, whole: x.max >= 2 || x.unit == 1}
	p.Y.Tick.Marker = ticks{most: most}
	p.Add(rules{})
	return p
}

// stack draws two panels so that their axes, and the titles of these, stand one below the other.
func stack(upper *plot.Plot, above draw.Canvas, lower *plot.Plot, below draw.Canvas) {
	left := upper.DataCanvas(above).Min.X - lower.DataCanvas(below).Min.X
	upper.Y.Label.Padding += max(0, -left)
	lower.Y.Label.Padding += max(0, left)
	upper.Draw(above)
	lower.Draw(below)
}

// ticks marks round numbers, at most about as many as most; whole: of those only whole ones.
type ticks struct {
	most  int
	whole bool
}

func (t ticks) Ticks(low, high float64) []plot.Tick {
	step := roundStep((high - low) / float64(t.most))
	if t.whole {
		step = math.Max(1, step)
	}
	var all []plot.Tick
	for i := math.Ceil(low / step); i*step <= high*(1+1e-9); i++ {
		all = append(all, plot.Tick{Value: i * step, Label: number(i*step, step)})
	}
	return all
}

// roundStep is the smallest of 1, 2 and 5 times a power of ten that is not less.
func roundStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= least*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// number writes a multiple of step, with as many decimals as that has.
func number(x, step float64) string {
	decimals := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	if decimals > 5 || math.Abs(x) >= 1e6 {
		return strconv.FormatFloat(x, 'g', 3, 64)
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

// decades marks the powers of ten on an axis of logarithms, with a number at every one or, of many,
// at some.
func decades(low, high float64) []plot.Tick {
	first, last := int(math.Ceil(low-1e-9)), int(math.Floor(high+1e-9))
	every := (last-first)/4 + 1
	var all []plot.Tick
	for e := first; e <= last; e++ {
		label := ""
		if (last-e)%every == 0 {
			label = strconv.FormatFloat(math.Pow(10, float64(e)), 'g', 1, 64)
		}
		all = append(all, plot.Tick{Value: float64(e), Label: label})
	}
	return all
}

// rules are a panel's faint lines at the ticks of its vertical axis.
type rules struct{}

// Plot implements plot.Plotter, as the methods below.
func (rules) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if t.Value > p.Y.Min {
			c.StrokeLine2(draw.LineStyle{Color: faint, Width: 0.75}, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
		}
	}
}

// line joins points, as far as they are finite, and ends where it leaves the panel.
type line struct {
	points []point
	style  draw.LineStyle
}

func (l line) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var joined []vg.Point
	stroke := func() {
		if len(joined) > 1 {
			c.StrokeLines(l.style, c.ClipLinesXY(joined)...)
		}
		joined = nil
	}
	for _, at := range l.points {
		if !isFinite(at.y) {
			stroke()
			continue
		}
		joined = append(joined, vg.Point{X: x(at.x), Y: y(at.y)})
	}
	stroke()
}

// marks are points that stand alone.
type marks struct {
	points []point
	style  draw.GlyphStyle
}

func (m marks) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, at := range m.points {
		if isFinite(at.y) && at.y >= p.Y.Min && at.y <= p.Y.Max {
			c.DrawGlyphNoClip(m.style, vg.Point{X: x(at.x), Y: y(at.y)})
		}
	}
}

// entry is an entry of a legend: a piece of the line and what it is.
type entry struct {
	text string
	line draw.LineStyle
	mark draw.GlyphStyle // without a shape: none
}

// draw draws the entry with the middle of its line's left end at a point, and returns where the
// next one may begin.
func (e entry) draw(c draw.Canvas, at vg.Point) vg.Length {
	const length, gap = 34, 7
	c.StrokeLine2(e.line, at.X, at.Y, at.X+length, at.Y)
	if e.mark.Shape != nil {
		c.DrawGlyph(e.mark, vg.Point{X: at.X + length/2, Y: at.Y})
	}
	style := labelText.vg()
	style.YAlign = draw.YCenter
	c.FillText(style, vg.Point{X: at.X + length + gap, Y: at.Y}, e.text)
	return at.X + length + gap + style.Width(e.text) + 3*gap
}
