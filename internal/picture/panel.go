package picture

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"vggtrain/internal/chart"
)

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
