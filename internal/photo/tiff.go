package photo

import (
	"errors"
	"fmt"
	"io"
)

// Tags of TIFF 6.0.
const (
	tagCols         = 256
	tagRows         = 257
	tagBits         = 258
	tagCompression  = 259
	tagPhotometric  = 262
	tagFillOrder    = 266
	tagStripOffsets = 273
	tagSamples      = 277
	tagRowsPerStrip = 278
	tagStripBytes   = 279
	tagPlanar       = 284
	tagT4Options    = 292
	tagPredictor    = 317
	tagColorMap     = 320
	tagTileCols     = 322
	tagTileRows     = 323
	tagTileOffsets  = 324
	tagTileBytes    = 325
	tagExtraSamples = 338
	tagSampleFormat = 339
	tagJPEGTables   = 347
)

// Bounds of what a directory says.
const (
	maxTIFFSamples = 8
	minTIFFTile    = 16 // the least that TIFF allows: smaller ones would only cost time
	maxTIFFTile    = 1 << 16
)

// What ExtraSamples says of alpha.
const (
	noAlpha         = -1
	unspecified     = 0
	associatedAlpha = 1 // colours are multiplied by it
	freeAlpha       = 2
)

// Photometric interpretations.
const (
	tiffWhiteIsZero = iota
	tiffBlackIsZero
	tiffRGB
	tiffPalette
	_
	tiffCMYK
	tiffYCbCr
)

var errInconsistent = errors.New("a directory that is inconsistent")

// tiff is the first picture of a TIFF. Package tiff of golang.org/x/image leaves out CMYK, grey with
// alpha, 2, 4 and 12 bits, planes, JPEG and BigTIFF, and holds whole strips.
type tiff struct {
	*directory
	rows, cols  int
	photometric int
	compression int64
	bits        int   // a sample
	samples     int   // a pixel, in the file
	kept        int   // of them: colours, and alpha if there is one
	alpha       int64 // what ExtraSamples says of it
	planes      int   // 1, or as many as samples
	predicted   bool  // samples are differences to those on their left
	reversed    bool  // the lowest bit is first
	tiled       bool
	blockRows   int // of strips and tiles
	blockCols   int

	offsets, counts values // of blocks
	read            int64  // bytes of blocks
	packed          []byte // a row of a block
	inflater        io.Reader
	jpegTables      []byte
}

// openTIFF reads the directory.
func openTIFF(s *source) (header, error) {
	d, err := openDirectory(s, 0, s.size)
	if err != nil {
		return header{}, err
	}
	t := &tiff{directory: d, alpha: noAlpha}
	h := header{orientation: d.orientation()}
	rows, cols := d.first(tagRows, 0), d.first(tagCols, 0)
	h.rows, h.cols = int(min(rows, 1<<31-1)), int(min(cols, 1<<31-1))
	if h.rows > maxSide || h.cols > maxSide || h.rows < 1 || h.cols < 1 {
		return h, nil // which is refused
	}
	t.rows, t.cols = h.rows, h.cols
	if err := t.readSamples(); err != nil {
		return h, err
	}
	if err := t.readBlocks(); err != nil {
		return h, err
	}
	h.decode = t.decode
	h.room = int64(h.rows) * int64(h.cols) * int64(t.kept)
	if t.compression == tiffJPEG { // a block is decoded as a whole, in the worst case as jpegFrameHeader.room says
		h.room += 24 * roundUp(int64(t.blockRows), 32) * roundUp(int64(t.blockCols), 32)
	}
	if t.compression == tiffPlain {
		h.least = int64(h.rows) * int64(h.cols) * int64(t.samples) * int64(t.bits) / 8
	}
	return h, nil
}

// readSamples reads what a pixel is made of.
func (t *tiff) readSamples() error {
	t.photometric = int(t.first(tagPhotometric, tiffWhiteIsZero))
	t.compression = t.first(tagCompression, tiffPlain)
	t.reversed = t.first(tagFillOrder, 1) == 2
	colours, ok := map[int]int{tiffWhiteIsZero: 1, tiffBlackIsZero: 1, tiffRGB: 3, tiffPalette: 1, tiffCMYK: 4, tiffYCbCr: 3}[t.photometric]
	if !ok || t.photometric == tiffYCbCr && t.compression != tiffJPEG {
		return rare(fmt.Sprintf("photometric interpretation %d", t.photometric))
	}
	if format := t.first(tagSampleFormat, 1); format != 1 {
		return rare(fmt.Sprintf("sample format %d", format))
	}
	samples := t.first(tagSamples, int64(max(1, t.find(tagBits).count)))
	if samples > maxTIFFSamples {
		return rare(fmt.Sprintf("%d samples a pixel", samples))
	}
	if samples < int64(colours) {
		return errInconsistent
	}
	t.samples, t.kept = int(samples), colours
	bits := t.find(tagBits)
	t.bits = int(t.first(tagBits, 1))
	for i := range min(bits.count, samples) {
		if n, err := bits.number(i); err != nil || n != int64(t.bits) {
			return rare("samples of unlike depths")
		}
	}
	if t.bits < 1 || t.bits > 16 || t.photometric == tiffPalette && t.bits > 8 {
		return rare(fmt.Sprintf("%d bits a sample", t.bits))
	}
	if t.samples > colours {
		absent := int64(unspecified)
		if t.photometric == tiffRGB && t.samples == 4 {
			absent = freeAlpha // as Pillow takes it
		}
		if t.alpha = t.first(tagExtraSamples, absent); t.alpha == unspecified || t.photometric == tiffCMYK {
			t.alpha = noAlpha
		} else {
			t.kept++
		}
	}
	return t.readCoding()
}

