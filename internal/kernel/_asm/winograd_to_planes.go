package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// toPlanes emits a transform from pixels to 36 planes: the groups of down give one or two rows
// of the tile each, of which across stores the six values.
func (s simd) toPlanes(pixels int, groups []func(row func(k int) Mem) vecs, across func(v vecs, store func(k int, v reg.VecVirtual))) {
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
		stored := 0
		for _, down := range groups {
			s.Comment(fmt.Sprintf("Down the columns, for the planes from row %d on.", stored))
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
				s.Comment(fmt.Sprintf("Along row %d, and to its planes.", stored))
				stored++
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
	}, s.end)
}

const toPlanesArgs = "dst, src *float32, tiles, cols, plane, ldd, pitch, pixel, step int"

// winogradInput emits Bᵀ·d·B.
func (s simd) winogradInput() {
	s.begin("winogradInput", toPlanesArgs, "toPlanes.input for whole vectors.")
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
	s.toPlanes(6, []func(func(int) Mem) vecs{first, second, third, last}, func(v vecs, store func(int, reg.VecVirtual)) {
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
	s.begin("winogradGradient", toPlanesArgs, "toPlanes.gradient for whole vectors.")
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
	s.toPlanes(4, []func(func(int) Mem) vecs{edge(0), ones, twos, edge(3)}, func(v vecs, store func(int, reg.VecVirtual)) {
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
