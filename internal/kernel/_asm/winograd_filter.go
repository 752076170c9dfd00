package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

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
	s.begin("winogradFilter", "dst, src *float32, n, dstPlane, srcPlane int", "filters for whole vectors.")
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
			s.Comment(fmt.Sprintf("Down the columns, for the planes from row %d on.", row))
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
				s.Comment(fmt.Sprintf("Along row %d, and to its planes.", row))
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
	s.begin("winogradFilterGradient", "dst, src *float32, n, dstPlane, srcPlane int", "filterGradients for whole vectors.")
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
			s.Comment(fmt.Sprintf("Row %d of the filter.", row))
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
