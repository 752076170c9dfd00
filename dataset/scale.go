package dataset

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// Scale normalises one channel: a pixel v becomes (v/255 - Mean) / Deviation. With the zero value it
// becomes v/255.
type Scale struct{ Mean, Deviation float64 }

// leastDeviation is far below that of any set with two different pixels in it (1/255 of one pixel in
// a thousand million is 1e-7), and far above where float32 overflows.
const leastDeviation = 1e-9

// Table returns the scaled values of all 256 pixels, computed in float32 as by torchvision's ToTensor
// and Normalize. A deviation of less than 1e-9 is an error.
func (s Scale) Table() (*[256]float32, error) {
	if s == (Scale{}) {
		s.Deviation = 1
	}
	if !(float32(s.Deviation) >= leastDeviation) {
		return nil, fmt.Errorf("pixels cannot be divided by a deviation of %v: it must be %v or more", s.Deviation, leastDeviation)
	}
	table := new([256]float32)
	for v := range table {
		table[v] = (float32(v)/255 - float32(s.Mean)) / float32(s.Deviation)
	}
	return table, nil
}

// Measure returns, for each channel of prepared pictures of a training set, the mean and the
// (population) standard deviation of its pixels, scaled to [0, 1]. For the published training set they
// are 0.2860 and 0.3530, of all its pixels before the resize. Of other sets it reads 512 pictures drawn
// by the seed.
func Measure(ctx context.Context, s Source, p Preparation, seed uint64) ([]Scale, error) {
	if p.Garments {
		all := make([]int, s.Len())
		for i := range all {
			all[i] = i
		}
		counts, err := count(ctx, s, all, func(p *Pixels) (*Pixels, error) { return p, nil })
		scales := scalesOf(counts)
		for len(scales) > 0 && len(scales) < p.Channels { // grey becomes colours
			scales = append(scales, scales[0])
		}
		return scales, err
	}
	q, err := NewPreparer(p, nil)
	if err != nil {
		return nil, err
	}
	var whole Pixels
	counts, err := count(ctx, s, sampled(s.Len(), seed), func(p *Pixels) (*Pixels, error) {
		return &whole, q.Bytes(whole.Make(q.Side, q.Side, q.Channels), p)
	})
	return scalesOf(counts), err
}

// count counts the pixels of what prepare makes of the images at some positions, by channel.
func count(ctx context.Context, s Source, index []int, prepare func(*Pixels) (*Pixels, error)) (counts []histogram, err error) {
	var p Pixels
	defer p.Close()
	for _, i := range index {
		err := s.Image(ctx, i, &p)
		seen := &p
		if err == nil {
			seen, err = prepare(&p)
		}
		if err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
		if counts == nil {
			counts = make([]histogram, seen.Channels)
		}
		for c := range counts {
			counts[c].add(seen.Pix[c:], seen.Channels)
		}
	}
	return counts, nil
}

// scalesOf returns the mean and the deviation of each channel.
func scalesOf(counts []histogram) []Scale {
	scales := make([]Scale, len(counts))
	for c := range scales {
		scales[c] = counts[c].scale()
	}
	return scales
}

// histogram counts pixels by value. Neighbours count in different tables of four: with one, each of many
// zeros in a row would wait for the count before to be written.
type histogram [4][256]int

// add counts every step-th pixel.
func (h *histogram) add(pixels []byte, step int) {
	for ; len(pixels) > 3*step; pixels = pixels[min(4*step, len(pixels)):] {
		h[0][pixels[0]]++
		h[1][pixels[step]]++
		h[2][pixels[2*step]]++
		h[3][pixels[3*step]]++
	}
	for at := 0; at < len(pixels); at += step {
		h[0][pixels[at]]++
	}
}

// scale returns the mean and the deviation of all pixels.
func (h *histogram) scale() (s Scale) {
	var counts [256]float64
	n := 0.0
	for v := range counts {
		counts[v] = float64(h[0][v] + h[1][v] + h[2][v] + h[3][v])
		n += counts[v]
	}
	for v, count := range counts {
		s.Mean += float64(v) / 255 * count / n
	}
	variance := 0.0
	for v, count := range counts {
		d := float64(v)/255 - s.Mean
		variance += d * d * count / n
	}
	s.Deviation = math.Sqrt(variance)
	if slices.Max(counts[:]) == n {
		s.Deviation = 0 // the mean is rounded
	}
	return s
}
