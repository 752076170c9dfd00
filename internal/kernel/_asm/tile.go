package main

import (
	"fmt"
	"go/token"
	"go/types"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// General registers, the same in every tile. CX counts rows and shifts before it counts k.
var (
	pT    = reg.RDI // the tile
	pA    = reg.RAX // a at the current k: row 0 (at start and end: a row of dst)
	pA7   = reg.RDX // and row 7
	pB    = reg.RBX // b at the current k
	nK    = reg.RCX // k left (at start and end: dst's stride in bytes)
	sRow  = reg.RSI // aRow, 3 aRow and 5 aRow in bytes
	sRow3 = reg.R8
	sRow5 = reg.R9
	sK    = reg.R10 // aK in bytes
	sB    = reg.R11 // ldb in bytes
	pOff  = reg.R12 // next tap's offset
	nTaps = reg.R13 // taps left
	pBTap = reg.R15 // b of the current tap

	nChunks = reg.R14 // chunks left
)

// field is a field of kernel.tile. Its offset is the compiler's, who writes it to go_asm.h.
func field(name string) Mem { return Mem{Symbol: Symbol{Name: "tile_" + name}, Base: pT} }

// rowAddress is where a's value of a row stands, without a multiplication.
func rowAddress(r int) Mem {
	m := Mem{Base: pA}
	if r >= 7 {
		m.Base, r = pA7, r-7
	}
	switch r {
	case 1, 2, 4:
		m.Index, m.Scale = sRow, uint8(r)
	case 3:
		m.Index, m.Scale = sRow3, 1
	case 5:
		m.Index, m.Scale = sRow5, 1
	case 6:
		m.Index, m.Scale = sRow3, 2
	}
	return m
}

// shape is one variant of the tile.
type shape struct {
	name    string
	rows    int
	columns string // that it computes, for people

	load func()      // row of dst at pA → its registers
	bias func()      // bias at pB → row 0's registers, copied to the others
	zero func()      // all registers = 0
	step func()      // one k: registers += a·b
	relu func()      // registers = max(registers, 0)
	each func(r int) // choose row r for load and store
	save func()      // row's registers → dst at pA
}

// function emits func NAME(t *tile), with one variant for each number of rows and kind of columns.
// Each computes all chunks of all products of the batch.
func (c asm) function(name, doc string, prologue func(), variants []shape, epilogue func()) {
	c.Function(name)
	c.Attributes(attr.NOSPLIT)
	c.Signature(tileSignature())
	c.Doc(doc)
	c.Pragma("noescape")
	c.Load(c.Param("t"), pT)
	prologue()
	for _, v := range variants {
		c.Comment(fmt.Sprintf("%d rows of %s. A product.", v.rows, v.columns))
		c.Label(v.name)
		c.MOVQ(field("chunks"), nChunks)
		c.Comment("A chunk of rows.")
		c.Label(v.name + "_chunk")
		c.strides()
		c.start(v)
		c.sum(v)
		c.finish(v)
		c.again(v)
		epilogue()
		c.RET()
	}
}

// tileSignature is func(t *tile) as package kernel has it.
func tileSignature() *gotypes.Signature {
	pkg := types.NewPackage("kernel", "kernel")
	name := types.NewTypeName(token.NoPos, pkg, "tile", nil)
	types.NewNamed(name, new(types.Struct), nil)
	pkg.Scope().Insert(name)
	sig, err := gotypes.ParseSignatureInPackage(pkg, "func(t *tile)")
	if err != nil {
		panic(err)
	}
	return sig
}

// again moves on to the next chunk, and after the last to the first of the next product. The
// pointers are moved only if something follows: they always point into their slices.
func (c asm) again(v shape) {
	end := v.name + "_end"
	advance := func(pointer, step string) {
		c.MOVQ(field(step), pA)
		c.SHLQ(Imm(2), pA)
		c.ADDQ(pA, field(pointer))
	}
	c.Comment("On to the next chunk, or else the next product.")
	c.DECQ(nChunks)
	c.JE(LabelRef(v.name + "_product"))
	advance("a", "aChunk")
	advance("dst", "dChunk")
	c.JMP(LabelRef(v.name + "_chunk"))
	c.Label(v.name + "_product")
	c.DECQ(field("batch"))
	c.JE(LabelRef(end))
	advance("a", "aNext")
	advance("b", "bNext")
	advance("dst", "dNext")
	c.JMP(LabelRef(v.name))
	c.Label(end)
}

// strides fills the registers that stay the same for a whole tile.
func (c asm) strides() {
	c.MOVQ(field("aRow"), sRow)
	c.SHLQ(Imm(2), sRow)
	c.LEAQ(Mem{Base: sRow, Index: sRow, Scale: 2}, sRow3)
	c.LEAQ(Mem{Base: sRow, Index: sRow, Scale: 4}, sRow5)
	c.MOVQ(field("aK"), sK)
	c.SHLQ(Imm(2), sK)
	c.MOVQ(field("ldb"), sB)
	c.SHLQ(Imm(2), sB)
	c.MOVQ(field("off"), pOff)
	c.MOVQ(field("off").Offset(8), nTaps) // its length
	c.MOVQ(field("b"), pBTap)
}

// start sets the sums to dst, bias or zero.
func (c asm) start(v shape) {
	bias, none, done := v.name+"_bias", v.name+"_zero", v.name+"_started"
	c.Comment("The sums begin as dst,")
	c.CMPB(field("accumulate"), Imm(0))
	c.JE(LabelRef(bias))
	c.eachRow(v, v.load)
	c.JMP(LabelRef(done))
	c.Comment("as the bias,")
	c.Label(bias)
	c.MOVQ(field("bias"), pB)
	c.TESTQ(pB, pB)
	c.JE(LabelRef(none))
	v.bias()
	c.JMP(LabelRef(done))
	c.Comment("or as zero.")
	c.Label(none)
	v.zero()
	c.Label(done)
}

// sum emits the loops over taps and k.
func (c asm) sum(v shape) {
	tap, k, next, end := v.name+"_tap", v.name+"_k", v.name+"_next", v.name+"_summed"
	c.TESTQ(nTaps, nTaps)
	c.JE(LabelRef(end))
	c.Comment("A tap: a at its offset.")
	c.Label(tap)
	c.MOVQ(Mem{Base: pOff}, pA)
	c.ADDQ(Imm(8), pOff)
	c.SHLQ(Imm(2), pA)
	c.ADDQ(field("a"), pA)
	if v.rows > 7 {
		c.LEAQ(Mem{Base: pA, Index: sRow, Scale: 2}, pA7)
		c.ADDQ(sRow5, pA7)
	}
	c.MOVQ(pBTap, pB)
	c.MOVQ(field("k"), nK)
	c.TESTQ(nK, nK)
	c.JE(LabelRef(next))
	c.Comment("A k: sums += a·b.")
	c.Label(k)
	v.step()
	c.ADDQ(sB, pB)
	c.ADDQ(sK, pA)
	if v.rows > 7 {
		c.ADDQ(sK, pA7)
	}
	c.DECQ(nK)
	c.JNE(LabelRef(k))
	c.Label(next)
	c.MOVQ(field("bTap"), nK)
	c.LEAQ(Mem{Base: pBTap, Index: nK, Scale: 4}, pBTap)
	c.DECQ(nTaps)
	c.JNE(LabelRef(tap))
	c.Label(end)
}

// finish stores the sums.
func (c asm) finish(v shape) {
	store := v.name + "_store"
	c.CMPB(field("relu"), Imm(0))
	c.JE(LabelRef(store))
	v.relu()
	c.Comment("Store, row by row.")
	c.Label(store)
	c.eachRow(v, v.save)
}

// eachRow emits f for every row, with pA at that row of dst.
func (c asm) eachRow(v shape, f func()) {
	c.MOVQ(field("dst"), pA)
	c.MOVQ(field("ldd"), nK)
	c.SHLQ(Imm(2), nK)
	for r := range v.rows {
		v.each(r)
		f()
		if r+1 < v.rows {
			c.ADDQ(nK, pA)
		}
	}
}

// byRows jumps to PREFIX_r for the tile's number of rows r in [1, most].
func (c asm) byRows(prefix string, most int) {
	c.MOVQ(field("rows"), nTaps)
	for r := most; r > 1; r-- {
		c.CMPQ(nTaps, Imm(uint64(r)))
		c.JE(LabelRef(fmt.Sprintf("%s_%d", prefix, r)))
	}
	c.JMP(LabelRef(prefix + "_1"))
}
