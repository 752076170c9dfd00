package dataset

import "math"

// precision is the number of fraction bits of a weight (PIL's PRECISION_BITS: 32 less 8 bits of
// pixel, less 2 that other filters need).
const precision = 32 - 8 - 2

// rounding is a half. A sum of up to maxSide pixels stays below 2³²: n weights, each rounded to the
// nearest, add up to at most 2²²+n/2.
const rounding = 1 << (precision - 1)

// axis is the filter along one direction of an image:
//
//	output[i] = Σ_k weights[i*taps+k] * input[first[i]+k]
//
// Taps beyond the border have weight 0, and are moved inside of the image.
type axis struct {
	taps    int
	first   []int
	weights []uint32
}

// newAxis returns the outputs from, from+1, … of PIL's bilinear filter from in to out samples
// (precompute_coeffs and normalize_coeffs_8bpc of Pillow's Resample.c): a triangle whose support grows
// with the scale when it shrinks the image. Each product is rounded by itself, as in C without
// contraction: on processors with fused multiply-add Go would otherwise round once only.
func newAxis(in, out, from, outputs int) axis {
	scale := float64(in) / float64(out)
	support := max(scale, 1)
	center := func(i int) float64 { return float64((float64(from+i) + 0.5) * scale) }
	span := func(i int) (lo, hi int) {
		return max(int(center(i)-support+0.5), 0), min(int(center(i)+support+0.5), in)
	}
	a := axis{taps: 1, first: make([]int, outputs)}
	for i := range outputs {
		lo, hi := span(i)
		a.taps = max(a.taps, hi-lo)
	}
	a.weights = make([]uint32, outputs*a.taps)
	triangle := make([]float64, a.taps)
	for i := range outputs {
		lo, hi := span(i)
		weigh(triangle[:hi-lo], lo, center(i), 1/support)
		a.first[i] = min(lo, in-a.taps) // so that all taps lie inside
		for k, w := range triangle[:hi-lo] {
			a.weights[i*a.taps+lo-a.first[i]+k] = uint32(0.5 + float64(w*(1<<precision)))
		}
	}
	return a
}

// weigh sets the weights of the samples from, from+1, …, which add up to 1.
func weigh(weights []float64, from int, center, slope float64) {
	sum := 0.0
	for k := range weights {
		distance := math.Abs(float64((float64(from+k) - center + 0.5) * slope))
		weights[k] = max(1-distance, 0)
		sum += weights[k]
	}
	for k := range weights {
		weights[k] /= sum
	}
}

// after returns one more than the last sample that the outputs are made of.
func (a *axis) after() int { return a.first[len(a.first)-1] + a.taps }

// along computes the outputs [from, to) of a row of C channels.
func (a *axis) along(dst, row []byte, channels, from, to int) {
	if channels == 3 {
		a.alongColours(dst, row, from, to)
		return
	}
	if a.taps == 2 { // as blend
		for i := from; i < to; i++ {
			x := a.first[i]
			dst[i] = byte((uint32(row[x])*a.weights[2*i] + uint32(row[x+1])*a.weights[2*i+1] + rounding) >> precision)
		}
		return
	}
	for i := from; i < to; i++ {
		sum := uint32(rounding)
		pixels := row[a.first[i]:][:a.taps]
		for k, w := range a.weights[i*a.taps:][:len(pixels)] {
			sum += uint32(pixels[k]) * w
		}
		dst[i] = toByte(sum)
	}
}

func (a *axis) alongColours(dst, row []byte, from, to int) {
	for i := from; i < to; i++ {
		red, green, blue := uint32(rounding), uint32(rounding), uint32(rounding)
		pixels := row[3*a.first[i]:]
		for _, w := range a.weights[i*a.taps:][:a.taps] {
			red += uint32(pixels[0]) * w
			green += uint32(pixels[1]) * w
			blue += uint32(pixels[2]) * w
			pixels = pixels[3:]
		}
		dst[3*i], dst[3*i+1], dst[3*i+2] = toByte(red), toByte(green), toByte(blue)
	}
}

// toByte rounds a sum. Thousands of weights may add up to more than 1.
func toByte(sum uint32) byte { return byte(min(sum>>precision, 255)) }
