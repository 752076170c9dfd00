package kernel

// A strip is a piece's part of an image, copied to the worker's scratch with its border of zeros. So
// the tile needs no special case at the edges.

// loadStrip copies rows of an H×W image of c channels to dst. Row i of dst is image row
// first+i and column j image column j-left, width columns in all; what lies outside the image
// is zero.
func loadStrip(dst, image []float32, h, w, c, first, rows, left, width int) {
	pitch := width * c
	for i := range rows {
		row := dst[i*pitch:][:pitch]
		if ih := first + i; ih < 0 || ih >= h {
			clear(row)
		} else {
			clear(row[:left*c])
			copy(row[left*c:], image[ih*w*c:][:w*c])
			clear(row[min((left+w)*c, pitch):])
		}
	}
}

// gradient is the gradient of a convolution's output. The gradient before pool and ReLU is made of it
// row by row, never as a whole.
type gradient struct {
	Conv
	ks     *kernels
	dy     []float32 // like the output
	y      []float32 // the output; nil without ReLU, unused with a pool: argmax holds the mask of ReLU
	argmax []byte    // nil without pool
}

// columns are some channels of a gradient's row and the distance of its pixels in dst.
type columns struct{ first, count, stride int }

// row writes full-size row h of image n: unpooled it needs no partner.
func (g gradient) row(dst []float32, n, h int, c columns) {
	fh, fw := g.full()
	from := ((n*fh+h)*fw)*g.OC + c.first
	if g.y != nil {
		g.ks.mask(dst, g.dy[from:], g.y[from:], fw, c.count, c.stride, g.OC)
		return
	}
	for p := range fw {
		copy(dst[p*c.stride:][:c.count], g.dy[from+p*g.OC:])
	}
}

// pair writes full-size rows 2r and 2r+1 of image n from pooled row r; past the last whole
// window they are zeros.
func (g gradient) pair(top, bottom []float32, n, r int, c columns) {
	oh, ow := g.Out()
	_, fw := g.full()
	if r >= oh {
		clearPixels(top, 0, fw, c)
		clearPixels(bottom, 0, fw, c)
		return
	}
	from := ((n*oh+r)*ow)*g.OC + c.first
	g.ks.unpool2(top, bottom, g.dy[from:], g.argmax[from:], ow, c.count, c.stride, g.OC)
	clearPixels(top, 2*ow, fw, c)
	clearPixels(bottom, 2*ow, fw, c)
}

func clearPixels(dst []float32, from, to int, c columns) {
	for p := from; p < to; p++ {
		clear(dst[p*c.stride:][:c.count])
	}
}

// spareRows is the floats of spare space that load needs: two full-size rows.
func (g gradient) spareRows() int {
	_, fw := g.full()
	return 2 * fw * g.OC
}

// load writes rows of the full-size gradient of image n to dst, dilated by the convolution's
// stride: row i of dst is dilated row first+i and column j dilated column j-left, both zero
// where they are no multiple of the stride or outside. A row of dst has width pixels.
func (g gradient) load(dst []float32, n, first, rows, width, left int, spare []float32) {
	fh, fw := g.full()
	pitch := width * g.OC
	all := columns{0, g.OC, g.OC}
	direct := g.Stride == 1 && left >= 0 && left+fw <= width
	half := fw * g.OC
	for i := 0; i < rows; i++ {
		row := dst[i*pitch:][:pitch]
		q := first + i
		h := q / g.Stride
		if q < 0 || q%g.Stride != 0 || h >= fh {
			clear(row)
			continue
		}
		if !direct {
			g.loadDilated(row, n, h, left, spare)
			continue
		}
		clear(row[:left*g.OC])
		clear(row[(left+fw)*g.OC:])
		switch {
		case !g.Pool:
			g.row(row[left*g.OC:], n, h, all)
		case h%2 == 1: // its upper partner is not in the strip
			g.pair(spare, row[left*g.OC:], n, h/2, all)
		case i+1 == rows || h+1 == fh: // its lower partner is not
			g.pair(row[left*g.OC:], spare[half:], n, h/2, all)
		default:
			next := dst[(i+1)*pitch:][:pitch]
			clear(next[:left*g.OC])
			clear(next[(left+fw)*g.OC:])
			g.pair(row[left*g.OC:], next[left*g.OC:], n, h/2, all)
			i++
		}
	}
}

// loadDilated writes one row pixel by pixel, for strides above 1 and paddings above the kernel.
func (g gradient) loadDilated(row []float32, n, h, left int, spare []float32) {
	_, fw := g.full()
	half := fw * g.OC
	all := columns{0, g.OC, g.OC}
	from := spare[:half]
	if !g.Pool {
		g.row(from, n, h, all)
	} else {
		g.pair(spare[:half], spare[half:], n, h/2, all)
		from = spare[h%2*half:][:half]
	}
	clear(row)
	for w := range fw {
		if j := left + w*g.Stride; j >= 0 && (j+1)*g.OC <= len(row) {
			copy(row[j*g.OC:], from[w*g.OC:][:g.OC])
		}
	}
}
