package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// ahead is how many windows or pixels before its use a gradient is fetched from memory.
const ahead = 64

// gradient emits a loop over rows and in it one over windows or pixels, with the nine
// taps' sums and the bias's in registers.
func (s narrow) gradient(name, args, is string, pool bool) {
	s.begin(name, args, is+" for one vector.")
	dy, rows, oc := s.param("dy"), s.param("rows"), s.param("oc")
	pixel, far, total := s.bytes(s.param("channels")), s.GP64(), s.GP64()
	s.IMUL3Q(U32(ahead), oc, far)
	var y, argmax, in, count reg.Register
	var order, four reg.VecVirtual
	if pool {
		four = s.number(4)
		argmax, in, count = s.param("argmax"), s.param("pairs"), s.param("windows")
		order = s.load(Mem{Base: s.param("order")})
		s.ADDQ(pixel, pixel) // a pixel of pairs
	} else {
		y, in, count = s.param("y"), s.param("in"), s.param("pixels")
	}
	zero, sums := s.zero(), s.vecs(10)
	at10 := func(f func(m Mem, v reg.VecVirtual)) {
		p := s.param("sums")
		for i, v := range sums {
			f(Mem{Base: p, Disp: 4 * s.lanes() * i}, v)
		}
	}
	at10(func(m Mem, v reg.VecVirtual) { s.VMOVUPS(m, v) })

	s.Comment("A row.")
	s.Label(name + "_row")
	taps := s.tapRows(in, pool)
	s.MOVQ(count, total)
	s.Comment("A gradient: 0 where the output passes none.")
	s.Label(name + "_pixel")
	g, index := s.load(Mem{Base: dy}), s.vec()
	s.PREFETCHT0(at(dy, far))
	if pool {
		s.VPMOVZXBD(Mem{Base: argmax}, index)
		s.PREFETCHT0(byteAt(argmax, far))
		s.passBelow(g, index, four)
		s.VPERMD(order, index, index)
		s.ADDQ(oc, argmax)
	} else {
		s.pass(g, s.load(Mem{Base: y}), zero)
		s.PREFETCHT0(at(y, far))
		s.LEAQ(at(y, oc), y)
	}
	s.VADDPS(g, sums[9], sums[9])
	s.LEAQ(at(dy, oc), dy)
	for i, v := range sums[:9] {
		s.Comment(fmt.Sprintf("Tap (%d, %d).", i/3, i%3))
		m := Mem{Base: taps[i/3]}
		if i%3 > 0 {
			m.Index, m.Scale = pixel, uint8(i%3)
		}
		if pool {
			s.VFMADD231PS(g, s.choose(m, index), v)
		} else {
			s.multiplyBroadcast(m, g, v)
		}
	}
	for _, t := range taps {
		s.stepTap(t, pixel, pool)
	}
	s.DECQ(total)
	s.JNE(LabelRef(name + "_pixel"))
	s.nextRow(in, pool)
	s.DECQ(rows)
	s.JNE(LabelRef(name + "_row"))
	at10(func(m Mem, v reg.VecVirtual) { s.VMOVUPS(v, m) })
	s.end()
}

// passBelow zeroes the lanes of g where index is not below the limit.
func (s narrow) passBelow(g, index, limit reg.VecVirtual) {
	if s.wide {
		k := s.K()
		s.VPCMPGTD(index, limit, k)
		s.VMOVAPS_Z(g, k, g)
		return
	}
	m := s.vec()
	s.VPCMPGTD(index, limit, m)
	s.VANDPS(m, g, g)
}

// tapRows is three registers, for the rows of the filter at the first pixel of a row.
func (s narrow) tapRows(in reg.Register, pool bool) [3]reg.Register {
	pitch := s.pitch(pool)
	taps := [3]reg.Register{s.copy(in), s.copy(in), s.copy(in)}
	s.ADDQ(pitch, taps[1])
	s.LEAQ(Mem{Base: taps[2], Index: pitch, Scale: 2}, taps[2])
	return taps
}

// pitch is the bytes from one row of the filter to the next.
func (s narrow) pitch(pool bool) reg.Register {
	p := s.bytes(s.param("pitch"))
	if pool {
		s.ADDQ(p, p) // a row of pairs
	}
	return p
}

// nextRow moves in by a row of pixels, or by the two of a row of windows.
func (s narrow) nextRow(in reg.Register, pool bool) {
	p := s.pitch(pool)
	s.ADDQ(p, in)
	if pool {
		s.ADDQ(p, in)
	}
}

// stepTap moves a tap by a pixel, or by the two of a window.
func (s narrow) stepTap(t, pixel reg.Register, pool bool) {
	if pool {
		s.LEAQ(Mem{Base: t, Index: pixel, Scale: 2}, t)
	} else {
		s.ADDQ(pixel, t)
	}
}

// choose is, in each lane, the one of the eight floats at m that index names.
func (s narrow) choose(m Mem, index reg.VecVirtual) reg.VecVirtual {
	v := s.vec()
	if s.wide {
		s.VMOVUPS(m, v.AsY())
		s.VPERMPS(v, index, v)
	} else {
		s.VPERMPS(m, index, v)
	}
	return v
}

// multiplyBroadcast is sum += g · the float at m.
func (s narrow) multiplyBroadcast(m Mem, g, sum reg.VecVirtual) {
	if s.wide {
		s.VFMADD231PS_BCST(m, g, sum)
		return
	}
	x := s.vec()
	s.VBROADCASTSS(m, x)
	s.VFMADD231PS(x, g, sum)
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
