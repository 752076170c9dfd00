package picture

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"slices"
	"strconv"
)

// Confusion is a confusion matrix. A row is a true class, a column a predicted one. A darker cell is
// a larger share of its row.
type Confusion struct {
	Title, Note string
	Classes     []string
	Numbers     []int     // of the classes; nil: 0, 1, 2, …
	Counts      [][]int64 // [true][predicted]
}

// MaxClasses bounds the classes of a matrix, each of which is named: more could not be read.
const MaxClasses = 100

const (
	edge      = 28  // white round all, in pixels, as what follows
	gap       = 8   // between what belongs together
	nameRoom  = 220 // of a class's name
	barWidth  = 24
	matrixMax = 1100
	cellMax   = 120
	zeroCell  = 40       // the smallest with a 0: of many cells most have one
	cellMin   = lineRoom // a class's name beside it
)

// WritePNG draws the matrix.
func (c *Confusion) WritePNG(w io.Writer) error {
	if err := c.check(); err != nil {
		return err
	}
	m := c.layout()
	s, err := newSheet(m.width, m.height, false)
	if err != nil {
		return err
	}
	header{c.Title, c.note()}.draw(s, edge, edge, m.width-2*edge)
	m.cells(s, c.Counts)
	m.names(s)
	m.bar(s)
	return png.Encode(w, s.Image)
}

func (c *Confusion) note() string { return c.Note + unlike(c.Classes) }

func (c *Confusion) check() error {
	n := len(c.Classes)
	if n < 1 || n > MaxClasses || len(c.Counts) != n {
		return fmt.Errorf("a confusion matrix of %d rows for %d classes: 1 to %d can be drawn, a row each", len(c.Counts), n, MaxClasses)
	}
	for i, row := range c.Counts {
		if len(row) != n {
			return fmt.Errorf("a confusion matrix whose row %d has %d columns for %d classes", i, len(row), n)
		}
	}
	return nil
}

// matrix is where things are, in pixels.
type matrix struct {
	classes       []string // cut to their room
	cell          int      // side of a cell
	upright       bool     // the columns' names run upwards
	at            image.Rectangle
	width, height int
}

func (c *Confusion) layout() matrix {
	n := len(c.Classes)
	m := matrix{cell: min(cellMax, max(cellMin, matrixMax/n))}
	m.classes = bodyText.fitNames(c.Classes, c.Numbers, nameRoom)
	widest := 0
	for _, name := range m.classes {
		widest = max(widest, bodyText.room(name))
	}
	m.upright = widest > m.cell-gap
	wide, high := header{c.Title, c.note()}.size()
	below := lineRoom
	if m.upright {
		below = widest
	}
	side := n * m.cell
	m.at = image.Rect(0, 0, side, side).Add(image.Pt(edge+lineRoom+gap+widest+gap, edge+high+gap))
	m.width = max(m.at.Max.X+3*gap+barWidth+gap+quietText.room("100%")+edge, 2*edge+wide)
	m.height = m.at.Max.Y + gap + below + gap + lineRoom + edge
	return m
}

// cellAt is where the cell of row i and column j is.
func (m *matrix) cellAt(i, j int) image.Rectangle {
	r := image.Rect(0, 0, m.cell, m.cell).Add(m.at.Min).Add(image.Pt(j*m.cell, i*m.cell))
	r.Max = r.Max.Sub(image.Pt(1, 1)) // a line
	return r
}

