// Package rng gives random numbers by counter: each value is a pure function of
// (seed, purpose, epoch, index). Nothing is drawn in sequence, so the same numbers come out
// whatever the number of threads, and a resumed run needs no generator state.
//
// The generator is SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number
// generators"): its i-th output is the finaliser of key + i·γ.
package rng

import "math/bits"

// Purpose separates the streams of different uses.
type Purpose uint64

// The uses that draw random numbers. Their values are part of what a resumed run repeats:
// add at the end, never renumber.
const (
	Init    Purpose = iota + 1 // initial weights
	Shuffle                    // order of an epoch's images
	Augment                    // flips and crops
	Dropout                    // dropout masks
	Holdout                    // images held out of train
	Sample                     // pictures of train that stand for all
)

const gamma = 0x9e3779b97f4a7c15 // 2⁶⁴/φ, odd: SplitMix64's increment

// Stream is a sequence of random bits addressed by index.
type Stream struct{ key uint64 }

// New returns the stream of a seed, a purpose and an epoch.
func New(seed uint64, purpose Purpose, epoch uint64) Stream {
	return Stream{mix(seed)}.Split(uint64(purpose)).Split(epoch)
}

// Split returns the i-th of 2⁶⁴ child streams, for example one for each tensor.
func (s Stream) Split(i uint64) Stream {
	return Stream{mix(mix(s.key^gamma) + i*gamma)}
}

// Uint64 returns 64 random bits.
func (s Stream) Uint64(i uint64) uint64 { return mix(s.State(i)) }

// State returns the argument of the finaliser in Uint64(i), for code that draws many at a time.
func (s Stream) State(i uint64) uint64 { return s.key + (i+1)*gamma }

// Float64 returns a uniform number in [0, 1) with 53 random bits.
func (s Stream) Float64(i uint64) float64 { return float64(s.Uint64(i)>>11) / (1 << 53) }

// Intn returns a number in [0, n), n > 0. Its bias is below n/2⁶⁴ (Lemire 2019's
// multiplication without the rejection, which would need more than one draw).
func (s Stream) Intn(i uint64, n int) int {
	hi, _ := bits.Mul64(s.Uint64(i), uint64(n))
	return int(hi)
}

// Perm returns a permutation of [0, n) (Fisher–Yates).
func (s Stream) Perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		j := s.Intn(uint64(i), i+1)
		p[i] = p[j]
		p[j] = i
	}
	return p
}

// mix is SplitMix64's finaliser (Stafford's variant 13 of MurmurHash3's).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
