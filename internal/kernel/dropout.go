package kernel

import "math"

// Dropout multiplies numbers by Scale or by 0, as random bits say. Numbers 2i and 2i+1 take the
// lower and upper half of word i of SplitMix64 (see package rng), and become 0 where that half is
// below Drop.
type Dropout struct {
	State uint64 // of word 0, before the finaliser; each further word adds dropoutStep
	Drop  uint32
	Scale float32
}

// dropoutStep is SplitMix64's increment.
const dropoutStep = 0x9e3779b97f4a7c15

// Apply computes dst from src, whose first number has the even index first, on the kernels of p and
// the calling goroutine alone.
func (d Dropout) Apply(p *Workers, dst, src []float32, first int) {
	d.State += uint64(first/2) * dropoutStep
	n := p.kernels.vector.whole(len(dst))
	if n > 0 {
		_ = src[n-1]
		p.kernels.vector.dropout(&dst[0], &src[0], n, d.State, d.Drop, d.Scale)
	}
	dropoutGeneric(dst[n:], src[n:], d.State+uint64(n/2)*dropoutStep, d.Drop, d.Scale)
}

// dropoutGeneric is Apply for words from state on.
func dropoutGeneric(dst, src []float32, state uint64, drop uint32, scale float32) {
	factor := [2]uint32{math.Float32bits(scale), 0}
	for i := 0; i < len(dst); i += 2 {
		z := state + uint64(i/2)*dropoutStep
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		dst[i] = src[i] * math.Float32frombits(factor[below(uint32(z), drop)])
		if i+1 < len(dst) {
			dst[i+1] = src[i+1] * math.Float32frombits(factor[below(uint32(z>>32), drop)])
		}
	}
}

// below is 1 where a < b, else 0: without a branch, which would be mispredicted as often as not.
func below(a, b uint32) uint64 { return (uint64(a) - uint64(b)) >> 63 }