// cells draws the matrix itself, with numbers if there is room for the largest.
func (m *matrix) cells(s *sheet, counts [][]int64) {
	s.fill(m.at.Inset(-1), faint)
	style, shares := m.numbers(counts)
	for i, row := range counts {
		var sum int64
		for _, n := range row {
			sum += n
		}
		for j, n := range row {
			share := 0.0
			if sum > 0 {
				share = float64(n) / float64(sum)
			}
			r, shade := m.cellAt(i, j), shadeOf(share)
			s.fill(r, shade)
			if style.size == 0 {
				continue
			}
			x, y := (r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2
			style.color = on(shade)
			if n == 0 {
				if m.cell < zeroCell {
					continue
				}
				style.color = pale
			}
			if shares && n > 0 {
				small := textStyle{shareSize, false, style.color}
				s.write(small, percent(share), x, y+12, center)
				y -= 11
			}
			s.write(style, strconv.FormatInt(n, 10), x, y, center)
		}
	}
}

const shareSize = 16

// numbers returns the largest style that gives every count room in its cell, of size 0 if none does,
// and whether the share has room too.
func (m *matrix) numbers(counts [][]int64) (style textStyle, shares bool) {
	text := strconv.FormatInt(slices.Max(slices.Concat(counts...)), 10)
	for _, size := range []float64{22, 20, 18, 16, 14, 12} {
		style = textStyle{size, false, ink}
		if style.room(text) <= m.cell-6 && int(size)+4 <= m.cell {
			wide := textStyle{shareSize, false, ink}.room(percent(1))
			return style, size >= 16 && m.cell >= 56 && wide <= m.cell-4
		}
	}
	return textStyle{}, false
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + "%" }

// names writes the classes and what rows and columns are.
func (m *matrix) names(s *sheet) {
	for i, name := range m.classes {
		r := m.cellAt(i, i)
		x, y := (r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2
		s.write(bodyText, name, m.at.Min.X-gap, y, right)
		if m.upright {
			s.writeUp(bodyText, name, x, m.at.Max.Y+gap, right)
		} else {
			s.write(bodyText, name, x, m.at.Max.Y+gap+lineRoom/2, center)
		}
	}
	middle := m.at.Min.Add(m.at.Max).Div(2)
	s.writeUp(boldText, "true class", edge+lineRoom/2, middle.Y, center)
	s.write(boldText, "predicted class", middle.X, m.height-edge-lineRoom/2, center)
}

// bar shows which shade is which share.
func (m *matrix) bar(s *sheet) {
	r := image.Rect(m.at.Max.X+3*gap, m.at.Min.Y, m.at.Max.X+3*gap+barWidth, m.at.Max.Y)
	s.fill(r.Inset(-1), faint)
	height := r.Dy()
	for y := range height {
		t := 1 - (float64(y)+0.5)/float64(height)
		s.fill(image.Rect(r.Min.X, r.Min.Y+y, r.Max.X, r.Min.Y+y+1), shadeOf(t*t))
	}
	free := r.Max.Y + lineRoom // below it is text
	for _, p := range []int{0, 1, 5, 10, 25, 50, 100} {
		if y := r.Max.Y - int(math.Round(math.Sqrt(float64(p)/100)*float64(height))); y <= free-lineRoom {
			s.write(quietText, strconv.Itoa(p)+"%", r.Max.X+gap, y, left)
			free = y
		}
	}
}

// shadeOf is the colour of a share: white for 0, dark blue for 1, by its root, so that the few
// images of a rare error are seen too. It gets darker all the way, so that it is the same in grey.
func shadeOf(share float64) color.RGBA {
	stops := [...][3]float64{{255, 255, 255}, {107, 174, 214}, {8, 48, 107}}
	t := math.Sqrt(share) * 2
	k := min(int(t), 1)
	t -= float64(k)
	var c [3]uint8
	for i := range c {
		c[i] = uint8(math.Round(stops[k][i]*(1-t) + stops[k+1][i]*t))
	}
	return color.RGBA{c[0], c[1], c[2], 0xff}
}

// on is the colour of text on a background: of black and white the one with more contrast, by the
// relative luminance of WCAG 2.
func on(background color.RGBA) color.Color {
	linear := func(c uint8) float64 { return math.Pow(float64(c)/255, 2.2) }
	luminance := 0.2126*linear(background.R) + 0.7152*linear(background.G) + 0.0722*linear(background.B)
	if (1+0.05)/(luminance+0.05) > (luminance+0.05)/(0+0.05) {
		return color.White
	}
	return color.Black
}
