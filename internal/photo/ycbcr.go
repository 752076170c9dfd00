package photo

import "image"

// pixelsOfYCbCr returns the pixels of a JPEG's planes, bit for bit as libjpeg-turbo makes them: chroma by
// its fancy upsampling (3/4 of the nearer sample and 1/4 of the next one, jdsample.c) and colours in
// fractions of 16 bits (jdcolor.c).
func pixelsOfYCbCr(m *image.YCbCr) pixels {
	c := newChroma(m)
	p := pixels{rows: m.Rect.Dy(), cols: m.Rect.Dx(), channels: 3}
	var cb, cr []int32
	p.read = func(dst []byte, y, x int) {
		n := len(dst) / 3
		cb, cr = c.row(m.Cb, cb, y, x, n), c.row(m.Cr, cr, y, x, n)
		toColours(dst, m.Y[y*m.YStride+x:][:n], cb, cr)
	}
	return p
}

// toColours sets dst to the colours of a row.
func toColours(dst, luma []byte, cb, cr []int32) {
	cb, cr, dst = cb[:len(luma)], cr[:len(luma)], dst[:3*len(luma)]
	for i, v := range luma {
		l, b, r := int32(v)<<16+1<<15, cb[i]-128, cr[i]-128
		c := dst[3*i : 3*i+3 : 3*i+3]
		c[0], c[1], c[2] = clamped((l+91881*r)>>16), clamped((l-22554*b-46802*r)>>16), clamped((l+116130*b)>>16)
	}
}

func clamped(v int32) byte { return byte(min(max(v, 0), 255)) }

// chroma interpolates the rows of Cb and Cr.
type chroma struct {
	rows, cols, stride int     // of the planes
	h, v               int     // pixels a sample, across and down
	sums               []int32 // a row, of samples × 4 if v is 2
}

func newChroma(m *image.YCbCr) *chroma {
	c := &chroma{stride: m.CStride, h: 1, v: 1}
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		c.h = 2
	case image.YCbCrSubsampleRatio420:
		c.h, c.v = 2, 2
	case image.YCbCrSubsampleRatio440:
		c.v = 2
	case image.YCbCrSubsampleRatio411:
		c.h = 4
	case image.YCbCrSubsampleRatio410:
		c.h, c.v = 4, 2
	}
	c.rows, c.cols = (m.Rect.Dy()+c.v-1)/c.v, (m.Rect.Dx()+c.h-1)/c.h
	c.sums = make([]int32, c.cols)
	return c
}

// row returns n values of a plane for the pixels of row y from column x on, in dst if it is large enough.
// As in libjpeg-turbo, what is a quarter as wide, or half as wide with one or two columns, is repeated.
func (c *chroma) row(plane []byte, dst []int32, y, x, n int) []int32 {
	if cap(dst) < n {
		dst = make([]int32, n)
	}
	dst = dst[:n]
	near := plane[y/c.v*c.stride:][:c.cols]
	switch {
	case c.h == 4 || c.h == 2 && c.cols <= 2 || c.h == 1 && c.v == 1:
		for i := range dst {
			dst[i] = int32(near[(x+i)/c.h])
		}
	case c.h == 1:
		next := c.next(plane, y)
		bias := int32(1 + y%2) // rounds by turns, so that no error adds up
		for i := range dst {
			dst[i] = (3*int32(near[x+i]) + int32(next[x+i]) + bias) >> 2
		}
	default:
		c.across(dst, c.down(plane, near, y, x, n), x)
	}
	return dst
}

// next returns the second nearest row of a plane.
func (c *chroma) next(plane []byte, y int) []byte {
	at := min(max(y/2-1+y%2*2, 0), c.rows-1)
	return plane[at*c.stride:][:c.cols]
}

// down sets c.sums for the pixels from column x on, and returns it.
func (c *chroma) down(plane, near []byte, y, x, n int) []int32 {
	from, to := max(x/2-1, 0), min((x+n-1)/2+2, c.cols)
	if c.v == 1 {
		for i := from; i < to; i++ {
			c.sums[i] = int32(near[i])
		}
		return c.sums
	}
	next := c.next(plane, y)
	for i := from; i < to; i++ {
		c.sums[i] = 3*int32(near[i]) + int32(next[i])
	}
	return c.sums
}

// across interpolates between sums, two pixels each.
func (c *chroma) across(dst, sums []int32, x int) {
	first, second, shift := int32(1), int32(2), 2
	if c.v == 2 {
		first, second, shift = 8, 7, 4
	}
	at := x / 2
	left, here := sums[max(at-1, 0)], sums[at]
	for i := -(x % 2); i < len(dst); i += 2 {
		right := sums[min(at+1, len(sums)-1)]
		if i >= 0 {
			dst[i] = (3*here + left + first) >> shift
		}
		if i+1 < len(dst) {
			dst[i+1] = (3*here + right + second) >> shift
		}
		at, left, here = at+1, here, right
	}
}
