package photo

import (
	"encoding/binary"
	"io"
	"math/bits"
)

// bmp is a Windows bitmap. Package bmp of golang.org/x/image leaves out run lengths, 16 bits, masks that
// are not the usual ones, OS/2's headers, and gaps before the pixels.
type bmp struct {
	rows, cols int
	bottomUp   bool
	bits       int // a pixel
	runs       bool
	masks      [4]uint32 // red, green, blue, alpha (0: opaque) of 16, 24 and 32 bits
	palette    int64     // where it begins
	entry      int64     // bytes of a colour in it
	colours    int64
	body       int64
}

// Kinds of compression in a BMP.
const (
	bmpPlain = iota
	bmpRuns8
	bmpRuns4
	bmpMasks
	_
	_
	bmpAlphaMasks
)

// bmpMagics are BM, 12 bytes, and the size of each header that there is.
func bmpMagics() (all []string) {
	for _, size := range []byte{12, 40, 52, 56, 64, 108, 124} {
		all = append(all, "BM????????????"+string([]byte{size, 0, 0, 0}))
	}
	return all
}

// openBMP reads the header.
func openBMP(s *source) (header, error) {
	b, err := newBMP(s)
	if err != nil {
		return header{}, err
	}
	h := header{rows: b.rows, cols: b.cols, decode: func() (pixels, error) { return b.decode(s) }}
	h.room = int64(b.rows) * int64(b.cols) * int64(b.channels())
	if !b.runs {
		h.least = b.body + int64(b.rows-1)*b.rowBytes() + b.usedBytes()
	}
	return h, nil
}

func newBMP(s *source) (*bmp, error) {
	const fileHeader = 14
	le := binary.LittleEndian
	head, err := s.bytes(10, 8)
	if err != nil {
		return nil, err
	}
	body, size := le.Uint32(head), int64(le.Uint32(head[4:]))
	b := &bmp{body: int64(body), entry: 4, palette: fileHeader + size, bottomUp: true}
	if size < 12 || size > 124 {
		return nil, rare("an unknown header")
	}
	if head, err = s.bytes(fileHeader, int(size)); err != nil {
		return nil, err
	}
	compression := uint32(bmpPlain)
	if size < 40 { // OS/2
		b.cols, b.rows, b.bits = int(le.Uint16(head[4:])), int(le.Uint16(head[6:])), int(le.Uint16(head[10:]))
		b.entry = 3
	} else {
		b.cols, b.rows, b.bits = int(int32(le.Uint32(head[4:]))), int(int32(le.Uint32(head[8:]))), int(le.Uint16(head[14:]))
		compression, b.colours = le.Uint32(head[16:]), int64(le.Uint32(head[32:]))
		if b.rows < 0 {
			b.rows, b.bottomUp = -b.rows, false
		}
	}
	return b, b.interpret(s, compression, head)
}

// interpret sets what depends on the compression and the depth.
func (b *bmp) interpret(s *source, compression uint32, head []byte) error {
	switch {
	case compression == bmpRuns8 && b.bits == 8 || compression == bmpRuns4 && b.bits == 4:
		b.runs = true
	case compression == bmpMasks || compression == bmpAlphaMasks:
		if len(head) < 52 { // they follow the header
			more, err := s.bytes(b.palette, 12)
			if err != nil {
				return err
			}
			head = append(append([]byte(nil), head[:40]...), more...)
			b.palette += 12
		}
		for i := range b.masks[:min(4, (len(head)-40)/4)] {
			b.masks[i] = binary.LittleEndian.Uint32(head[40+4*i:])
		}
	case compression != bmpPlain:
		return rare("compressed")
	}
	switch b.bits {
	case 1, 2, 4, 8:
		if b.colours == 0 || b.colours > 1<<b.bits {
			b.colours = 1 << b.bits
		}
	case 16, 24, 32:
		b.colours = 0
		if b.masks == [4]uint32{} {
			b.masks = [4]uint32{0xff0000, 0xff00, 0xff, 0}
			if b.bits == 16 {
				b.masks = [4]uint32{0x7c00, 0x3e0, 0x1f, 0}
			}
		}
	default:
		return rare("of an unusual depth")
	}
	if b.body == 0 {
		b.body = b.palette + b.colours*b.entry
	}
	return nil
}

func (b *bmp) channels() int {
	switch {
	case b.bits <= 8:
		return 1
	case b.masks[3] == 0:
		return 3
	}
	return 4
}

// rowBytes is the size of a row, a multiple of 4.
func (b *bmp) rowBytes() int64 { return (int64(b.cols)*int64(b.bits) + 31) / 32 * 4 }

