package main

import (
	"math/bits"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose turns a matrix block by block of lanes×lanes, each in registers.
func (s simd) transpose() {
	s.begin("transpose", "dst, src *float32, rows, cols, dstStride, srcStride int", "transposeGeneric for whole vectors of rows and columns.")
	dst, src := s.param("dst"), s.param("src")
	rows, cols := s.param("rows"), s.param("cols")
	dstStride, srcStride := s.bytes(s.param("dstStride")), s.bytes(s.param("srcStride"))
	from, to, left := s.GP64(), s.GP64(), s.GP64()
	s.Label("transpose_rows")
	s.MOVQ(src, from)
	s.MOVQ(dst, to)
	s.MOVQ(cols, left)
	s.Label("transpose_block")
	s.turn(from, to, srcStride, dstStride)
	s.ADDQ(Imm(uint64(4*s.lanes())), from)
	s.SUBQ(Imm(uint64(s.lanes())), left)
	s.JNE(LabelRef("transpose_block"))
	s.MOVQ(srcStride, left)
	s.SHLQ(Imm(uint64(bits.TrailingZeros(uint(s.lanes())))), left)
	s.ADDQ(left, src)
	s.ADDQ(Imm(uint64(4*s.lanes())), dst)
	s.SUBQ(Imm(uint64(s.lanes())), rows)
	s.JNE(LabelRef("transpose_rows"))
	s.end()
}

// turn stores the block at from to to, which it moves past the block.
func (s simd) turn(from, to, fromStride, toStride reg.Register) {
	row := s.GP64()
	s.MOVQ(from, row)
	v := make([]reg.VecVirtual, s.lanes())
	for r := range v {
		v[r] = s.load(Mem{Base: row})
		if r+1 < len(v) {
			s.ADDQ(fromStride, row)
		}
	}
	// Turn 4×4 blocks within the vectors' quarters of 128 bits: afterwards v[4g+j] holds, in
	// quarter q, column 4q+j of rows 4g to 4g+3.
	for r := 0; r < len(v); r += 2 {
		v[r], v[r+1] = s.both(s.VUNPCKLPS, s.VUNPCKHPS, v[r], v[r+1])
	}
	for r := 0; r < len(v); r += 4 {
		a, b := s.both(s.VUNPCKLPD, s.VUNPCKHPD, v[r], v[r+2])
		c, d := s.both(s.VUNPCKLPD, s.VUNPCKHPD, v[r+1], v[r+3])
		v[r], v[r+1], v[r+2], v[r+3] = a, b, c, d
	}
	for _, column := range s.quarters(v) {
		s.VMOVUPS(column, Mem{Base: to})
		s.ADDQ(toStride, to)
	}
}

// both is low and high of a and b.
func (s simd) both(low, high func(ops ...Op), a, b reg.VecVirtual) (l, h reg.VecVirtual) {
	l, h = s.vec(), s.vec()
	low(b, a, l)
	high(b, a, h)
	return l, h
}

// quarters moves the quarters to their columns: the turned block's rows in order.
func (s simd) quarters(v []reg.VecVirtual) []reg.VecVirtual {
	out := make([]reg.VecVirtual, len(v))
	for j := range 4 {
		if !s.wide {
			out[j], out[4+j] = s.vec(), s.vec()
			s.VPERM2F128(Imm(0x20), v[4+j], v[j], out[j])
			s.VPERM2F128(Imm(0x31), v[4+j], v[j], out[4+j])
			continue
		}
		evenOdd := func(a, b reg.VecVirtual) (even, odd reg.VecVirtual) {
			even, odd = s.vec(), s.vec()
			s.VSHUFF32X4(Imm(0x88), b, a, even)
			s.VSHUFF32X4(Imm(0xdd), b, a, odd)
			return even, odd
		}
		upperEven, upperOdd := evenOdd(v[j], v[4+j])
		lowerEven, lowerOdd := evenOdd(v[8+j], v[12+j])
		out[j], out[8+j] = evenOdd(upperEven, lowerEven)
		out[4+j], out[12+j] = evenOdd(upperOdd, lowerOdd)
	}
	return out
}

// prefetch asks for the lines of n floats, for the first-level cache.
func (s simd) prefetch() {
	s.begin("prefetch", "p *float32, n int", "PREFETCHT0 of each cache line of n floats.")
	p, n := s.param("p"), s.param("n")
	s.Label("prefetch_line")
	s.PREFETCHT0(Mem{Base: p})
	s.ADDQ(Imm(64), p)
	s.SUBQ(Imm(16), n)
	s.JG(LabelRef("prefetch_line"))
	s.RET()
}
