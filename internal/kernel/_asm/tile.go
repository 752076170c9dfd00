package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of kernel.tile's fields in bytes; a test in package kernel holds them to the struct.
const (
	offDst        = 0
	offA          = 24
	offB          = 48
	offBias       = 72
	offOff        = 96
	offTaps       = 104 // len(off)
	offRows       = 120
	offCols       = 128
	offK          = 136
	offARow       = 144
	offAK         = 152
	offBTap       = 160
	offLdb        = 168
	offLdd        = 176
	offBatch      = 184
	offChunks     = 192
	offAChunk     = 200
	offANext      = 208
	offBNext      = 216
	offDChunk     = 224
	offDNext      = 232
	offAccumulate = 240
	offReLU       = 241
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

func field(offset int) Mem { return Mem{Base: pT, Disp: offset} }

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
	name string
	rows int

	load func()      // row of dst at pA → its registers
	bias func()      // bias at pB → row 0's registers, copied to the others
	zero func()      // all registers = 0
	step func()      // one k: registers += a·b
	relu func()      // registers = max(registers, 0)
	each func(r int) // choose row r for load and store
	save func()      // row's registers → dst at pA
}

// function emits func NAME(t *byte), with one variant for each number of rows and kind of columns.
// Each computes all chunks of all products of the batch.
func (c asm) function(name, doc string, prologue func(), variants []shape, epilogue func()) {
	c.Function(name)
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(t *byte)")
	c.Doc(doc)
	c.Pragma("noescape")
	c.Load(c.Param("t"), pT)
	prologue()
	for _, v := range variants {
		c.Label(v.name)
		c.MOVQ(field(offChunks), nChunks)
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

// again moves on to the next chunk, and after the last to the first of the next product. The
// pointers are moved only if something follows: they always point into their slices.
func (c asm) again(v shape) {
	end := v.name + "_end"
	advance := func(pointer, step int) {
		c.MOVQ(field(step), pA)
		c.SHLQ(Imm(2), pA)
		c.ADDQ(pA, field(pointer))
	}
	c.DECQ(nChunks)
	c.JE(LabelRef(v.name + "_product"))
	advance(offA, offAChunk)
	advance(offDst, offDChunk)
	c.JMP(LabelRef(v.name + "_chunk"))
	c.Label(v.name + "_product")
	c.DECQ(field(offBatch))
	c.JE(LabelRef(end))
	advance(offA, offANext)
	advance(offB, offBNext)
	advance(offDst, offDNext)
	c.JMP(LabelRef(v.name))
	c.Label(end)
}

// strides fills the registers that stay the same for a whole tile.
func (c asm) strides() {
	c.MOVQ(field(offARow), sRow)
	c.SHLQ(Imm(2), sRow)
	c.LEAQ(Mem{Base: sRow, Index: sRow, Scale: 2}, sRow3)
	c.LEAQ(Mem{Base: sRow, Index: sRow, Scale: 4}, sRow5)
	c.MOVQ(field(offAK), sK)
	c.SHLQ(Imm(2), sK)
	c.MOVQ(field(offLdb), sB)
	c.SHLQ(Imm(2), sB)
	c.MOVQ(field(offOff), pOff)
	c.MOVQ(field(offTaps), nTaps)
	c.MOVQ(field(offB), pBTap)
}

// start sets the sums to dst, bias or zero.
func (c asm) start(v shape) {
	bias, none, done := v.name+"_bias", v.name+"_zero", v.name+"_started"
	c.CMPB(field(offAccumulate), Imm(0))
	c.JE(LabelRef(bias))
	c.eachRow(v, v.load)
	c.JMP(LabelRef(done))
	c.Label(bias)
	c.MOVQ(field(offBias), pB)
	c.TESTQ(pB, pB)
	c.JE(LabelRef(none))
	v.bias()
	c.JMP(LabelRef(done))
	c.Label(none)
	v.zero()
	c.Label(done)
}

// sum emits the loops over taps and k.
func (c asm) sum(v shape) {
	tap, k, next, end := v.name+"_tap", v.name+"_k", v.name+"_next", v.name+"_summed"
	c.TESTQ(nTaps, nTaps)
	c.JE(LabelRef(end))
	c.Label(tap)
	c.MOVQ(Mem{Base: pOff}, pA)
	c.ADDQ(Imm(8), pOff)
	c.SHLQ(Imm(2), pA)
	c.ADDQ(field(offA), pA)
	if v.rows > 7 {
		c.LEAQ(Mem{Base: pA, Index: sRow, Scale: 2}, pA7)
		c.ADDQ(sRow5, pA7)
	}
	c.MOVQ(pBTap, pB)
	c.MOVQ(field(offK), nK)
	c.TESTQ(nK, nK)
	c.JE(LabelRef(next))
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
	c.MOVQ(field(offBTap), nK)
	c.LEAQ(Mem{Base: pBTap, Index: nK, Scale: 4}, pBTap)
	c.DECQ(nTaps)
	c.JNE(LabelRef(tap))
	c.Label(end)
}

// finish stores the sums.
func (c asm) finish(v shape) {
	store := v.name + "_store"
	c.CMPB(field(offReLU), Imm(0))
	c.JE(LabelRef(store))
	v.relu()
	c.Label(store)
	c.eachRow(v, v.save)
}

// eachRow emits f for every row, with pA at that row of dst.
func (c asm) eachRow(v shape, f func()) {
	c.MOVQ(field(offDst), pA)
	c.MOVQ(field(offLdd), nK)
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
	c.MOVQ(field(offRows), nTaps)
	for r := most; r > 1; r-- {
		c.CMPQ(nTaps, Imm(uint64(r)))
		c.JE(LabelRef(fmt.Sprintf("%s_%d", prefix, r)))
	}
	c.JMP(LabelRef(prefix + "_1"))
}
