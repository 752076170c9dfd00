package kernel

// Winograd's minimal filtering F(4×4,3×3), for the points 0, 1, -1, 2, -2, ∞ (Lavin & Gray,
// Fast Algorithms for Convolutional Neural Networks, CVPR 2016, section 4.3). With a patch d of
// 6×6 pixels, a filter g of 3×3 and an output tile y of 4×4:
//
//	y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A
//
// The weight gradient is the adjoint in g: dg = Gᵀ[(Bᵀ d B) ⊙ (A dy Aᵀ)]G.
//
//	     ⎡4  0 -5  0  1  0⎤       ⎡ 1/4    0    0  ⎤        ⎡1  1  1  1  1  0⎤
//	     ⎢0 -4 -4  1  1  0⎥       ⎢-1/6 -1/6  -1/6 ⎥   Aᵀ = ⎢0  1 -1  2 -2  0⎥
//	Bᵀ = ⎢0  4 -4 -1  1  0⎥   G = ⎢-1/6  1/6  -1/6 ⎥        ⎢0  1  1  4  4  0⎥
//	     ⎢0 -2 -1  2  1  0⎥       ⎢1/24  1/12  1/6 ⎥        ⎣0  1 -1  8 -8  1⎦
//	     ⎢0  2 -1 -2  1  0⎥       ⎢1/24 -1/12  1/6 ⎥
//	     ⎣0  4  0 -5  0  1⎦       ⎣ 0     0     1  ⎦
//
// The 36 values of a transformed tile are kept in planes: value (i, j) in plane 6i+j.
const (
	winogradTile  = 4
	winogradPatch = 6
	planes        = winogradPatch * winogradPatch
)

// toPlanes is a transform of the channels of a row of tiles from pixels to planes: value e of
// channel c of tile t goes to dst[e*plane+t*ldd+c], from pixels (i, j) at
// src[t*step+i*pitch+j*pixel+c].
type toPlanes struct {
	dst, src           []float32
	tiles, cols        int
	plane, ldd         int
	pitch, pixel, step int
}

// input is Bᵀ d B of 6×6 pixels.
func (s toPlanes) input(ks *kernels) {
	s.run(ks.winograd.input, ks.winograd.whole(s.cols), winogradPatch, inputLine)
}

// gradient is A d Aᵀ of 4×4 pixels.
func (s toPlanes) gradient(ks *kernels) {
	s.run(ks.winograd.gradient, ks.winograd.whole(s.cols), winogradTile, gradientLine)
}

// run transforms the first whole channels by assembly and the others by line.
func (s toPlanes) run(f func(dst, src *float32, tiles, cols, plane, ldd, pitch, pixel, step int), whole, pixels int, line func([winogradPatch]float32) [winogradPatch]float32) {
	if s.tiles <= 0 {
		return
	}
	if whole > 0 {
		_ = s.dst[(planes-1)*s.plane+(s.tiles-1)*s.ldd+whole-1]
		_ = s.src[(s.tiles-1)*s.step+(pixels-1)*(s.pitch+s.pixel)+whole-1]
		f(&s.dst[0], &s.src[0], s.tiles, whole, s.plane, s.ldd, s.pitch, s.pixel, s.step)
	}
	for t := range s.tiles {
		for c := whole; c < s.cols; c++ {
			s.channel(t*s.ldd+c, t*s.step+c, pixels, line)
		}
	}
}

// channel transforms one channel of one tile.
func (s toPlanes) channel(dst, src, pixels int, line func([winogradPatch]float32) [winogradPatch]float32) {
	var columns [winogradPatch][winogradPatch]float32
	for j := range pixels {
		var d [winogradPatch]float32
		for i := range pixels {
			d[i] = s.src[src+i*s.pitch+j*s.pixel]
		}
		columns[j] = line(d)
	}
	for i := range winogradPatch {
		var d [winogradPatch]float32
		for j := range pixels {
			d[j] = columns[j][i]
		}
		for j, v := range line(d) {
			s.dst[dst+(i*winogradPatch+j)*s.plane] = v
		}
	}
}

// inputLine is Bᵀd.
func inputLine(d [winogradPatch]float32) [winogradPatch]float32 {
	a, b := d[4]-4*d[2], d[3]-4*d[1]
	c, e := d[4]-d[2], 2*(d[3]-d[1])
	return [winogradPatch]float32{4*d[0] - 5*d[2] + d[4], a + b, a - b, c + e, c - e, 4*d[1] - 5*d[3] + d[5]}
}

// gradientLine is Ad, of the first four values of d.
func gradientLine(d [winogradPatch]float32) [winogradPatch]float32 {
	a, b := d[0]+d[2], d[1]+d[3]
	c, e := d[0]+4*d[2], 2*(d[1]+4*d[3])
	return [winogradPatch]float32{d[0], a + b, a - b, c + e, c - e, d[3]}
}

// fromPlanes is a transform of the channels of a row of tiles from planes to pixels: value e of
// channel c of tile t comes from src[e*plane+t*lds+c]; pixel (i, j) goes to
// dst[t*step+i*pitch+j*pixel+c].
type fromPlanes struct {
	dst, src, bias     []float32 // bias: of every channel
	tiles, cols        int
	plane, lds         int
	pitch, pixel, step int
	floor              float32 // outputs are at least that: 0 for ReLU, -Inf for none
	stream             bool    // store dst past the caches: it and its strides are whole cache lines
}

