package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// fromPlanes emits a transform from 36 planes to 4×4 values, in the order of rows 0, 2, 1, 3: done
// gets a row's number and values.
func (s simd) fromPlanes(p, plane reg.Register, step func(k int) Mem, done func(row int, v vecs)) {
	two, four, eight := s.constant(2), s.constant(4), s.constant(8)
	even := func() vecs { // m₀ + (m₁+m₂) + (m₃+m₄), (m₁+m₂) + 4(m₃+m₄)
		a, b := s.load(step(1)), s.load(step(3))
		s.VADDPS(step(2), a, a)
		s.VADDPS(step(4), b, b)
		v := s.load(step(0))
		s.VADDPS(a, v, v)
		s.VADDPS(b, v, v)
		s.VFMADD231PS(four, b, a)
		return vecs{v, a}
	}
	odd := func() vecs { // (m₁-m₂) + 2(m₃-m₄), (m₁-m₂) + 8(m₃-m₄) + m₅
		a, b := s.load(step(1)), s.load(step(3))
		s.VSUBPS(step(2), a, a)
		s.VSUBPS(step(4), b, b)
		v := s.load(step(5))
		s.VADDPS(a, v, v)
		s.VFMADD231PS(eight, b, v)
		s.VFMADD231PS(two, b, a)
		return vecs{a, v}
	}
	start := s.GP64()
	s.MOVQ(p, start)
	for half, down := range []func() vecs{even, odd} {
		s.Comment(fmt.Sprintf("Down the columns, for rows %d and %d.", half, half+2))
		s.MOVQ(start, p)
		var rows [2]vecs
		for j := range 6 {
			for r, v := range down() {
				rows[r] = append(rows[r], v)
			}
			if j < 5 {
				s.ADDQ(plane, p)
			}
		}
		for r, v := range rows {
			s.Comment(fmt.Sprintf("Along row %d, and store.", half+2*r))
			done(half+2*r, s.shrink(v, two, four, eight))
		}
	}
}

// shrink is Aᵀ along a row: six values to four.
func (s simd) shrink(v vecs, two, four, eight reg.VecVirtual) vecs {
	sum := s.sum(v[1], v[2])
	s.VSUBPS(v[2], v[1], v[1])
	s.VADDPS(v[4], v[3], v[2])
	s.VSUBPS(v[4], v[3], v[3])
	s.VADDPS(sum, v[0], v[0])
	s.VADDPS(v[2], v[0], v[0])
	s.VFMADD231PS(four, v[2], sum)
	s.VADDPS(v[1], v[5], v[5])
	s.VFMADD231PS(eight, v[3], v[5])
	s.VFMADD231PS(two, v[3], v[1])
	return vecs{v[0], v[1], sum, v[5]}
}

// finish adds the bias and bounds from below.
func (s simd) finish(v reg.VecVirtual, bias Mem, floor reg.VecVirtual) {
	s.VADDPS(bias, v, v)
	// VMAXPS gives its last source (the first one written here) where either is NaN.
	s.VMAXPS(v, floor, v)
}

// markNoPixel sets the index to four where best is no more than floor.
func (s simd) markNoPixel(best, floor, index, four reg.VecVirtual) {
	if s.wide {
		k := s.K()
		s.VCMPPS(lessOrEqual, floor, best, k)
		s.VMOVDQA32(four, k, index)
		return
	}
	mask := s.vec()
	s.VCMPPS(lessOrEqual, floor, best, mask)
	s.VBLENDVPS(mask, four, index, index)
}

func (s simd) floor() reg.VecVirtual {
	v := s.vec()
	s.VBROADCASTSS(s.argument("floor"), v)
	return v
}

// planes6 is the six planes of a column of a tile's 36, from p on.
func (s simd) planes6(p, plane reg.Register) func(k int) Mem {
	column := s.GP64()
	s.LEAQ(Mem{Base: plane, Index: plane, Scale: 2}, column)
	s.ADDQ(column, column)
	step := s.times(column)
	return func(k int) Mem { return step(p, k) }
}

