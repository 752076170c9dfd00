package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// SplitMix64's constants, see package rng.
const (
	increment = 0x9e3779b97f4a7c15
	factor1   = 0xbf58476d1ce4e5b9
	factor2   = 0x94d049bb133111eb
)

func dropoutAVX512(c asm) { simd{c, "AVX512", true}.dropout() }
func dropoutAVX2(c asm)   { simd{c, "AVX2", false}.dropout() }

func (s simd) dropout() {
	s.begin("dropout", "dst, src *float32, n int, state uint64, drop uint32, scale float32", "Dropout.applyGeneric for whole vectors.")
	dst, src, n := s.param("dst"), s.param("src"), s.param("n")
	words := s.lanes() / 2 // random words of a vector
	state := s.counters(s.Load(s.Param("state"), s.GP64()), words)
	step, one, two := s.word(times(increment, words)), s.multiplier(factor1), s.multiplier(factor2)
	x := s.XMM()
	s.Load(s.Param("scale"), x)
	scale, drop := s.vec(), s.vec()
	s.VBROADCASTSS(x, scale)
	y := s.XMM()
	s.VMOVD(s.Load(s.Param("drop"), s.GP32()), y)
	s.VPBROADCASTD(y, drop)
	rows := s.GP64()
	s.MOVQ(U32(1), rows)
	s.grid("dropout", rows, n, func(i reg.Register) {
		bits := s.vec()
		s.shiftXor(state, bits, 30)
		s.multiply(bits, one)
		s.shiftXor(bits, bits, 27)
		s.multiply(bits, two)
		s.shiftXor(bits, bits, 31)
		s.plus(step, state)
		factor := s.keep(bits, drop, scale)
		s.VMULPS(at(src, i), factor, factor)
		s.VMOVUPS(factor, at(dst, i))
	}, func() {})
	s.end()
}

// times is v·k modulo 2⁶⁴.
func times(v uint64, k int) uint64 { return v * uint64(k) }

// word is a vector of the 64-bit integer v.
func (s simd) word(v uint64) reg.VecVirtual {
	r, x, all := s.GP64(), s.XMM(), s.vec()
	s.MOVQ(U64(v), r)
	s.VMOVQ(r, x)
	s.VPBROADCASTQ(x, all)
	return all
}

// counters is a vector of state, state + increment, state + 2·increment …
func (s simd) counters(state reg.Register, words int) reg.VecVirtual {
	table := s.StaticGlobal("counters" + s.suffix)
	s.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range words {
		s.AddDatum(8*i, U64(times(increment, i)))
	}
	x, v := s.XMM(), s.vec()
	s.VMOVQ(state, x)
	s.VPBROADCASTQ(x, v)
	s.plus(table, v)
	return v
}

func (s simd) plus(a Op, v reg.VecVirtual) { s.VPADDQ(a, v, v) }

// shiftXor makes dst = src ^ src>>n.
func (s simd) shiftXor(src, dst reg.VecVirtual, n uint64) {
	shifted := s.vec()
	s.VPSRLQ(Imm(n), src, shifted)
	if s.wide {
		s.VPXORQ(src, shifted, dst)
		return
	}
	s.VPXOR(src, shifted, dst)
}

// multiplier is a constant factor; AVX2, which multiplies 32 bits only, also wants its upper half.
type multiplier struct{ low, high reg.VecVirtual }

func (s simd) multiplier(v uint64) multiplier {
	if s.wide {
		return multiplier{low: s.word(v)}
	}
	return multiplier{s.word(v), s.word(v >> 32)}
}

// multiply makes v·m modulo 2⁶⁴: low·low + (high·low + low·high)·2³².
func (s simd) multiply(v reg.VecVirtual, m multiplier) {
	if s.wide {
		s.VPMULLQ(m.low, v, v)
		return
	}
	upper, cross := s.vec(), s.vec()
	s.VPSRLQ(Imm(32), v, upper)
	s.VPMULUDQ(m.low, upper, upper)
	s.VPMULUDQ(m.high, v, cross)
	s.VPADDQ(cross, upper, upper)
	s.VPSLLQ(Imm(32), upper, upper)
	s.VPMULUDQ(m.low, v, v)
	s.VPADDQ(upper, v, v)
}

// keep is scale in the lanes where bits are not below drop, else 0.
func (s simd) keep(bits, drop, scale reg.VecVirtual) reg.VecVirtual {
	v := s.vec()
	if s.wide {
		k := s.K()
		s.VPCMPUD(Imm(5), drop, bits, k) // not less
		s.VMOVAPS_Z(scale, k, v)
		return v
	}
	s.VPMAXUD(bits, drop, v)
	s.VPCMPEQD(bits, v, v)
	s.VANDPS(scale, v, v)
	return v
}
