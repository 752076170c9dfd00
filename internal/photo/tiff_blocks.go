package photo

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"image/jpeg"
	"io"
	"math/bits"

	"golang.org/x/image/ccitt"
	"golang.org/x/image/tiff/lzw"
)

// Kinds of compression in a TIFF.
const (
	tiffPlain      = 1
	tiffG3         = 3
	tiffG4         = 4
	tiffLZW        = 5
	tiffJPEG       = 7
	tiffDeflate    = 8
	tiffDeflateOld = 32946
	tiffPackBits   = 32773
)

// tiffDecoder unpacks a strip or a tile of cols×rows.
type tiffDecoder func(t *tiff, r *bufio.Reader, cols, rows int) (io.Reader, error)

var tiffDecoders = map[int64]tiffDecoder{
	tiffPlain:      func(_ *tiff, r *bufio.Reader, _, _ int) (io.Reader, error) { return r, nil },
	tiffG3:         fax(ccitt.Group3),
	tiffG4:         fax(ccitt.Group4),
	tiffLZW:        func(_ *tiff, r *bufio.Reader, _, _ int) (io.Reader, error) { return lzw.NewReader(r, lzw.MSB, 8), nil },
	tiffDeflate:    inflated,
	tiffDeflateOld: inflated,
	tiffPackBits:   func(_ *tiff, r *bufio.Reader, _, _ int) (io.Reader, error) { return &unpacker{r: r}, nil },
}

// inflated keeps the decoder for the next block: a new one takes 40 KB.
func inflated(t *tiff, r *bufio.Reader, _, _ int) (io.Reader, error) {
	if t.inflater == nil {
		z, err := zlib.NewReader(r)
		t.inflater = z
		return z, err
	}
	return t.inflater, t.inflater.(zlib.Resetter).Reset(r, nil)
}

// fax unpacks one bit a pixel. White of a fax is 0, whatever 0 then means, as in libtiff.
func fax(format ccitt.SubFormat) tiffDecoder {
	return func(_ *tiff, r *bufio.Reader, cols, rows int) (io.Reader, error) {
		return ccitt.NewReader(r, ccitt.MSB, format, cols, rows, &ccitt.Options{Invert: true}), nil
	}
}

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

// readTables reads what all JPEG streams share: quantization and Huffman tables between SOI and EOI.
func (t *tiff) readTables() error {
	v := t.find(tagJPEGTables)
	if t.jpegTables = []byte("\xff\xd8"); v.count < 4 {
		return nil
	}
	if v.count > windowBytes {
		return errInconsistent
	}
	b, err := t.bytes(v.at, int(v.count))
	if err != nil {
		return err
	}
	t.jpegTables = append(t.jpegTables, b[2:v.count-2]...)
	return nil
}

// jpegBlock decodes a block that is a JPEG without tables. RGB is not marked as such in it.
func (t *tiff) jpegBlock(m *raster, packed *bufio.Reader, plane, rows, y, x int) error {
	if _, err := packed.Discard(2); err != nil {
		return err
	}
	start := t.jpegTables
	if t.photometric == tiffRGB {
		start = append(bytes.Clone(start), adobeMarker...)
	}
	var head bytes.Buffer
	config, err := jpeg.DecodeConfig(io.TeeReader(io.MultiReader(bytes.NewReader(start), packed), &head))
	if err != nil {
		return err
	}
	if config.Width > roundTile(t.blockCols) || config.Height > roundTile(t.blockRows) || config.Height < rows || config.Width < min(t.blockCols, t.cols-x) {
		return errors.New("sizes that disagree")
	}
	left := maxScanPixels / (int64(config.Width) * int64(config.Height))
	decoded, err := jpeg.Decode(&scanLimit{r: io.MultiReader(&head, packed), left: left})
	if err != nil {
		return err
	}
	p, err := pixelsOfJPEG(decoded)
	if err != nil || p.channels != t.samples/t.planes {
		return errInconsistent
	}
	line := make([]byte, min(t.blockCols, t.cols-x)*p.channels)
	for row := range rows {
		p.read(line, row, 0)
		dst := m.row(y+row, x)
		for i, v := range line {
			dst[i/p.channels*t.kept+plane+i%p.channels] = v
		}
	}
	return nil
}

// roundTile is how large the JPEG of a block may be: some writers fill up its blocks of 16×16.
func roundTile(n int) int { return int(roundUp(int64(n), 16)) }

// unpacker undoes PackBits.
type unpacker struct {
	r     *bufio.Reader
	left  int  // bytes of a run or of a copy
	same  bool // a run, of
	value byte
}

func (u *unpacker) Read(b []byte) (int, error) {
	for u.left == 0 {
		n, err := u.r.ReadByte()
		if err != nil {
			return 0, err
		}
		switch {
		case n < 128:
			u.left, u.same = int(n)+1, false
		case n > 128:
			u.left, u.same = 257-int(n), true
			if u.value, err = u.r.ReadByte(); err != nil {
				return 0, err
			}
		}
	}
	b = b[:min(len(b), u.left)]
	if !u.same {
		n, err := u.r.Read(b)
		u.left -= n
		return n, err
	}
	for i := range b {
		b[i] = u.value
	}
	u.left -= len(b)
	return len(b), nil
}

// bitReverser turns bytes whose lowest bit is first.
type bitReverser struct{ r io.Reader }

func (v *bitReverser) Read(b []byte) (int, error) {
	n, err := v.r.Read(b)
	for i := range b[:n] {
		b[i] = bits.Reverse8(b[i])
	}
	return n, err
}
