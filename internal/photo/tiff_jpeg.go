package photo

import (
	"bufio"
	"bytes"
	"errors"
	"image/jpeg"
	"io"
)

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