// winogradOutput emits Aᵀ·M·A with bias and ReLU.
func (s simd) winogradOutput() {
	s.begin("winogradOutput", "dst, src, bias *float32, tiles, cols, plane, lds, pitch, pixel, step int, floor float32, stream bool", "fromPlanes.output for whole vectors.")
	dst, src, plane := s.param("dst"), s.param("src"), s.bytes(s.param("plane"))
	p := s.GP64()
	column := s.planes6(p, plane)
	s.tiles(func(i reg.Register) {
		s.LEAQ(at(src, i), p)
		s.fromPlanes(p, plane, column, func(row int, v vecs) {
			to, bias := s.GP64(), s.GP64()
			s.MOVQ(s.argument("pitch"), to)
			s.IMUL3Q(Imm(uint64(row)), to, to)
			s.ADDQ(i, to)
			s.LEAQ(at(dst, to), to)
			s.MOVQ(s.argument("bias"), bias)
			floor := s.floor()
			for j, x := range v {
				s.finish(x, at(bias, i), floor)
				s.storeStreamed(fmt.Sprintf("row%d_%d", row, j), x, Mem{Base: to})
				if j < 3 {
					pixel := s.GP64()
					s.MOVQ(s.argument("pixel"), pixel)
					s.LEAQ(at(to, pixel), to)
				}
			}
		})
	}, func() {
		s.advance(dst, "step", 4)
		s.advance(src, "lds", 4)
	}, s.endStreamed)
}

// advance moves p on by an argument's number of elements of some bytes.
func (s simd) advance(p reg.Register, name string, bytes uint8) {
	step := s.GP64()
	s.MOVQ(s.argument(name), step)
	s.LEAQ(Mem{Base: p, Index: step, Scale: bytes}, p)
}

// winogradPool emits Aᵀ·M·A, 2×2 max-pool, bias and ReLU.
func (s simd) winogradPool() {
	s.begin("winogradPool", "dst *float32, argmax *byte, src, bias, spare *float32, tiles, cols, plane, lds, pitch, pixel, step int, floor float32, stream bool",
		"fromPlanes.pool for whole vectors; argmax may be nil.")
	dst, argmax, src, plane := s.param("dst"), s.param("argmax"), s.param("src"), s.bytes(s.param("plane"))
	spare := s.param("spare")
	p := s.GP64()
	column := s.planes6(p, plane)
	size := 4 * s.lanes()
	value := func(row, col int) Mem { return Mem{Base: spare, Disp: (4*row + col) * size} }
	s.tiles(func(i reg.Register) {
		s.LEAQ(at(src, i), p)
		s.fromPlanes(p, plane, column, func(row int, v vecs) {
			for j, x := range v {
				s.VMOVUPS(x, value(row, j))
			}
		})
		s.windows(i, dst, argmax, value)
	}, func() {
		s.advance(dst, "step", 4)
		s.advance(src, "lds", 4)
		s.TESTQ(argmax, argmax)
		s.JE(LabelRef("none"))
		s.advance(argmax, "step", 1)
		s.Label("none")
	}, s.endStreamed)
}

// windows pools the four windows of a tile of 4×4 values.
func (s simd) windows(i, dst, argmax reg.Register, value func(row, col int) Mem) {
	var numbers [4]reg.VecVirtual
	for k := 1; k < 4; k++ {
		numbers[k] = s.number(k)
	}
	four := s.number(4)
	floor, bias := s.floor(), s.GP64()
	s.MOVQ(s.argument("bias"), bias)
	for w := range 4 {
		s.Comment(fmt.Sprintf("Window %d.", w))
		row, col := w/2*2, w%2*2
		best, index := s.load(value(row, col)), s.zero()
		for k := 1; k < 4; k++ {
			s.larger(best, index, s.load(value(row+k/2, col+k%2)), numbers[k])
		}
		s.finish(best, at(bias, i), floor)
		s.markNoPixel(best, floor, index, four)
		offset := s.GP64()
		s.MOVQ(i, offset)
		if row > 0 {
			s.ADDQ(s.argument("pitch"), offset)
		}
		if col > 0 {
			s.ADDQ(s.argument("pixel"), offset)
		}
		s.storeStreamed(fmt.Sprintf("window%d", w), best, at(dst, offset))
		skip := fmt.Sprintf("skip%d", w)
		s.TESTQ(argmax, argmax)
		s.JE(LabelRef(skip))
		s.storeBytes(index, byteAt(argmax, offset))
		s.Label(skip)
	}
}
