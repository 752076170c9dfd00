package photo

import (
	"bufio"
	"errors"
	"io"
)

// decode reads all strips or tiles, row by row.
func (t *tiff) decode() (pixels, error) {
	m := newRaster(t.rows, t.cols, t.kept)
	across := (t.cols + t.blockCols - 1) / t.blockCols
	down := (t.rows + t.blockRows - 1) / t.blockRows
	if err := t.readTables(); err != nil {
		return pixels{}, err
	}
	for i := range t.planes * down * across {
		plane, y, x := i/(down*across), i/across%down*t.blockRows, i%across*t.blockCols
		if plane >= t.kept { // an extra sample of no use
			break
		}
		if err := t.block(m, int64(i), plane, y, x); err != nil {
			return pixels{}, err
		}
	}
	return t.pixels(m)
}

// reader returns the bytes of block i. Blocks that lie on each other, which no writer makes, could take
// any time: all together may be no more than a few times the file.
func (t *tiff) reader(i int64) (*bufio.Reader, error) {
	at, err := t.offsets.number(i)
	if err != nil {
		return nil, err
	}
	n := t.size
	if t.counts.count > 0 {
		if n, err = t.counts.number(i); err != nil {
			return nil, err
		}
	}
	if t.compression == tiffPlain {
		n = min(n, int64(t.blockRows)*int64(t.rowBytes()))
	}
	if at < 0 || at >= t.size || n < 1 {
		return nil, io.ErrUnexpectedEOF
	}
	if t.read += min(n, t.size-at); t.read > 4*t.size {
		return nil, errors.New("strips that overlap")
	}
	r := t.s.reader(at, n)
	if t.reversed && t.compression != tiffJPEG {
		r = bufio.NewReader(&bitReverser{r})
	}
	return r, nil
}

// rowBytes is the size of a row of a block.
func (t *tiff) rowBytes() int { return (t.blockCols*t.samples/t.planes*t.bits + 7) / 8 }

// block decodes block i, whose first pixel is (y, x): of a strip as many rows as there are, of a tile
// all columns, even those beyond the picture.
func (t *tiff) block(m *raster, i int64, plane, y, x int) error {
	packed, err := t.reader(i)
	if err != nil {
		return err
	}
	rows := min(t.blockRows, t.rows-y)
	if t.compression == tiffJPEG {
		return t.jpegBlock(m, packed, plane, rows, y, x)
	}
	high := rows
	if t.tiled {
		high = t.blockRows
	}
	r, err := tiffDecoders[t.compression](t, packed, t.blockCols, high)
	if err != nil {
		return err
	}
	samples := t.samples / t.planes
	if t.packed == nil {
		t.packed = make([]byte, t.rowBytes())
	}
	for row := range rows {
		if _, err := io.ReadFull(r, t.packed); err != nil {
			return err
		}
		if t.predicted {
			t.addUp(t.packed, samples)
		}
		t.unpack(m.row(y+row, x), samples, plane)
	}
	return nil
}

// addUp adds to each sample the one on its left.
func (t *tiff) addUp(row []byte, samples int) {
	if t.bits == 8 {
		for i := samples; i < len(row); i++ {
			row[i] += row[i-samples]
		}
		return
	}
	for i := 2 * samples; i+1 < len(row); i += 2 {
		t.order.PutUint16(row[i:], t.order.Uint16(row[i:])+t.order.Uint16(row[i-2*samples:]))
	}
}

// unpack sets a row of the picture to the samples in t.packed; of planes to one of each pixel.
func (t *tiff) unpack(dst []byte, samples, plane int) {
	cols := min(len(dst)/t.kept, t.blockCols)
	kept := min(t.kept, samples)
	if t.bits == 8 && kept == t.kept && kept == samples && t.photometric != tiffWhiteIsZero { // as most are
		copy(dst[:cols*kept], t.packed)
		return
	}
	for i := range cols {
		for c := range kept {
			dst[i*t.kept+plane+c] = t.sample(i*samples + c)
		}
	}
}

// sample returns number i of t.packed in 8 bits.
func (t *tiff) sample(i int) byte {
	var v byte
	switch {
	case t.bits == 8:
		v = t.packed[i]
	case t.bits == 16:
		v = byte(t.order.Uint16(t.packed[2*i:]) >> 8)
	default:
		n := t.bitsAt(i * t.bits)
		switch {
		case t.photometric == tiffPalette:
			return byte(n)
		case t.bits > 8:
			v = byte(n >> (t.bits - 8))
		default:
			v = byte(n * 255 / (1<<t.bits - 1))
		}
	}
	if t.photometric == tiffWhiteIsZero {
		return 255 - v
	}
	return v
}

// bitsAt returns the t.bits bits from one on.
func (t *tiff) bitsAt(at int) int {
	v := 0
	for i := at; i < at+t.bits; i++ {
		v = v<<1 | int(t.packed[i/8]>>(7-i%8)&1)
	}
	return v
}
