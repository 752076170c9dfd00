package dataset

import (
	"fmt"
	"math"

	"github.com/dustin/go-humanize"
)

// maxResize bounds both sides of a resize in pixels. PIL's sums of 32 bits allow no more: n weights,
// each rounded to the nearest, add up to at most 2²²+n/2, and 255 times that, rounded to 8 bits,
// stays 255 while n < 2¹⁴. So no result needs clipping here.
const maxResize = 1 << 14

// precision is the number of fraction bits of a weight (PIL's PRECISION_BITS: 32 less 8 bits of
// pixel, less 2 that other filters need).
const precision = 32 - 8 - 2

// Two pixels are computed at a time, in the halves of a uint64. A half is at most
// 255·(2²²+2¹³)+2²¹ < 2³¹: nothing carries into the other.
const (
	laneBits = 32
	rounding = 1<<(precision-1) | 1<<(precision-1+laneBits)
)

// axis is the filter along one direction of an image:
//
//	output[i] = Σ_k weights[i*taps+k] * input[first[i]+k]
//
// Taps beyond the border have weight 0, and are moved inside of the image.
type axis struct {
	taps    int
	first   []int
	weights []uint64
}

// newAxis returns PIL's bilinear filter from in to out samples (precompute_coeffs and
// normalize_coeffs_8bpc of Pillow's Resample.c): a triangle whose support grows with the scale
// when it shrinks the image. Each product is rounded by itself, as in C without contraction: on
// processors with fused multiply-add Go would otherwise round once only.
func newAxis(in, out int) axis {
	scale := float64(in) / float64(out)
	support := max(scale, 1)
	first, spans := make([]int, out), make([][]float64, out)
	taps := 1
	for i := range out {
		center := float64((float64(i) + 0.5) * scale)
		from := max(int(center-support+0.5), 0)
		to := min(int(center+support+0.5), in)
		first[i], spans[i] = from, triangle(from, to, center, 1/support)
		taps = max(taps, to-from)
	}
	a := axis{taps, first, make([]uint64, out*taps)}
	for i, span := range spans {
		shift := max(first[i]+taps-in, 0) // so that all taps lie inside
		first[i] -= shift
		for k, w := range span {
			a.weights[i*taps+shift+k] = uint64(0.5 + float64(w*(1<<precision)))
		}
	}
	return a
}

// triangle returns the weights of the samples [from, to), which add up to 1.
func triangle(from, to int, center, slope float64) []float64 {
	weights := make([]float64, to-from)
	sum := 0.0
	for k := range weights {
		distance := math.Abs(float64((float64(from+k) - center + 0.5) * slope))
		weights[k] = max(1-distance, 0)
		sum += weights[k]
	}
	for k := range weights {
		weights[k] /= sum
	}
	return weights
}

// Resizer resizes images of one size to squares of one side. It equals PIL's Image.resize((S, S),
// Image.BILINEAR) on images of mode L, bit for bit. (Of images that are not square, Pillow 13 resizes
// some by columns first, which rounds differently; this is the order of all its versions before.)
// Each channel is resized as if it were alone. It owns scratch memory: use one a goroutine.
type Resizer struct {
	rows, cols, side int
	channels         int
	across, down     axis
	pairs            int       // of columns, the last may be half
	narrow           []uint64  // H×pairs: the image after the horizontal pass, two pixels a word
	sums             []uint64  // pairs
	grower           *grower   // nil where it does not apply
	plane            []byte    // H×W: one channel of several
	resized          []float32 // S×S: likewise
}

// NewResizer returns a Resizer of C channels from rows×cols to side×side. Sides must be from 1 to
// 16,384, and C at least 1.
func NewResizer(rows, cols, channels, side int) (*Resizer, error) {
	if channels < 1 {
		return nil, fmt.Errorf("cannot resize images of %d channels", channels)
	}
	for _, n := range []int{rows, cols, side} {
		if n < 1 || n > maxResize {
			return nil, fmt.Errorf("cannot resize %d×%d to %d×%d: sides must be from 1 to %s",
				rows, cols, side, side, humanize.Comma(maxResize))
		}
	}
	pairs := (side + 1) / 2
	r := &Resizer{
		rows: rows, cols: cols, side: side, channels: channels,
		across: newAxis(cols, side), down: newAxis(rows, side),
		pairs: pairs, narrow: make([]uint64, rows*pairs), sums: make([]uint64, pairs),
	}
	r.grower = newGrower(&r.across, &r.down, rows)
	if channels > 1 {
		r.plane, r.resized = make([]byte, rows*cols), make([]float32, side*side)
	}
	return r, nil
}

