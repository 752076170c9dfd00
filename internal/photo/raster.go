package photo

import "math"

// raster is a decoded picture in one piece of memory.
type raster struct {
	rows, cols, channels int
	pix                  []byte // H×W×channels
}

func newRaster(rows, cols, channels int) *raster {
	return &raster{rows, cols, channels, make([]byte, rows*cols*channels)}
}

// row returns row y from column x on.
func (r *raster) row(y, x int) []byte {
	return r.pix[(y*r.cols+x)*r.channels : (y+1)*r.cols*r.channels]
}

// pixels are those of a raster whose channels are as the type pixels says.
func (r *raster) pixels() pixels {
	return pixels{r.rows, r.cols, r.channels, func(dst []byte, y, x int) { copy(dst, r.row(y, x)) }}
}

// coded are the pixels of a raster of one channel that is the index of a colour.
func (r *raster) coded(table *[256][4]byte) pixels {
	channels := 3
	for _, colour := range table {
		if colour[3] < 255 {
			channels = 4
		}
	}
	return pixels{r.rows, r.cols, channels, func(dst []byte, y, x int) { readPaletted(dst, r.row(y, x), table, channels) }}
}

// scaled is a table of n+1 values from 0 to 255: v becomes v·255/n, rounded as Python rounds floats.
func scaled(n int) []byte {
	table := make([]byte, n+1)
	for v := range table {
		table[v] = byte(math.RoundToEven(float64(v) / float64(n) * 255))
	}
	return table
}
