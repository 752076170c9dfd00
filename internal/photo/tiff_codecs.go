package photo

import (
	"bufio"
	"compress/zlib"
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
