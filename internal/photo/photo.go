package photo

import "image"

// Photo is a decoded picture, upright. Close it when it is done with: its memory is part of the reader's
// budget. It is not safe for concurrent use.
type Photo struct {
	pixels
	turn    turn
	line    []byte // a row of the upright picture, of pixels.channels
	band    []byte // source rows × bandCols pixels, if rows and columns are swapped
	bandAt  int    // the first column in it; -1: none
	release func() // gives back its part of the budget; nil: it has none
}

// bandCols is how many columns are read at once from a picture that lies on its side.
const bandCols = 32

// Rows is H of the upright picture.
func (p *Photo) Rows() int {
	if p.turn.swap {
		return p.pixels.cols
	}
	return p.pixels.rows
}

// Cols is W of the upright picture.
func (p *Photo) Cols() int {
	if p.turn.swap {
		return p.pixels.rows
	}
	return p.pixels.cols
}

// Close gives the memory of the picture back to the reader's budget. A second call does nothing.
func (p *Photo) Close() {
	release := p.release
	if *p = (Photo{}); release != nil { // which frees the memory of a large picture, if nothing holds it
		release()
	}
}

// Row sets dst, of Cols×channels bytes, to row y with transparent parts over white: three channels are
// R, G, B, one is PIL's L of them.
func (p *Photo) Row(y, channels int, dst []byte) {
	p.load(y)
	onWhite(dst, channels, p.line, p.channels)
}

// Coloured reports whether a pixel over white has R, G and B that differ.
func (p *Photo) Coloured() bool {
	if p.channels < 3 {
		return false
	}
	row := make([]byte, 3*p.Cols())
	for y := range p.Rows() {
		p.Row(y, 3, row)
		for i := 0; i < len(row); i += 3 {
			if row[i] != row[i+1] || row[i] != row[i+2] {
				return true
			}
		}
	}
	return false
}

// Grey returns the picture in grey (PIL's L of the colours in the file, transparent ones too) and its
// opacity: 255 opaque, 0 transparent, nil if all is opaque. Both are H×W without gaps.
func (p *Photo) Grey() (grey, alpha *image.Gray) {
	rows, cols := p.Rows(), p.Cols()
	grey = image.NewGray(image.Rect(0, 0, cols, rows))
	if p.channels%2 == 0 {
		alpha = image.NewGray(grey.Rect)
	}
	opaque := true
	for y := range rows {
		p.load(y)
		toGrey(grey.Pix[y*cols:][:cols], p.line, p.channels)
		if alpha != nil {
			opaque = toAlpha(alpha.Pix[y*cols:][:cols], p.line, p.channels) && opaque
		}
	}
	if opaque {
		alpha = nil
	}
	return grey, alpha
}

// load sets p.line to row y of the upright picture.
func (p *Photo) load(y int) {
	if p.line == nil {
		p.line, p.bandAt = make([]byte, p.Cols()*p.channels), -1
	}
	if p.turn.swap {
		p.loadColumn(y)
		return
	}
	if p.turn.upsideDown {
		y = p.pixels.rows - 1 - y
	}
	p.read(p.line, y, 0)
	if p.turn.mirrored {
		reverse(p.line, p.channels)
	}
}

// loadColumn sets p.line to a column of the picture in the file. It reads many columns at once, since
// those of a row lie together.
func (p *Photo) loadColumn(x int) {
	if p.turn.mirrored {
		x = p.pixels.cols - 1 - x
	}
	at := x - x%bandCols
	wide := min(bandCols, p.pixels.cols-at) * p.channels
	if at != p.bandAt {
		if p.band == nil {
			p.band = make([]byte, p.pixels.rows*bandCols*p.channels)
		}
		for y := range p.pixels.rows {
			p.read(p.band[y*wide:][:wide], y, at)
		}
		p.bandAt = at
	}
	for c := range p.channels { // a copy a pixel would take twice the time
		from := (x-at)*p.channels + c
		for i := c; i < len(p.line); i += p.channels {
			p.line[i] = p.band[from]
			from += wide
		}
	}
	if p.turn.upsideDown {
		reverse(p.line, p.channels)
	}
}

// reverse mirrors a row.
func reverse(line []byte, channels int) {
	for i, k := 0, len(line)-channels; i < k; i, k = i+channels, k-channels {
		for c := range channels {
			line[i+c], line[k+c] = line[k+c], line[i+c]
		}
	}
}