// output is Aᵀ M A + bias, bounded by floor, into 4×4 pixels.
func (g fromPlanes) output(ks *kernels) {
	if g.tiles <= 0 {
		return
	}
	whole := ks.winograd.whole(g.cols)
	if whole > 0 {
		g.check(whole)
		_ = g.dst[(g.tiles-1)*g.step+(winogradTile-1)*(g.pitch+g.pixel)+whole-1]
		ks.winograd.output(&g.dst[0], &g.src[0], &g.bias[0], g.tiles, whole, g.plane, g.lds, g.pitch, g.pixel, g.step, g.floor, g.stream)
	}
	for t := range g.tiles {
		for c := whole; c < g.cols; c++ {
			y := g.channel(t*g.lds + c)
			for i, row := range y {
				for j, v := range row {
					g.dst[t*g.step+i*g.pitch+j*g.pixel+c] = g.finish(v, c)
				}
			}
		}
	}
}

// check panics unless what is read lies inside its slices, and what is streamed begins where the
// processor can: a fault there would end the process.
func (g fromPlanes) check(whole int) {
	_, _ = g.src[(planes-1)*g.plane+(g.tiles-1)*g.lds+whole-1], g.bias[whole-1]
	if g.stream && !(aligned(g.dst) && (g.pitch|g.pixel|g.step)%cacheLine == 0) {
		panic("winograd: a streamed pixel begins inside a cache line")
	}
}

// finish adds the bias and bounds the sum; NaN stays NaN.
func (g fromPlanes) finish(v float32, c int) float32 {
	v += g.bias[c]
	if v < g.floor {
		v = g.floor
	}
	return v
}

// pool is output followed by a 2×2 max-pool: 2×2 pixels a tile go to dst. Unless argmax is nil, the
// number of a window's largest pixel goes there at the same offset, as in maxPool2Generic, or
// noPixel where it is no more than floor. spare is 16 vectors of work space.
func (g fromPlanes) pool(ks *kernels, argmax []byte, spare []float32) {
	if g.tiles <= 0 {
		return
	}
	whole := ks.winograd.whole(g.cols)
	if whole > 0 {
		g.check(whole)
		last := (g.tiles-1)*g.step + g.pitch + g.pixel + whole - 1
		_, _ = g.dst[last], spare[16*Panel/2-1]
		var to *byte
		if argmax != nil {
			_, to = argmax[last], &argmax[0]
		}
		ks.winograd.pool(&g.dst[0], to, &g.src[0], &g.bias[0], &spare[0], g.tiles, whole, g.plane, g.lds, g.pitch, g.pixel, g.step, g.floor, g.stream)
	}
	for t := range g.tiles {
		for c := whole; c < g.cols; c++ {
			y := g.channel(t*g.lds + c)
			for w := range 4 {
				i, j := w/2, w%2
				v, largest := argmaxOf(y[2*i][2*j], y[2*i][2*j+1], y[2*i+1][2*j], y[2*i+1][2*j+1])
				at := t*g.step + i*g.pitch + j*g.pixel + c
				v = g.finish(v, c)
				g.dst[at] = v
				if v <= g.floor {
					largest = noPixel
				}
				if argmax != nil {
					argmax[at] = largest
				}
			}
		}
	}
}

// argmaxOf is the largest of a window and its number: the first of equals, the last NaN.
func argmaxOf(window ...float32) (best float32, argmax byte) {
	best = window[0]
	for i, v := range window {
		if v > best || v != v {
			best, argmax = v, byte(i)
		}
	}
	return best, argmax
}

// channel is Aᵀ M A for the 36 values from src[at] on.
func (g fromPlanes) channel(at int) (y [winogradTile][winogradTile]float32) {
	var columns [winogradPatch][winogradTile]float32
	for j := range winogradPatch {
		var m [winogradPatch]float32
		for i := range m {
			m[i] = g.src[at+(i*winogradPatch+j)*g.plane]
		}
		columns[j] = outputLine(&m)
	}
	for i := range y {
		var m [winogradPatch]float32
		for j := range m {
			m[j] = columns[j][i]
		}
		y[i] = outputLine(&m)
	}
	return y
}

// outputLine is Aᵀm.
func outputLine(m *[winogradPatch]float32) [winogradTile]float32 {
	a, b := m[1]+m[2], m[1]-m[2]
	c, d := m[3]+m[4], m[3]-m[4]
	return [winogradTile]float32{m[0] + a + c, b + 2*d, a + 4*c, m[5] + b + 8*d}
}

// winogradLoops are an instruction set's assembly of the functions here and in winograd_filter.go, on
// whole vectors.
type winogradLoops struct {
	lanes
	input, gradient        func(dst, src *float32, tiles, cols, plane, ldd, pitch, pixel, step int)
	output                 func(dst, src, bias *float32, tiles, cols, plane, lds, pitch, pixel, step int, floor float32, stream bool)
	pool                   func(dst *float32, argmax *byte, src, bias, spare *float32, tiles, cols, plane, lds, pitch, pixel, step int, floor float32, stream bool)
	filter, filterGradient func(dst, src *float32, n, dstPlane, srcPlane int)
}
