package picture

import (
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"vggtrain/internal/chart"
	"vggtrain/internal/record"
)

// Curves is a plot of a training: the ProgressBoard of Dive into Deep Learning, with the learning
// rate below.
type Curves struct {
	*chart.Curves
	Title, Note string // lines above: network and data; further facts
}

// The picture has 1200×900 pixels. Its smallest text is 20 pixels high.
const (
	dpi          = 144
	curvesWidth  = 600 * vg.Length(1) // in points, as all that follows
	curvesHeight = 450
	margin       = 14
	rateHeight   = 120 // of the learning rate's panel
	headerHeight = 68
)

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

	looks = map[chart.Kind]look{
		chart.Batch: {line: draw.LineStyle{Color: lightBlue, Width: 0.75}},
		chart.Train: {draw.LineStyle{Color: blue, Width: 1.75}, draw.GlyphStyle{Color: blue, Radius: 2.75, Shape: draw.CircleGlyph{}}},
		chart.Val: {draw.LineStyle{Color: magenta, Width: 1.75, Dashes: []vg.Length{6, 3}},
			draw.GlyphStyle{Color: magenta, Radius: 2.75, Shape: draw.BoxGlyph{}}},
		chart.Accuracy: {draw.LineStyle{Color: green, Width: 1.75, Dashes: []vg.Length{7, 2.5, 1.5, 2.5}},
			draw.GlyphStyle{Color: green, Radius: 3.5, Shape: draw.PyramidGlyph{}}},
		chart.Rate: {draw.LineStyle{Color: ink, Width: 1.5}, draw.GlyphStyle{Color: ink, Radius: 2.5, Shape: draw.CircleGlyph{}}},
	}
	brokenLine = draw.LineStyle{Color: red, Width: 1.25, Dashes: []vg.Length{1.5, 2}}
)

// WritePNG draws losses, accuracy and learning rate.
func (c *Curves) WritePNG(w io.Writer) error {
	canvas := vgimg.NewWith(vgimg.UseWH(curvesWidth, curvesHeight), vgimg.UseDPI(dpi))
	page := draw.Crop(draw.New(canvas), margin, -margin, margin/2, -margin)
	c.header(page)
	above := draw.Crop(page, 0, 0, rateHeight, -headerHeight)
	below := page
	below.Max.Y = below.Min.Y + rateHeight - margin/2
	progress, rate := c.Board()
	upper := panel(progress)
	if c.Broken > 0 {
		end := float64(c.Broken) / progress.Unit
		upper.Add(line{[]chart.Point{{X: end, Y: progress.Y.Low}, {X: end, Y: progress.Y.High}}, brokenLine})
	}
	stack(upper, above, panel(rate), below)
	return png.Encode(w, canvas.Image())
}

// header writes title, note and legend above the panels, where no line can be.
func (c *Curves) header(page draw.Canvas) {
	width, left, top := (page.Max.X - page.Min.X).Points(), page.Min.X, page.Max.Y
	page.FillText(titleText.vg(), vg.Point{X: left, Y: top - 15}, visual(titleText.fit(c.Title, width)))
	page.FillText(noteText.vg(), vg.Point{X: left, Y: top - 33}, visual(noteText.fit(c.Note, width)))
	for _, l := range c.legend() {
		left = entry(page, vg.Point{X: left, Y: top - 56}, l)
	}
}

// legend says what the lines are, and what their last values.
func (c *Curves) legend() []chart.Line {
	last := record.Epoch{TrainLoss: math.NaN(), ValLoss: math.NaN(), ValAccuracy: math.NaN()}
	if n := len(c.Epochs); n > 0 {
		last = c.Epochs[n-1]
	}
	accuracy := "val accuracy" + value(last.ValAccuracy)
	if best := c.Best(); best != nil && best.ValAccuracy != last.ValAccuracy {
		accuracy += fmt.Sprintf(" (best%s, epoch %d)", value(best.ValAccuracy), best.Epoch)
	}
	return []chart.Line{
		{Kind: chart.Train, Name: "train loss" + value(last.TrainLoss)},
		{Kind: chart.Val, Name: "val loss" + value(last.ValLoss)},
		{Kind: chart.Accuracy, Name: accuracy},
	}
}

// value writes a number with a space before it, and nothing for what is not finite.
func value(x float64) string {
	switch size := math.Abs(x); {
	case !chart.IsFinite(x):
		return ""
	case size >= 1000:
		return fmt.Sprintf(" %.4g", x)
	case size >= 10:
		return fmt.Sprintf(" %.2f", x)
	}
	return fmt.Sprintf(" %.4f", x)
}

// look is how a line of a kind is drawn: where few points are marked, with mark.
type look struct {
	line draw.LineStyle
	mark draw.GlyphStyle
}

// panel returns a plot of a chart, with faint lines at the ticks of its vertical axis.
func panel(c chart.Chart) *plot.Plot {
	p := plot.New()
	for from, a := range map[*chart.Axis]*plot.Axis{&c.X: &p.X, &c.Y: &p.Y} {
		var ticks plot.ConstantTicks
		for _, t := range from.Ticks {
			ticks = append(ticks, plot.Tick(t))
		}
		a.Min, a.Max, a.Label.Text, a.Tick.Marker = from.Low, from.High, from.Title, ticks
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
	p.Add(rules{})
	for _, l := range c.Lines {
		p.Add(line{l.Points, looks[l.Kind].line})
	}
	for _, l := range c.Lines {
		if l.Marked() {
			p.Add(marks{l.Points, looks[l.Kind].mark})
		}
	}
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
	points []chart.Point
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
		if !chart.IsFinite(at.Y) {
			stroke()
			continue
		}
		joined = append(joined, vg.Point{X: x(at.X), Y: y(at.Y)})
	}
	stroke()
}

// marks are points that stand alone.
type marks struct {
	points []chart.Point
	style  draw.GlyphStyle
}

func (m marks) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, at := range m.points {
		if chart.IsFinite(at.Y) && at.Y >= p.Y.Min && at.Y <= p.Y.Max {
			c.DrawGlyphNoClip(m.style, vg.Point{X: x(at.X), Y: y(at.Y)})
		}
	}
}

// entry draws an entry of a legend, a piece of the line and what it is, with the middle of the line's
// left end at a point, and returns where the next one may begin.
func entry(c draw.Canvas, at vg.Point, l chart.Line) vg.Length {
	const length, gap = 34, 7
	c.StrokeLine2(looks[l.Kind].line, at.X, at.Y, at.X+length, at.Y)
	if l.Kind != chart.Train {
		c.DrawGlyph(looks[l.Kind].mark, vg.Point{X: at.X + length/2, Y: at.Y})
	}
	style := labelText.vg()
	style.YAlign = draw.YCenter
	c.FillText(style, vg.Point{X: at.X + length + gap, Y: at.Y}, l.Name)
	return at.X + length + gap + style.Width(l.Name) + 3*gap
}
