package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// narrow emits the loops of narrow.go for one width of vectors.
type narrow struct{ simd }

func narrowAVX512(c asm) { narrow{simd{c, "AVX512", true}}.all() }
func narrowAVX2(c asm)   { narrow{simd{c, "AVX2", false}}.all() }

func (s narrow) all() {
	s.forward("narrowPool", "y *float32, argmax *byte, in, w, b *float32, windows, oc, channels, pitch int, stream bool", "narrowRow.pool", s.storeWindows)
	s.forward("narrowPlain", "top, bottom, in, w, b *float32, pixels, oc, channels, pitch int, stream bool", "narrowRow.plain", s.storePixels)
	s.gradient("narrowPoolGradient", "sums, dy *float32, argmax *byte, pairs *float32, order *uint32, windows, rows, oc, channels, pitch int", "narrowSum.pool", true)
	s.gradient("narrowPlainGradient", "sums, dy, y, in *float32, pixels, rows, oc, channels, pitch int", "narrowSum.plain", false)
	s.pairs()
}

// copy is a register with r's content.
func (s narrow) copy(r reg.Register) reg.GPVirtual {
	c := s.GP64()
	s.MOVQ(r, c)
	return c
}

func (s narrow) vecs(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = s.vec()
	}
	return v
}

func (s narrow) integer(i int) reg.Register {
	r := s.GP64()
	s.MOVQ(U32(uint32(i)), r)
	return r
}
