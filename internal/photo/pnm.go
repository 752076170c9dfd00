package photo

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
)

// pnm is a picture of netpbm: P1 to P6 of its formats pbm, pgm and ppm.
type pnm struct {
	kind       byte // 1 to 6
	rows, cols int
	channels   int
	most       int    // the sample that is white
	body       int64  // where it begins
	raw        []byte // a row of it
}

// pnmMagics are P1 to P6 and what ends such a word: many a text begins with P and a digit.
func pnmMagics() (all []string) {
	for _, kind := range "123456" {
		for _, end := range "\n\r\t #" {
			all = append(all, "P"+string(kind)+string(end))
		}
	}
	return all
}

// openPNM reads the header.
func openPNM(s *source) (header, error) {
	p := pnm{channels: 1}
	r := s.whole()
	text := tokens{r: r}
	magic, err := text.next()
	if err != nil {
		return header{}, err
	}
	if len(magic) != 2 {
		return header{}, rare(fmt.Sprintf("%.10q", magic))
	}
	if p.kind = magic[1] - '0'; p.kind%3 == 0 {
		p.channels = 3
	}
	p.most = 1
	for _, n := range []*int{&p.cols, &p.rows, &p.most}[:2+min(int(p.kind-1)%3, 1)] {
		if *n, err = text.number(1<<31 - 1); err != nil {
			return header{}, err
		}
	}
	if p.most < 1 || p.most > 1<<16-1 {
		return header{}, fmt.Errorf("white is announced as %d", p.most)
	}
	p.body = text.read
	h := header{rows: p.rows, cols: p.cols, decode: func() (pixels, error) { return p.decode(s) }}
	samples := int64(p.rows) * int64(p.cols) * int64(p.channels)
	switch {
	case p.kind == 1:
		h.least = samples
	case p.kind < 4:
		h.least = 2*samples - 1 // a space between
	default:
		h.least = int64(p.rows) * int64(p.rowBytes())
	}
	h.least += p.body
	h.room = samples + 1<<16
	return h, nil
}

// rowBytes is the size of a row that is not text.
func (p *pnm) rowBytes() int {
	switch {
	case p.kind == 4:
		return (p.cols + 7) / 8
	case p.most > 255:
		return 2 * p.cols * p.channels
	}
	return p.cols * p.channels
}

func (p *pnm) decode(s *source) (pixels, error) {
	table := scaled(p.most)
	if p.channels == 1 && p.most > 255 { // greys: the upper 8 of 16 bits
		for v := range table {
			table[v] = byte(int(math.RoundToEven(float64(v)/float64(p.most)*(1<<16-1))) >> 8)
		}
	}
	if p.kind == 1 || p.kind == 4 { // 1 is black
		table = []byte{255, 0}
	}
	m := newRaster(p.rows, p.cols, p.channels)
	r := s.reader(p.body, s.size)
	read := p.readRaw
	if p.kind < 4 {
		text := &tokens{r: r, bits: p.kind == 1}
		read = func(_ io.Reader, row []byte, table []byte) error { return readText(text, row, table) }
	}
	for y := range p.rows {
		if err := read(r, m.row(y, 0), table); err != nil {
			return pixels{}, err
		}
	}
	return m.pixels(), nil
}

// readRaw reads a row of numbers of 1, 8 or 16 bits.
func (p *pnm) readRaw(r io.Reader, row, table []byte) error {
	if p.raw == nil {
		p.raw = make([]byte, p.rowBytes())
	}
	if _, err := io.ReadFull(r, p.raw); err != nil {
		return err
	}
	for i := range row {
		v := 0
		switch {
		case p.kind == 4:
			v = int(p.raw[i/8] >> (7 - i%8) & 1)
		case p.most > 255:
			v = int(p.raw[2*i])<<8 | int(p.raw[2*i+1])
		default:
			v = int(p.raw[i])
		}
		row[i] = table[min(v, p.most)] // as Pillow does of larger ones
	}
	return nil
}

// readText reads a row of numbers in decimal digits.
func readText(text *tokens, row, table []byte) error {
	for i := range row {
		v, err := text.number(len(table) - 1)
		if err != nil {
			return err
		}
		row[i] = table[v]
	}
	return nil
}

// tokens are the words of a text. From # to the end of a line is a comment.
type tokens struct {
	r    *bufio.Reader
	bits bool  // each 0 or 1 is a word, even without a space after it
	read int64 // bytes, of which the last was a space behind a word
	word [maxWord]byte
}

var errNoNumber = errors.New("a number is expected where another text stands")

// next returns a word, until it is called again, and reads a space behind it.
func (t *tokens) next() (word []byte, err error) {
	word = t.word[:0]
	for comment := false; ; {
		b, err := t.r.ReadByte()
		if err != nil {
			if err == io.EOF && len(word) > 0 {
				return word, nil
			}
			return nil, err
		}
		t.read++
		space := b == ' ' || b >= '\t' && b <= '\r'
		switch {
		case comment:
			comment = b != '\n' && b != '\r'
		case b == '#':
			comment = true
		case space && len(word) > 0:
			return word, nil
		case space:
		case len(word) == maxWord:
			return nil, errNoNumber
		default:
			if word = append(word, b); t.bits {
				return word, nil
			}
		}
	}
}

// maxWord is how long a number may be, as in Pillow.
const maxWord = 10

// number returns the next word as a number from 0 to most.
func (t *tokens) number(most int) (n int, err error) {
	word, err := t.next()
	if err != nil {
		return 0, err
	}
	for _, b := range word {
		if b < '0' || b > '9' {
			return 0, errNoNumber
		}
		if n = 10*n + int(b-'0'); n > most {
			return 0, fmt.Errorf("%s where at most %d is allowed", word, most)
		}
	}
	return n, nil
}