// usedBytes is the size of a row without what fills it up, which the last one may lack.
func (b *bmp) usedBytes() int64 { return (int64(b.cols)*int64(b.bits) + 7) / 8 }

func (b *bmp) decode(s *source) (pixels, error) {
	m := newRaster(b.rows, b.cols, b.channels())
	r := s.reader(b.body, s.size)
	if b.runs {
		if err := b.decodeRuns(r, m); err != nil {
			return pixels{}, err
		}
	} else {
		row := make([]byte, b.usedBytes())
		for y := range b.rows {
			if _, err := io.ReadFull(r, row); err != nil {
				return pixels{}, err
			}
			b.unpack(m.row(b.line(y), 0), row)
			_, _ = r.Discard(int(b.rowBytes()) - len(row)) // what it lacks, the next row lacks too
		}
	}
	if b.bits > 8 {
		return m.pixels(), nil
	}
	table, err := b.table(s)
	return m.coded(table), err
}

// line returns which row of the picture is the one in the file.
func (b *bmp) line(y int) int {
	if b.bottomUp {
		return b.rows - 1 - y
	}
	return y
}

// unpack sets dst to a row of the file.
func (b *bmp) unpack(dst, row []byte) {
	if b.bits <= 8 {
		unpackBits(dst, row, b.bits)
		return
	}
	bytes, channels := b.bits/8, b.channels()
	if channels == 3 && b.masks == [4]uint32{0xff0000, 0xff00, 0xff} { // as most are
		for ; len(dst) >= 3; dst, row = dst[3:], row[bytes:] {
			dst[0], dst[1], dst[2] = row[2], row[1], row[0]
		}
		return
	}
	var shift, most [4]uint32
	for c, mask := range b.masks {
		shift[c] = uint32(bits.TrailingZeros32(mask))
		most[c] = max(mask>>(shift[c]&31), 1)
	}
	for ; len(dst) >= channels; dst, row = dst[channels:], row[bytes:] {
		v := uint32(row[0]) | uint32(row[1])<<8
		if bytes > 2 {
			v |= uint32(row[2]) << 16
		}
		if bytes > 3 {
			v |= uint32(row[3]) << 24
		}
		for c := range channels {
			part := v & b.masks[c] >> (shift[c] & 31)
			dst[c] = byte(uint64(part) * 255 / uint64(most[c]))
		}
	}
}

// unpackBits sets dst to numbers of 1, 2, 4 or 8 bits, the highest first.
func unpackBits(dst, row []byte, bits int) {
	if bits == 8 {
		copy(dst, row)
		return
	}
	for i := range dst {
		at := i * bits
		dst[i] = row[at/8] >> (8 - bits - at%8) & (1<<bits - 1)
	}
}

// table returns the palette's colours.
func (b *bmp) table(s *source) (*[256][4]byte, error) {
	table := new([256][4]byte)
	for i := range table {
		table[i][3] = 255
		if int64(i) < b.colours {
			c, err := s.bytes(b.palette+int64(i)*b.entry, 3)
			if err != nil {
				return table, err
			}
			table[i] = [4]byte{c[2], c[1], c[0], 255}
		}
	}
	return table, nil
}

// decodeRuns decodes RLE8 and RLE4. What no run sets has colour 0.
func (b *bmp) decodeRuns(r io.ByteReader, m *raster) error {
	x, y := 0, 0
	var failed error
	next := func() int {
		v, err := r.ReadByte()
		if err != nil && failed == nil {
			failed = err
		}
		return int(v)
	}
	put := func(code int) {
		if x < b.cols {
			m.row(b.line(y), x)[0] = byte(code)
			x++
		}
	}
	for failed == nil && y < b.rows {
		n, v := next(), next()
		switch {
		case failed != nil:
		case n > 0:
			for i := range min(n, b.cols-x) { // the rest would only take time
				put(b.half(v, i))
			}
		case v == 0: // the end of a row
			x, y = 0, y+1
		case v == 1: // the end
			return nil
		case v == 2: // a step
			x, y = min(x+next(), b.cols), min(y+next(), b.rows)
		default: // v codes as they are, in whole words
			last, read := 0, 0
			for i := range v {
				if b.bits == 8 || i%2 == 0 {
					last = next()
					read++
				}
				put(b.half(last, i))
			}
			if read%2 == 1 {
				next()
			}
		}
	}
	return failed
}

// half returns code i of a byte that has one of 8 bits, or two of 4 by turns.
func (b *bmp) half(v, i int) int {
	switch {
	case b.bits == 8:
		return v
	case i%2 == 0:
		return v >> 4
	}
	return v & 15
}