// Fits reports whether the Resizer takes images of rows×cols.
func (r *Resizer) Fits(rows, cols int) bool { return rows == r.rows && cols == r.cols }

// Floats resizes src (H×W×C) into dst (S×S×C), where a pixel v of channel c becomes tables[c][v].
func (r *Resizer) Floats(dst []float32, src []byte, tables []*[256]float32) {
	if r.channels == 1 {
		r.resize(dst, src, tables[0])
		return
	}
	for c, table := range tables {
		for i := range r.plane {
			r.plane[i] = src[i*r.channels+c]
		}
		r.resize(r.resized, r.plane, table)
		for i, v := range r.resized {
			dst[i*r.channels+c] = v
		}
	}
}

// resize is PIL's two passes, each rounded to 8 bits: first along the rows, then along the
// columns.
func (r *Resizer) resize(dst []float32, src []byte, table *[256]float32) {
	if r.grower != nil {
		r.grow(dst, src, table)
		return
	}
	for y := range r.rows {
		r.alongRow(y, src[y*r.cols:(y+1)*r.cols])
	}
	r.alongColumns(dst, table)
}

// alongColumns is the vertical pass, after the horizontal pass over all rows.
func (r *Resizer) alongColumns(dst []float32, table *[256]float32) {
	taps := r.down.taps
	for y := range r.side {
		out := dst[y*r.side : (y+1)*r.side]
		weights := r.down.weights[y*taps : (y+1)*taps]
		rows := r.narrow[r.down.first[y]*r.pairs:]
		if taps == 2 {
			blend(out, rows[:r.pairs], rows[r.pairs:2*r.pairs], weights[0], weights[1], table)
		} else {
			r.add(out, rows, weights, table)
		}
	}
}

// alongRow is the horizontal pass over row y.
func (r *Resizer) alongRow(y int, row []byte) {
	dst := r.narrow[y*r.pairs : (y+1)*r.pairs]
	clear(dst)
	taps := r.across.taps
	for i, x := range r.across.first {
		sum := uint64(1 << (precision - 1))
		pixels := row[x : x+taps]
		for k, w := range r.across.weights[i*taps:][:len(pixels)] {
			sum += uint64(pixels[k]) * w
		}
		dst[i/2] |= sum >> precision << (i % 2 * laneBits)
	}
}

// add sums rows, each times its weight, rounds the sums to pixels, and looks these up.
func (r *Resizer) add(dst []float32, rows, weights []uint64, table *[256]float32) {
	for p := range r.sums {
		r.sums[p] = rounding
	}
	for k, w := range weights {
		for p, v := range rows[k*r.pairs : (k+1)*r.pairs] {
			r.sums[p] += v * w
		}
	}
	for i := range dst {
		dst[i] = table[uint8(r.sums[i/2]>>(precision+i%2*laneBits))]
	}
}

// blend is the vertical pass with two taps:
//
//	dst[x] = table[(upper[x]*w0 + lower[x]*w1 + half) >> precision]
func blend(dst []float32, upper, lower []uint64, w0, w1 uint64, table *[256]float32) {
	full := upper[:len(dst)/2]
	lower = lower[:len(upper)]
	for p, u := range full {
		v := u*w0 + lower[p]*w1 + rounding
		two := dst[2*p : 2*p+2]
		two[0], two[1] = table[uint8(v>>precision)], table[uint8(v>>(precision+laneBits))]
	}
	if p := len(full); p < len(upper) {
		v := upper[p]*w0 + lower[p]*w1 + rounding
		dst[2*p] = table[uint8(v>>precision)]
	}
}