// readCoding reads how samples are packed.
func (t *tiff) readCoding() error {
	if _, ok := tiffDecoders[t.compression]; !ok && t.compression != tiffJPEG {
		return rare(fmt.Sprintf("compression %d", t.compression))
	}
	switch predictor := t.first(tagPredictor, 1); {
	case predictor == 2 && (t.compression == tiffLZW || t.compression == tiffDeflate || t.compression == tiffDeflateOld):
		if t.predicted = true; t.bits != 8 && t.bits != 16 {
			return rare(fmt.Sprintf("a predictor of %d bits", t.bits))
		}
	case predictor == 3:
		return rare("a predictor of floats")
	}
	if (t.compression == tiffG3 || t.compression == tiffG4) && (t.bits != 1 || t.samples != 1) {
		return errInconsistent
	}
	if t.compression == tiffG3 && t.first(tagT4Options, 0)&3 != 0 {
		return rare("fax codes of two dimensions")
	}
	if t.compression == tiffJPEG && t.bits != 8 {
		return rare(fmt.Sprintf("JPEG of %d bits", t.bits))
	}
	t.planes = 1
	if t.first(tagPlanar, 1) == 2 {
		t.planes = t.samples
	}
	if t.compression == tiffJPEG && t.samples > 1 && (t.planes > 1 || t.samples != t.kept || t.alpha >= 0 || t.samples == 4) {
		return rare("JPEG of planes, CMYK or alpha")
	}
	return nil
}

// readBlocks reads how the picture is cut.
func (t *tiff) readBlocks() error {
	t.blockCols = t.cols
	t.blockRows = int(min(t.first(tagRowsPerStrip, int64(t.rows)), int64(t.rows)))
	if t.find(tagTileCols).count > 0 {
		cols, rows := t.first(tagTileCols, 0), t.first(tagTileRows, 0)
		if cols < minTIFFTile || rows < minTIFFTile || cols > maxTIFFTile || rows > maxTIFFTile {
			return fmt.Errorf("tiles of %d×%d", cols, rows)
		}
		t.tiled, t.blockCols, t.blockRows = true, int(cols), int(rows)
	}
	if t.offsets, t.counts = t.find(tagStripOffsets), t.find(tagStripBytes); t.tiled && t.find(tagTileOffsets).count > 0 {
		t.offsets, t.counts = t.find(tagTileOffsets), t.find(tagTileBytes)
	}
	if t.blockRows < 1 || t.offsets.count < 1 {
		return errInconsistent
	}
	return nil
}

// pixels are those of the samples that decode has stored.
func (t *tiff) pixels(m *raster) (pixels, error) {
	p := m.pixels()
	switch {
	case t.photometric == tiffPalette:
		table, err := t.table()
		if err != nil {
			return p, err
		}
		if t.alpha < 0 {
			return m.coded(table), nil
		}
		p.channels, p.read = 4, func(dst []byte, y, x int) {
			for i, row := 0, m.row(y, x); i < len(dst); i += 4 {
				c := table[row[i/2]]
				dst[i], dst[i+1], dst[i+2], dst[i+3] = c[0], c[1], c[2], row[i/2+1]
			}
		}
	case t.photometric == tiffCMYK:
		p.channels, p.read = 3, func(dst []byte, y, x int) { readCMYK(dst, m.row(y, x)) }
	case t.alpha == associatedAlpha:
		p.read = func(dst []byte, y, x int) {
			copy(dst, m.row(y, x))
			divide(dst, p.channels)
		}
	}
	return p, nil
}

// divide takes alpha out of the colours, as Pillow does of RGBa.
func divide(row []byte, channels int) {
	for ; len(row) >= channels; row = row[channels:] {
		alpha := int(row[channels-1])
		for c := range row[:channels-1] {
			if alpha == 0 {
				row[c] = 0
			} else {
				row[c] = byte(min(int(row[c])*255/alpha, 255))
			}
		}
	}
}

// table returns the palette: numbers of 16 bits, all red ones first.
func (t *tiff) table() (*[256][4]byte, error) {
	table := new([256][4]byte)
	colours := t.find(tagColorMap)
	n := colours.count / 3
	if n < 1 {
		return nil, errInconsistent
	}
	for i := range table {
		table[i][3] = 255
		for c := range 3 {
			if int64(i) >= n {
				continue
			}
			v, err := colours.number(int64(c)*n + int64(i))
			if err != nil {
				return nil, err
			}
			table[i][c] = byte(v >> 8)
		}
	}
	return table, nil
}
