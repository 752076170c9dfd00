package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var zmm = [...]reg.VecPhysical{
	reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
	reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
	reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
	reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
}

// tileAVX512 emits tiles of 1 to 14 rows of one or two vectors of 16 columns; the last
// vector's columns past the tile's are masked.
func tileAVX512(c asm) {
	const rows = 14
	var variants []shape
	for vecs := 2; vecs >= 1; vecs-- {
		for r := rows; r >= 1; r-- {
			variants = append(variants, c.shape512(r, vecs))
		}
	}
	c.function("tileAVX512", "tileAVX512 computes a tile of at most 14 rows and 32 columns.", func() {
		c.MOVQ(field("cols"), nK)
		c.MOVQ(U32(1), pA)
		c.SHLQ(reg.CL, pA)
		c.DECQ(pA)
		c.KMOVW(pA.As32(), reg.K1)
		c.SHRQ(Imm(16), pA)
		c.KMOVW(pA.As32(), reg.K2)
		c.CMPQ(nK, Imm(16))
		c.JLE(LabelRef("narrow"))
		c.byRows("wide", rows)
		c.Label("narrow")
		c.byRows("narrow", rows)
	}, variants, func() { c.VZEROUPPER() })
}

// shape512 is the variant of the given rows and vectors. Sums are Z0…Z27, row by row, then two
// registers for b and two for the broadcast a.
func (c asm) shape512(rows, vecs int) shape {
	name := map[int]string{1: "narrow", 2: "wide"}[vecs]
	masks := []reg.OpmaskPhysical{reg.K1, reg.K2}
	row := 0
	sum := func(r, v int) reg.VecPhysical { return zmm[r*vecs+v] }
	at := func(p reg.GPPhysical, v int) Mem { return Mem{Base: p, Disp: 64 * v} }
	all := func(f func(r, v int)) {
		for r := range rows {
			for v := range vecs {
				f(r, v)
			}
		}
	}
	return shape{
		name: fmt.Sprintf("%s_%d", name, rows),
		rows: rows, columns: map[string]string{"wide": "17 to 32 columns", "narrow": "1 to 16 columns"}[name],
		each: func(r int) { row = r },
		load: func() {
			for v := range vecs {
				c.VMOVUPS_Z(at(pA, v), masks[v], sum(row, v))
			}
		},
		bias: func() {
			for v := range vecs {
				c.VMOVUPS_Z(at(pB, v), masks[v], sum(0, v))
			}
			for r := 1; r < rows; r++ {
				for v := range vecs {
					c.VMOVAPS(sum(0, v), sum(r, v))
				}
			}
		},
		zero: func() { all(func(r, v int) { c.VPXORD(sum(r, v), sum(r, v), sum(r, v)) }) },
		step: func() {
			for v := range vecs {
				c.VMOVUPS_Z(at(pB, v), masks[v], zmm[28+v])
			}
			for r := range rows {
				x := zmm[30+r%2]
				c.VBROADCASTSS(rowAddress(r), x)
				for v := range vecs {
					c.VFMADD231PS(zmm[28+v], x, sum(r, v))
				}
			}
		},
		relu: func() {
			c.VPXORD(zmm[28], zmm[28], zmm[28])
			// VMAXPS gives its last source (the first one written here) where either is NaN.
			all(func(r, v int) { c.VMAXPS(sum(r, v), zmm[28], sum(r, v)) })
		},
		save: func() {
			for v := range vecs {
				c.VMOVUPS(sum(row, v), masks[v], at(pA, v))
			}
		},
	}
}
