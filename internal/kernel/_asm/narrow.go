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
	s.forward("narrowPool", 1, true)
	s.forward("narrowPlain", 1, false)
	s.forward("narrowPool3", 3, true)
	s.forward("narrowPlain3", 3, false)
	s.transformRows()
	s.poolGradient()
	s.poolGradient3()
	s.plainGradient("narrowPlainGradient", 1)
	s.plainGradient("narrowPlainGradient3", 3)
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
