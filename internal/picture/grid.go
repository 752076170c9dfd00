package picture

import (
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"slices"
	"strings"
)

// Grid is rows of labelled grey images of one size.
type Grid struct {
	Title, Note   string
	Width, Height int // of each image, in pixels
	Rows          []Row
}

// Row is images side by side.
type Row struct {
	Name  string // to the left of them; set in all rows or in none
	Tiles []Tile
}

// Tile is an image with lines of text below.
type Tile struct {
	Pixels []byte // H×W, 0 black
	Lines  []Line
}

// Line is text below an image. Left is cut if it does not fit beside Right.
type Line struct {
	Left, Right string
	Strong      bool // bold
}

const (
	tileSide  = 112 // what images are enlarged to at least, in pixels
	tileMost  = 256 // what they are made smaller to
	labelRoom = 168 // what they are enlarged to for the sake of their text, at most
	tileGap   = 14
)

// WritePNG draws the grid. Images are enlarged, or shrunk if too large, by a whole factor.
func (g *Grid) WritePNG(w io.Writer) error {
	if err := g.check(); err != nil {
		return err
	}
	t := g.layout()
	s, err := newSheet(t.width, t.height, true)
	if err != nil {
		return err
	}
	header{g.Title, g.Note}.draw(s, edge, edge, t.width-2*edge)
	for i, row := range g.Rows {
		y := t.top + i*t.pitch.Y
		s.write(boldText, t.names[i], t.left-2*gap, y+t.size.Y/2, right)
		for j, tile := range row.Tiles {
			t.draw(s, tile, image.Pt(t.left+j*t.pitch.X, y))
		}
	}
	return png.Encode(w, s.Image)
}

func (g *Grid) check() error {
	for i, row := range g.Rows {
		for j, tile := range row.Tiles {
			if g.Width < 1 || g.Height < 1 || len(tile.Pixels) != g.Width*g.Height {
				return fmt.Errorf("row %d, image %d: %d pixels, want %d×%d", i, j, len(tile.Pixels), g.Width, g.Height)
			}
		}
	}
	return nil
}

// tiling is where things are, in pixels.
type tiling struct {
	source        image.Point // an image's size
	enlarge       int         // pixels a side that one of the image becomes,
	shrink        int         // or that become one
	size          image.Point // of an image as drawn
	column        int         // width of an image with its text
	pitch         image.Point // from one image to the next
	left, top     int         // of the first one
	names         []string    // of the rows, cut to their room
	width, height int
}

// layout takes the smallest factor that makes the images as large as they should be, or a smaller
// one if the whole picture would be too large.
func (g *Grid) layout() tiling {
	t := tiling{source: image.Pt(g.Width, g.Height), names: g.names(), shrink: 1}
	columns, lines, name, text := 0, 0, 0, 0
	for i, row := range g.Rows {
		columns = max(columns, len(row.Tiles))
		if t.names[i] != "" {
			name = max(name, boldText.room(t.names[i])+2*gap)
		}
		for _, tile := range row.Tiles {
			lines = max(lines, len(tile.Lines))
			for _, line := range tile.Lines {
				text = max(text, line.room())
			}
		}
	}
	text = min(text, labelRoom)
	wide, high := header{g.Title, g.Note}.size()
	t.left, t.top = edge+name, edge+high+gap
	side := max(1, g.Width, g.Height)
	t.enlarge = (max(tileSide, text) + side - 1) / side
	if side > tileMost {
		t.enlarge, t.shrink = 1, (side+tileMost-1)/tileMost
	}
	for ; ; t.enlarge-- {
		t.size = image.Pt((g.Width*t.enlarge+t.shrink-1)/t.shrink, (g.Height*t.enlarge+t.shrink-1)/t.shrink)
		t.column = max(t.size.X, text)
		t.pitch = image.Pt(t.column+tileGap, t.size.Y+lines*lineRoom+tileGap)
		t.width = max(t.left+columns*t.pitch.X-tileGap+edge, 2*edge+wide)
		t.height = t.top + len(g.Rows)*t.pitch.Y - tileGap + edge
		if t.enlarge == 1 || t.width <= maxSide && t.height <= maxSide && t.width*t.height <= maxPixels {
			return t
		}
	}
}

// names are the rows' names, fit for their room: all or none of them have one.
func (g *Grid) names() []string {
	names := make([]string, len(g.Rows))
	for i, row := range g.Rows {
		names[i] = row.Name
	}
	if slices.Contains(names, "") {
		return make([]string, len(names))
	}
	return boldText.fitNames(names, nameRoom)
}

func (l Line) style() textStyle {
	if l.Strong {
		return boldText
	}
	return bodyText
}

// room is the width of the whole line in pixels.
func (l Line) room() int {
	width := l.style().room(l.Left)
	if l.Right != "" {
		width += gap + l.style().room(l.Right)
	}
	return width
}

// draw draws an image with its text.
func (t *tiling) draw(s *sheet, tile Tile, at image.Point) {
	t.image(s, tile.Pixels, at.Add(image.Pt((t.column-t.size.X)/2, 0)))
	for k, line := range tile.Lines {
		style := line.style()
		y := at.Y + t.size.Y + k*lineRoom + lineRoom/2 + 1
		end := style.fit(line.Right, float64(t.column))
		s.write(style, end, at.X+t.column, y, right)
		rest := float64(t.column)
		if end != "" {
			rest -= style.width(end) + gap
		}
		s.write(style, strings.TrimSpace(style.fit(line.Left, rest)), at.X, y, left)
	}
}

// image draws the pixels with their upper left corner at a point, in a faint frame.
func (t *tiling) image(s *sheet, pixels []byte, at image.Point) {
	drawn := image.NewGray(image.Rectangle{Max: t.size}.Add(at))
	for i := range drawn.Pix {
		drawn.Pix[i] = t.pixel(pixels, i%t.size.X, i/t.size.X)
	}
	s.fill(drawn.Rect.Inset(-1), faint)
	draw.Draw(s, drawn.Rect, drawn, at, draw.Src)
}

// pixel is the value at a place of the drawn image: the source's, or a mean.
func (t *tiling) pixel(pixels []byte, x, y int) byte {
	x, y = x*t.shrink/t.enlarge, y*t.shrink/t.enlarge
	sum, n := 0, 0
	for v := y; v < min(y+t.shrink, t.source.Y); v++ {
		for u := x; u < min(x+t.shrink, t.source.X); u++ {
			sum += int(pixels[v*t.source.X+u])
			n++
		}
	}
	return byte((sum + n/2) / n)
}
