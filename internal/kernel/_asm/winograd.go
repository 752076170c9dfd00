package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The transforms of Winograd's F(4×4,3×3), see winograd_transform.go. Each is separable: down the
// columns, then along the rows. The 36 values of a tile do not fit the registers, so they are
// made a row or a pair of rows at a time; what two rows share is computed once.

func winogradAVX512(c asm) { simd{c, "AVX512", true}.winograd() }
func winogradAVX2(c asm)   { simd{c, "AVX2", false}.winograd() }

func (s simd) winograd() {
	s.winogradInput()
	s.winogradGradient()
	s.winogradOutput()
	s.winogradPool()
	s.winogradFilter()
	s.winogradFilterGradient()
}

// vecs is the values of a row of a tile.
type vecs []reg.VecVirtual

// argument is where an argument lies on the stack, for those that no register is left for.
func (s simd) argument(name string) Mem { return s.addressOf(s.Param(name)) }

func (s simd) addressOf(c gotypes.Component) Mem {
	b, err := c.Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// constant is a vector of f.
func (s simd) constant(f float32) reg.VecVirtual {
	r, x, v := s.GP32(), s.XMM(), s.vec()
	s.MOVL(U32(math.Float32bits(f)), r)
	s.VMOVD(r, x)
	s.VBROADCASTSS(x, v)
	return v
}

func (s simd) sum(a, b reg.VecVirtual) reg.VecVirtual {
	v := s.vec()
	s.VADDPS(b, a, v)
	return v
}

func (s simd) difference(a, b reg.VecVirtual) reg.VecVirtual {
	v := s.vec()
	s.VSUBPS(b, a, v)
	return v
}

// times returns a register's multiples of it, as addresses p + k·r for k in 0…5.
func (s simd) times(r reg.Register) func(p reg.Register, k int) Mem {
	r3, r5 := s.GP64(), s.GP64()
	s.LEAQ(Mem{Base: r, Index: r, Scale: 2}, r3)
	s.LEAQ(Mem{Base: r, Index: r, Scale: 4}, r5)
	return func(p reg.Register, k int) Mem {
		switch k {
		case 0:
			return Mem{Base: p}
		case 3:
			return Mem{Base: p, Index: r3, Scale: 1}
		case 5:
			return Mem{Base: p, Index: r5, Scale: 1}
		}
		return Mem{Base: p, Index: r, Scale: uint8(k)}
	}
}

// tiles emits the loop over tiles and, in it, over the vectors of channels; body gets the
// channel as an index register, step moves on to the next tile.
func (s simd) tiles(body func(i reg.Register), step func()) {
	i := s.GP64()
	count := s.argument("tiles")
	s.Label("tile")
	s.XORQ(i, i)
	s.Label("channel")
	body(i)
	s.ADDQ(Imm(uint64(s.lanes())), i)
	s.CMPQ(i, s.argument("cols"))
	s.JL(LabelRef("channel"))
	step()
	s.DECQ(count)
	s.JNE(LabelRef("tile"))
	s.end()
}

// spread emits a transform from pixels to 36 planes: the groups of down give one or two rows
// of the tile each, of which across stores the six values.
func (s simd) spread(pixels int, groups []func(row func(k int) Mem) vecs, across func(v vecs, store func(k int, v reg.VecVirtual))) {
	dst, src := s.param("dst"), s.param("src")
	plane := s.bytes(s.param("plane"))
	pitch, pixel := s.bytes(s.param("pitch")), s.bytes(s.param("pixel"))
	planes := s.times(plane)
	low, high, to := s.GP64(), s.GP64(), s.GP64()
	row := func(k int) Mem {
		m := Mem{Base: low}
		if k >= 3 {
			m.Base, k = high, k-3
		}
		if k > 0 {
			m.Index, m.Scale = pitch, uint8(k)
		}
		return m
	}
	s.tiles(func(i reg.Register) {
		s.LEAQ(at(dst, i), to)
		for _, down := range groups {
			s.LEAQ(at(src, i), low)
			s.LEAQ(Mem{Base: low, Index: pitch, Scale: 2}, high)
			s.ADDQ(pitch, high)
			var rows []vecs
			for j := range pixels {
				for r, v := range down(row) {
					if j == 0 {
						rows = append(rows, nil)
					}
					rows[r] = append(rows[r], v)
				}
				if j+1 < pixels {
					s.ADDQ(pixel, low)
					s.ADDQ(pixel, high)
				}
			}
			for _, v := range rows {
				across(v, func(k int, v reg.VecVirtual) { s.VMOVUPS(v, planes(to, k)) })
				s.LEAQ(planes(to, 3), to)
				s.LEAQ(planes(to, 3), to)
			}
		}
	}, func() {
		step, ldd := s.GP64(), s.GP64()
		s.MOVQ(s.argument("step"), step)
		s.MOVQ(s.argument("ldd"), ldd)
		s.LEAQ(at(src, step), src)
		s.LEAQ(at(dst, ldd), dst)
	})
}

const spreadArgs = "dst, src *float32, tiles, cols, plane, ldd, pitch, pixel, step int"

// winogradInput emits Bᵀ·d·B.
func (s simd) winogradInput() {
	s.begin("winogradInput", spreadArgs, " for whole vectors.")
	two, four, five := s.constant(2), s.constant(4), s.constant(5)
	first := func(row func(int) Mem) vecs { // 4d₀ - 5d₂ + d₄
		v := s.load(row(4))
		s.VFMADD231PS(row(0), four, v)
		s.VFNMADD231PS(row(2), five, v)
		return vecs{v}
	}
	second := func(row func(int) Mem) vecs { // (d₄-4d₂) ± (d₃-4d₁)
		a, b := s.load(row(4)), s.load(row(3))
		s.VFNMADD231PS(row(2), four, a)
		s.VFNMADD231PS(row(1), four, b)
		sum := s.sum(a, b)
		s.VSUBPS(b, a, a)
		return vecs{sum, a}
	}
	third := func(row func(int) Mem) vecs { // (d₄-d₂) ± 2(d₃-d₁)
		a, b, sum := s.load(row(4)), s.load(row(3)), s.vec()
		s.VSUBPS(row(2), a, a)
		s.VSUBPS(row(1), b, b)
		s.VMOVAPS(a, sum)
		s.VFMADD231PS(b, two, sum)
		s.VFNMADD231PS(b, two, a)
		return vecs{sum, a}
	}
	last := func(row func(int) Mem) vecs { // 4d₁ - 5d₃ + d₅
		v := s.load(row(5))
		s.VFMADD231PS(row(1), four, v)
		s.VFNMADD231PS(row(3), five, v)
		return vecs{v}
	}
	s.spread(6, []func(func(int) Mem) vecs{first, second, third, last}, func(v vecs, store func(int, reg.VecVirtual)) {
		s.VFMADD213PS(v[4], four, v[0])
		s.VFNMADD231PS(five, v[2], v[0])
		store(0, v[0])
		s.VFNMADD231PS(five, v[3], v[5])
		s.VFMADD231PS(four, v[1], v[5])
		store(5, v[5])
		a, b := s.vec(), s.vec()
		s.VMOVAPS(v[4], a)
		s.VFNMADD231PS(four, v[2], a)
		s.VMOVAPS(v[3], b)
		s.VFNMADD231PS(four, v[1], b)
		s.VSUBPS(v[2], v[4], v[4])
		s.VSUBPS(v[1], v[3], v[3])
		store(1, s.sum(a, b))
		store(2, s.difference(a, b))
		c := s.vec()
		s.VMOVAPS(v[4], c)
		s.VFMADD231PS(two, v[3], c)
		s.VFNMADD231PS(two, v[3], v[4])
		store(3, c)
		store(4, v[4])
	})
}

// winogradGradient emits A·d·Aᵀ.
func (s simd) winogradGradient() {
	s.begin("winogradGradient", spreadArgs, " for whole vectors.")
	two, four := s.constant(2), s.constant(4)
	edge := func(k int) func(row func(int) Mem) vecs {
		return func(row func(int) Mem) vecs { return vecs{s.load(row(k))} }
	}
	ones := func(row func(int) Mem) vecs { // (d₀+d₂) ± (d₁+d₃)
		a, b := s.load(row(0)), s.load(row(1))
		s.VADDPS(row(2), a, a)
		s.VADDPS(row(3), b, b)
		sum := s.sum(a, b)
		s.VSUBPS(b, a, a)
		return vecs{sum, a}
	}
	twos := func(row func(int) Mem) vecs { // (d₀+4d₂) ± 2(d₁+4d₃)
		a, b, sum := s.load(row(0)), s.load(row(1)), s.vec()
		s.VFMADD231PS(row(2), four, a)
		s.VFMADD231PS(row(3), four, b)
		s.VMOVAPS(a, sum)
		s.VFMADD231PS(two, b, sum)
		s.VFNMADD231PS(two, b, a)
		return vecs{sum, a}
	}
	s.spread(4, []func(func(int) Mem) vecs{edge(0), ones, twos, edge(3)}, func(v vecs, store func(int, reg.VecVirtual)) {
		store(0, v[0])
		store(5, v[3])
		a, b := s.sum(v[0], v[2]), s.sum(v[1], v[3])
		store(1, s.sum(a, b))
		store(2, s.difference(a, b))
		s.VFMADD231PS(four, v[2], v[0])
		s.VFMADD231PS(four, v[3], v[1])
		s.VMOVAPS(v[0], a)
		s.VFMADD231PS(two, v[1], a)
		s.VFNMADD231PS(two, v[1], v[0])
		store(3, a)
		store(4, v[0])
	})
}

// gather emits a transform from 36 planes to 4×4 values, in the order of rows 0, 2, 1, 3: done
// gets a row's number and values.
func (s simd) gather(p, plane reg.Register, step func(k int) Mem, done func(row int, v vecs)) {
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

// cut sets the index to four where best is no more than floor.
func (s simd) cut(best, floor, index, four reg.VecVirtual) {
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
	s.begin("winogradOutput", "dst, src, bias *float32, tiles, cols, plane, lds, pitch, pixel, step int, floor float32, stream bool", " for whole vectors.")
	dst, src, plane := s.param("dst"), s.param("src"), s.bytes(s.param("plane"))
	p := s.GP64()
	column := s.planes6(p, plane)
	s.tiles(func(i reg.Register) {
		s.LEAQ(at(src, i), p)
		s.gather(p, plane, column, func(row int, v vecs) {
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
	})
}

// advance moves p on by an argument's number of elements of some bytes.
func (s simd) advance(p reg.Register, name string, bytes uint8) {
	step := s.GP64()
	s.MOVQ(s.argument(name), step)
	s.LEAQ(Mem{Base: p, Index: step, Scale: bytes}, p)
}

// winogradPool emits Aᵀ·M·A, 2×2 max-pool, bias and ReLU.
func (s simd) winogradPool() {
	s.begin("winogradPool", "dst *float32, arg *byte, src, bias, spare *float32, tiles, cols, plane, lds, pitch, pixel, step int, floor float32, stream bool",
		" for whole vectors; arg may be nil.")
	dst, arg, src, plane := s.param("dst"), s.param("arg"), s.param("src"), s.bytes(s.param("plane"))
	spare := s.param("spare")
	p := s.GP64()
	column := s.planes6(p, plane)
	size := 4 * s.lanes()
	value := func(row, col int) Mem { return Mem{Base: spare, Disp: (4*row + col) * size} }
	s.tiles(func(i reg.Register) {
		s.LEAQ(at(src, i), p)
		s.gather(p, plane, column, func(row int, v vecs) {
			for j, x := range v {
				s.VMOVUPS(x, value(row, j))
			}
		})
		s.windows(i, dst, arg, value)
	}, func() {
		s.advance(dst, "step", 4)
		s.advance(src, "lds", 4)
		s.TESTQ(arg, arg)
		s.JE(LabelRef("none"))
		s.advance(arg, "step", 1)
		s.Label("none")
	})
}

// windows pools the four windows of a tile of 4×4 values.
func (s simd) windows(i, dst, arg reg.Register, value func(row, col int) Mem) {
	var numbers [4]reg.VecVirtual
	for k := 1; k < 4; k++ {
		numbers[k] = s.number(k)
	}
	four := s.number(4)
	floor, bias := s.floor(), s.GP64()
	s.MOVQ(s.argument("bias"), bias)
	for w := range 4 {
		row, col := w/2*2, w%2*2
		best, index := s.load(value(row, col)), s.zero()
		for k := 1; k < 4; k++ {
			s.larger(best, index, s.load(value(row+k/2, col+k%2)), numbers[k])
		}
		s.finish(best, at(bias, i), floor)
		s.cut(best, floor, index, four)
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
		s.TESTQ(arg, arg)
		s.JE(LabelRef(skip))
		s.storeBytes(index, byteAt(arg, offset))
		s.Label(skip)
	}
}

// elements emits a loop over n elements, a whole vector at a time, of planes dstPlane and
// srcPlane floats apart: body gets the addresses of source and destination planes in groups
// of srcRow and dstRow.
func (s simd) elements(srcRow, dstRow int, body func(from, to func(row, col int) Mem)) {
	dst, src, n := s.param("dst"), s.param("src"), s.param("n")
	rows := func(p, plane reg.Register, width int) func(row, col int) Mem {
		planes := s.times(plane)
		q := s.GP64()
		return func(row, col int) Mem {
			s.IMUL3Q(Imm(uint64(row*width)), plane, q)
			s.ADDQ(p, q)
			return planes(q, col)
		}
	}
	from, to := rows(src, s.bytes(s.param("srcPlane")), srcRow), rows(dst, s.bytes(s.param("dstPlane")), dstRow)
	s.Label("element")
	body(from, to)
	s.ADDQ(Imm(uint64(4*s.lanes())), src)
	s.ADDQ(Imm(uint64(4*s.lanes())), dst)
	s.SUBQ(Imm(uint64(s.lanes())), n)
	s.JG(LabelRef("element"))
	s.end()
}

// winogradFilter emits G·w·Gᵀ.
func (s simd) winogradFilter() {
	s.begin("winogradFilter", "dst, src *float32, n, dstPlane, srcPlane int", " for whole vectors.")
	quarter, sixth, minusSixth := s.constant(1./4), s.constant(1./6), s.constant(-1./6)
	twelfth, small := s.constant(1./12), s.constant(1./24)
	product := func(a, k reg.VecVirtual) reg.VecVirtual {
		v := s.vec()
		s.VMULPS(k, a, v)
		return v
	}
	// grow is G on three values, in pairs: the rows of down, and the values of a row.
	grow := [4]func(a, b, c reg.VecVirtual) vecs{
		func(a, _, _ reg.VecVirtual) vecs { return vecs{product(a, quarter)} },
		func(a, b, c reg.VecVirtual) vecs { // -(a+c)/6 ∓ b/6
			x, y := product(s.sum(a, c), minusSixth), product(b, minusSixth)
			return vecs{s.sum(x, y), s.difference(x, y)}
		},
		func(a, b, c reg.VecVirtual) vecs { // a/24 + c/6 ± b/12
			x, y := product(a, small), product(b, twelfth)
			s.VFMADD231PS(sixth, c, x)
			return vecs{s.sum(x, y), s.difference(x, y)}
		},
		func(_, _, c reg.VecVirtual) vecs { return vecs{c} },
	}
	s.elements(3, 6, func(from, to func(row, col int) Mem) {
		row := 0
		for _, down := range grow {
			var rows []vecs
			for j := range 3 {
				for r, v := range down(s.load(from(0, j)), s.load(from(1, j)), s.load(from(2, j))) {
					if j == 0 {
						rows = append(rows, nil)
					}
					rows[r] = append(rows[r], v)
				}
			}
			for _, v := range rows {
				col := 0
				for _, across := range grow {
					for _, x := range across(v[0], v[1], v[2]) {
						s.VMOVUPS(x, to(row, col))
						col++
					}
				}
				row++
			}
		}
	})
}

// winogradFilterGradient emits Gᵀ·u·G.
func (s simd) winogradFilterGradient() {
	s.begin("winogradFilterGradient", "dst, src *float32, n, dstPlane, srcPlane int", " for whole vectors.")
	quarter, sixth := s.constant(1./4), s.constant(1./6)
	twelfth, small := s.constant(1./12), s.constant(1./24)
	// shrink is Gᵀ: value k of the three, of six that x gives.
	shrink := func(k int, x func(int) reg.VecVirtual) reg.VecVirtual {
		v := s.vec()
		switch k {
		case 0: // x₀/4 - (x₁+x₂)/6 + (x₃+x₄)/24
			s.VMULPS(quarter, x(0), v)
			s.VFNMADD231PS(sixth, s.sum(x(1), x(2)), v)
			s.VFMADD231PS(small, s.sum(x(3), x(4)), v)
		case 1: // (x₂-x₁)/6 + (x₃-x₄)/12
			s.VMULPS(sixth, s.difference(x(2), x(1)), v)
			s.VFMADD231PS(twelfth, s.difference(x(3), x(4)), v)
		case 2: // ((x₃+x₄)-(x₁+x₂))/6 + x₅
			s.VMULPS(sixth, s.difference(s.sum(x(3), x(4)), s.sum(x(1), x(2))), v)
			s.VADDPS(x(5), v, v)
		}
		return v
	}
	s.elements(6, 3, func(from, to func(row, col int) Mem) {
		for row := range 3 {
			var v vecs
			for j := range 6 {
				v = append(v, shrink(row, func(i int) reg.VecVirtual { return s.load(from(i, j)) }))
			}
			for col := range 3 {
				s.VMOVUPS(shrink(col, func(i int) reg.VecVirtual { return v[i] }), to(row, col))
			}
		}
	})
}
