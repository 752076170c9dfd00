package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var ymm = [...]reg.VecPhysical{
	reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
	reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
}

// tileAVX2 emits tiles of 1 to 6 rows: full (16 columns), wide (9 to 15, the second vector
// masked) and narrow (1 to 8, the only vector masked).
func tileAVX2(c asm) {
	const rows = 6
	table := c.StaticGlobal("maskTable")
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 16 {
		mask := U32(0)
		if i < 8 {
			mask = U32(0xffffffff)
		}
		c.AddDatum(4*i, mask)
	}
	var variants []shape
	for _, kind := range []string{"full", "wide", "narrow"} {
		for r := rows; r >= 1; r-- {
			variants = append(variants, c.shape256(r, kind))
		}
	}
	c.function("tileAVX2", "tileAVX2 computes a tile of at most 6 rows and 16 columns.", func() {
		c.MOVQ(field("cols"), nK)
		c.CMPQ(nK, Imm(16))
		c.JNE(LabelRef("partial"))
		c.byRows("full", rows)
		c.Label("partial")
		c.LEAQ(table, pA)
		c.CMPQ(nK, Imm(8))
		c.JLE(LabelRef("narrow"))
		c.NEGQ(nK)
		c.VMOVUPS(Mem{Base: pA, Index: nK, Scale: 4, Disp: 64}, ymm[15])
		c.byRows("wide", rows)
		c.Label("narrow")
		c.NEGQ(nK)
		c.VMOVUPS(Mem{Base: pA, Index: nK, Scale: 4, Disp: 32}, ymm[15])
		c.byRows("narrow", rows)
	}, variants, func() { c.VZEROUPPER() })
}

// shape256 is the variant of the given rows and kind of columns. Sums are Y0…Y11, row by row,
// then two registers for b, one for the broadcast a, and the mask of the last vector.
func (c asm) shape256(rows int, kind string) shape {
	vecs, masked := 2, -1
	switch kind {
	case "wide":
		masked = 1
	case "narrow":
		vecs, masked = 1, 0
	}
	row := 0
	sum := func(r, v int) reg.VecPhysical { return ymm[r*vecs+v] }
	load := func(p reg.GPPhysical, v int, dst reg.VecPhysical) {
		m := Mem{Base: p, Disp: 32 * v}
		if v == masked {
			c.VMASKMOVPS(m, ymm[15], dst)
		} else {
			c.VMOVUPS(m, dst)
		}
	}
	all := func(f func(r, v int)) {
		for r := range rows {
			for v := range vecs {
				f(r, v)
			}
		}
	}
	return shape{
		name: fmt.Sprintf("%s_%d", kind, rows),
		rows: rows, columns: map[string]string{"full": "16 columns", "wide": "9 to 15 columns", "narrow": "1 to 8 columns"}[kind],
		each: func(r int) { row = r },
		load: func() {
			for v := range vecs {
				load(pA, v, sum(row, v))
			}
		},
		bias: func() { all(func(r, v int) { load(pB, v, sum(r, v)) }) },
		zero: func() { all(func(r, v int) { c.VXORPS(sum(r, v), sum(r, v), sum(r, v)) }) },
		step: func() {
			for v := range vecs {
				load(pB, v, ymm[12+v])
			}
			for r := range rows {
				c.VBROADCASTSS(rowAddress(r), ymm[14])
				for v := range vecs {
					c.VFMADD231PS(ymm[12+v], ymm[14], sum(r, v))
				}
			}
		},
		relu: func() {
			c.VXORPS(ymm[12], ymm[12], ymm[12])
			// VMAXPS gives its last source (the first one written here) where either is NaN.
			all(func(r, v int) { c.VMAXPS(sum(r, v), ymm[12], sum(r, v)) })
		},
		save: func() {
			for v := range vecs {
				m := Mem{Base: pA, Disp: 32 * v}
				if v == masked {
					c.VMASKMOVPS(sum(row, v), ymm[15], m)
				} else {
					c.VMOVUPS(sum(row, v), m)
				}
			}
		},
	}
}
