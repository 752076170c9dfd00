package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transformRows emits the transform of four rows of pixels.
func (s narrow) transformRows() {
	s.begin("narrowTransform", "dst, d0, d1, d2, d3 *float32, n, line int", "narrowTransform for whole vectors.")
	n, line := s.param("n"), s.bytes(s.param("line"))
	from, to := [4]reg.Register{}, [4]reg.Register{s.param("dst")}
	for i := range from {
		from[i] = s.param(fmt.Sprint("d", i))
		if i > 0 {
			to[i] = s.copy(to[i-1])
			s.ADDQ(line, to[i])
		}
	}
	s.grid("narrowTransform", s.integer(1), n, func(i reg.Register) {
		var d [4]reg.VecVirtual
		for r := range d {
			d[r] = s.load(at(from[r], i))
		}
		v := s.vecs(4)
		s.VADDPS(d[2], d[1], v[0])
		s.VSUBPS(d[1], d[2], v[1])
		s.VSUBPS(d[2], d[0], v[2])
		s.VSUBPS(d[1], d[3], v[3])
		for r := range v {
			s.VMOVUPS(v[r], at(to[r], i))
		}
	}, func() {})
	s.end()
}

// pairs emits the interleaving of two rows.
func (s narrow) pairs() {
	low, high := s.interleaving()
	s.begin("narrowPairs", "dst, upper, lower *float32, n int", "narrowPairs for whole vectors.")
	dst, upper, lower, n := s.param("dst"), s.param("upper"), s.param("lower"), s.param("n")
	var lowOrder, highOrder reg.VecVirtual
	if s.wide {
		lowOrder, highOrder = s.load(low), s.load(high)
	}
	one := s.integer(1)
	s.grid("narrowPairs", one, n, func(i reg.Register) {
		a, b := s.load(at(upper, i)), s.load(at(lower, i))
		first, second := s.vec(), s.vec()
		if s.wide {
			s.VMOVAPS(lowOrder, first)
			s.VMOVAPS(highOrder, second)
			s.VPERMI2PS(b, a, first)
			s.VPERMI2PS(b, a, second)
		} else {
			l, h := s.vec(), s.vec()
			s.VUNPCKLPS(b, a, l)
			s.VUNPCKHPS(b, a, h)
			s.VPERM2F128(Imm(0x20), h, l, first)
			s.VPERM2F128(Imm(0x31), h, l, second)
		}
		to := s.GP64()
		s.LEAQ(Mem{Base: dst, Index: i, Scale: 8}, to)
		s.VMOVUPS(first, Mem{Base: to})
		s.VMOVUPS(second, Mem{Base: to, Disp: 4 * s.lanes()})
	}, func() {})
	s.end()
}

// interleaving is the tables of VPERMI2PS for the lower and upper half of the interleaved vector.
func (s narrow) interleaving() (low, high Mem) {
	if !s.wide {
		return
	}
	half := func(name string, from int) Mem {
		m := s.StaticGlobal(name)
		s.DataAttributes(attr.RODATA | attr.NOPTR)
		for i := range 8 {
			s.AddDatum(8*i, U32(from+i))
			s.AddDatum(8*i+4, U32(16+from+i))
		}
		return m
	}
	return half("lowHalves", 0), half("highHalves", 8)
}
