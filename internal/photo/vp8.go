package photo

import (
	"bytes"
	"image"
	"io"
)

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }

// pixelsOfVP8 returns the pixels of a lossy frame's planes, bit for bit as libwebp makes them: VP8 has
// video's range of 16 to 235 (Y) and 16 to 240 (U and V), which type image.YCbCr does not know, and
// chroma is interpolated with weights 9, 3, 3 and 1 (dsp/upsampling.c, dsp/yuv.h).
func pixelsOfVP8(m *image.YCbCr, alpha *image.NYCbCrA) pixels {
	rows, cols := (m.Rect.Dy()+1)/2, (m.Rect.Dx()+1)/2
	p := pixels{rows: m.Rect.Dy(), cols: m.Rect.Dx(), channels: 3}
	if alpha != nil {
		p.channels = 4
	}
	var us, vs []int32
	p.read = func(dst []byte, y, x int) {
		n := len(dst) / p.channels
		near, far := y/2, min(max(y/2-1+y%2*2, 0), rows-1)
		us = mixed(us, m.Cb[near*m.CStride:][:cols], m.Cb[far*m.CStride:][:cols], x, n)
		vs = mixed(vs, m.Cr[near*m.CStride:][:cols], m.Cr[far*m.CStride:][:cols], x, n)
		for i, luma := range m.Y[y*m.YStride+x:][:n] {
			c := dst[p.channels*i:][:p.channels]
			l, u, v := int32(luma)*19077>>8, us[i], vs[i]
			c[0] = clamped((l + v*26149>>8 - 14234) >> 6)
			c[1] = clamped((l - u*6419>>8 - v*13320>>8 + 8708) >> 6)
			c[2] = clamped((l + u*33050>>8 - 17685) >> 6)
			if alpha != nil {
				c[3] = alpha.A[y*alpha.AStride+x+i]
			}
		}
	}
	return p
}

// mixed returns n values of chroma for the pixels from column x on, of the two nearest rows of samples.
func mixed(dst []int32, near, far []byte, x, n int) []int32 {
	if cap(dst) < n {
		dst = make([]int32, n)
	}
	dst = dst[:n]
	for i := range dst {
		at := (x + i) / 2
		next := min(max(at-1+(x+i)%2*2, 0), len(near)-1)
		a, b, c, d := int32(near[at]), int32(near[next]), int32(far[at]), int32(far[next])
		dst[i] = ((a+3*b+3*c+d+8)>>3 + a) >> 1
	}
	return dst
}
