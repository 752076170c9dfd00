package kernel

import (
	"math"

	"vggtrain/internal/rng"
)

// Dropout multiplies numbers by Scale or 0 at random. Numbers 2i and 2i+1 use the lower and upper
// half of word i of Words: they become 0 if it is below Drop.
type Dropout struct {
	Words rng.Stream
	Drop  uint32
	Scale float32
}

// Apply computes dst from src. first is the index of their first number; it must be even. It uses the
// kernels of p, but runs on the calling goroutine only.
func (d Dropout) Apply(p *Workers, dst, src []float32, first int) {
	n := p.kernels.vector.whole(len(dst))
	if n > 0 {
		_ = src[n-1]
		p.kernels.vector.dropout(&dst[0], &src[0], n, d.Words.State(uint64(first/2)), d.Drop, d.Scale)
	}
	d.applyGeneric(dst[n:], src[n:], first+n)
}

// applyGeneric is Apply in plain Go.
func (d Dropout) applyGeneric(dst, src []float32, first int) {
	factor := [2]uint32{math.Float32bits(d.Scale), 0}
	for i := 0; i < len(dst); i += 2 {
		word := d.Words.Uint64(uint64(first+i) / 2)
		dst[i] = src[i] * math.Float32frombits(factor[below(uint32(word), d.Drop)])
		if i+1 < len(dst) {
			dst[i+1] = src[i+1] * math.Float32frombits(factor[below(uint32(word>>32), d.Drop)])
		}
	}
}

// below is 1 where a < b, else 0. It has no branch, which would be mispredicted as often as not.
func below(a, b uint32) uint64 { return (uint64(a) - uint64(b)) >> 63 }
