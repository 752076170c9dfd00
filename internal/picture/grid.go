package picture

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"
	"strings"
)

// Grid is rows of labelled images, grey or coloured, of any sizes.
type Grid struct {
	Title, Note string
	Rows        []Row
}

// Row is images side by side.
type Row struct {
	Name  string // to the left of them; set in all rows or in none
	Tiles []Tile
}

// Tile is an image with lines of text below.
type Tile struct {
	Pixels               []byte // H×W×C, 0 black
	Rows, Cols, Channels int    // H, W, C: 1 grey, 3 RGB
	Lines                []Line
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

// WritePNG draws the grid. Images are enlarged, or shrunk if too large, by a whole factor, each to the
// room of the largest one.
func (g *Grid) WritePNG(w io.Writer) error {
	if err := g.check(); err != nil {
		return err
	}
	t := g.layout()
	s, err := newSheet(t.width, t.height, !g.coloured())
	if err != nil {
		return err
	}
	header{g.Title, g.note()}.draw(s, edge, edge, t.width-2*edge)
	for i, row := range g.Rows {
		y := t.top + i*t.pitch.Y
		s.write(boldText, t.names[i], t.left-2*gap, y+t.size.Y/2, right)
		for j, tile := range row.Tiles {
			t.draw(s, tile, image.Pt(t.left+j*t.pitch.X, y))
		}
	}
	return png.Encode(w, s.Image)
}

// note is the note, and what ? means if it is there.
func (g *Grid) note() string {
	var texts []string
	for _, row := range g.Rows {
		texts = append(texts, row.Name)
		for _, tile := range row.Tiles {
			for _, line := range tile.Lines {
				texts = append(texts, line.Left)
			}
		}
	}
	return g.Note + unlike(texts)
}

func (g *Grid) check() error {
	for i, row := range g.Rows {
		for j, tile := range row.Tiles {
			if tile.Rows < 1 || tile.Cols < 1 || tile.Channels != 1 && tile.Channels != 3 || len(tile.Pixels) != tile.Rows*tile.Cols*tile.Channels {
				return fmt.Errorf("row %d, image %d: %d bytes of pixels, want %d×%d×%d", i, j, len(tile.Pixels), tile.Rows, tile.Cols, tile.Channels)
			}
		}
	}
	return nil
}

// coloured reports whether some image is.
func (g *Grid) coloured() bool {
	return slices.ContainsFunc(g.Rows, func(r Row) bool {
		return slices.ContainsFunc(r.Tiles, func(t Tile) bool { return t.Channels > 1 })
	})
}

// tiling is where things are, in pixels.
type tiling struct {
	enlarge       int         // pixels a side that one of the largest image becomes,
	shrink        int         // or that become one
	size          image.Point // of the largest image as drawn, the room of each
	column        int         // width of an image with its text
	pitch         image.Point // from one image to the next
	left, top     int         // of the first one
	names         []string    // of the rows, cut to their room
	width, height int
}

// layout takes the smallest factor that makes the images as large as they should be, or a smaller
// one if the whole picture would be too large.
func (g *Grid) layout() tiling {
	t := tiling{names: g.names(), shrink: 1}
	var largest image.Point
	columns, lines, name, text := 0, 0, 0, 0
	for i, row := range g.Rows {
		columns = max(columns, len(row.Tiles))
		if t.names[i] != "" {
			name = max(name, boldText.room(t.names[i])+2*gap)
		}
		for _, tile := range row.Tiles {
			largest = image.Pt(max(largest.X, tile.Cols), max(largest.Y, tile.Rows))
			lines = max(lines, len(tile.Lines))
			for _, line := range tile.Lines {
				text = max(text, line.room())
			}
		}
	}
	text = min(text, labelRoom)
	wide, high := header{g.Title, g.note()}.size()
	t.left, t.top = edge+name, edge+high+gap
	side := max(1, largest.X, largest.Y)
	t.enlarge = (max(tileSide, text) + side - 1) / side
	if side > tileMost {
		t.enlarge, t.shrink = 1, (side+tileMost-1)/tileMost
	}
	for ; ; t.enlarge-- {
		t.size = image.Pt(ceil(largest.X*t.enlarge, t.shrink), ceil(largest.Y*t.enlarge, t.shrink))
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
	return boldText.fitNames(names, nil, nameRoom)
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
	size, enlarge, shrink := t.fit(tile)
	corner := at.Add(image.Pt((t.column-size.X)/2, (t.size.Y-size.Y)/2))
	frame := image.Rectangle{Max: size}.Add(corner)
	s.fill(frame.Inset(-1), faint)
	for y := range size.Y {
		for x := range size.X {
			s.Set(corner.X+x, corner.Y+y, tile.mean(x*shrink/enlarge, y*shrink/enlarge, shrink))
		}
	}
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

// fit returns the size of an image as drawn, and by what it is enlarged or shrunk for that.
func (t *tiling) fit(tile Tile) (size image.Point, enlarge, shrink int) {
	enlarge = max(1, min(t.size.X/tile.Cols, t.size.Y/tile.Rows))
	shrink = max(1, ceil(tile.Cols, t.size.X), ceil(tile.Rows, t.size.Y))
	return image.Pt(ceil(tile.Cols*enlarge, shrink), ceil(tile.Rows*enlarge, shrink)), enlarge, shrink
}

// ceil is a/b, rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }

// mean is the colour of the pixels of a square, as far as there are any, with its corner at a place.
func (t *Tile) mean(x, y, side int) color.Color {
	var sum [3]int
	n := 0
	for v := y; v < min(y+side, t.Rows); v++ {
		for u := x; u < min(x+side, t.Cols); u++ {
			for c := range t.Channels {
				sum[c] += int(t.Pixels[(v*t.Cols+u)*t.Channels+c])
			}
			n++
		}
	}
	of := func(c int) uint8 { return uint8((sum[c] + n/2) / n) }
	if t.Channels == 1 {
		return color.Gray{of(0)}
	}
	return color.RGBA{of(0), of(1), of(2), 0xff}
}
