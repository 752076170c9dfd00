package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS.
const (
	unordered      = U8(3)
	notLessOrEqual = U8(6) // true for NaN
	lessOrEqual    = U8(18)
	greater        = U8(30)
)

// simd emits the loops of vector.go for one width of vectors. The Go side calls them with
// whole vectors of channels only.
type simd struct {
	asm
	suffix string
	wide   bool // AVX-512, else AVX2
}

func vectorAVX512(c asm) { simd{c, "AVX512", true}.all() }
func vectorAVX2(c asm)   { simd{c, "AVX2", false}.all() }

func (s simd) all() {
	s.add()
	s.mask()
	s.maxPool2()
	s.unpool2()
	s.sgd()
	s.sumSquares()
	s.transpose()
	s.prefetch()
}

// lanes is the floats of a vector.
func (s simd) lanes() int {
	if s.wide {
		return 16
	}
	return 8
}

func (s simd) vec() reg.VecVirtual {
	if s.wide {
		return s.ZMM()
	}
	return s.YMM()
}

// begin starts func NAME(args), which does what is says.
func (s simd) begin(name, args, is string) {
	s.Function(name + s.suffix)
	s.Attributes(attr.NOSPLIT)
	s.SignatureExpr("func(" + args + ")")
	s.Doc(name + s.suffix + " is " + is)
	s.Pragma("noescape")
}

func (s simd) end() {
	s.VZEROUPPER()
	s.RET()
}

// endStreamed is end for functions with storeStreamed. Stores past the caches are not ordered
// before others: without a fence, another core might see that they are done before they are.
func (s simd) endStreamed() {
	s.CMPB(s.argument("stream"), Imm(0))
	s.JE(LabelRef("ordered"))
	s.SFENCE()
	s.Label("ordered")
	s.end()
}

func (s simd) param(name string) reg.Register { return s.Load(s.Param(name), s.GP64()) }

// bytes turns a count of floats into bytes.
func (s simd) bytes(r reg.Register) reg.Register {
	s.SHLQ(Imm(2), r)
	return r
}

func (s simd) zero() reg.VecVirtual {
	z := s.vec()
	if s.wide {
		s.VPXORD(z, z, z)
	} else {
		s.VXORPS(z, z, z)
	}
	return z
}

// number is a vector of the 32-bit integer i.
func (s simd) number(i int) reg.VecVirtual {
	r, x, v := s.GP32(), s.XMM(), s.vec()
	s.MOVL(U32(i), r)
	s.VMOVD(r, x)
	s.VPBROADCASTD(x, v)
	return v
}

// grid emits a loop over rows, and in it one over the vectors of columns: body gets the offset
// in floats as an index register; step advances the row's pointers.
func (s simd) grid(name string, rows, cols reg.Register, body func(i reg.Register), step func()) {
	i := s.GP64()
	s.TESTQ(rows, rows)
	s.JE(LabelRef(name + "_end"))
	s.Label(name + "_row")
	s.XORQ(i, i)
	s.Label(name + "_column")
	body(i)
	s.ADDQ(Imm(uint64(s.lanes())), i)
	s.CMPQ(i, cols)
	s.JL(LabelRef(name + "_column"))
	step()
	s.DECQ(rows)
	s.JNE(LabelRef(name + "_row"))
	s.Label(name + "_end")
}

func at(p, i reg.Register) Mem     { return Mem{Base: p, Index: i, Scale: 4} }
func byteAt(p, i reg.Register) Mem { return Mem{Base: p, Index: i, Scale: 1} }

func (s simd) load(m Mem) reg.VecVirtual {
	v := s.vec()
	s.VMOVUPS(m, v)
	return v
}

// pass zeroes the lanes of g where y is not positive and not NaN.
func (s simd) pass(g, y, zero reg.VecVirtual) {
	if s.wide {
		k := s.K()
		s.VCMPPS(notLessOrEqual, zero, y, k)
		s.VMOVAPS_Z(g, k, g)
		return
	}
	s.VCMPPS(notLessOrEqual, zero, y, y)
	s.VANDPS(y, g, g)
}

// larger takes v and its number into best and index where v is larger or NaN.
func (s simd) larger(best, index, v, number reg.VecVirtual) {
	if s.wide {
		k, nan := s.K(), s.K()
		s.VCMPPS(greater, best, v, k)
		s.VCMPPS(unordered, v, v, nan)
		s.KORW(k, nan, k)
		s.VMOVAPS(v, k, best)
		s.VMOVDQA32(number, k, index)
		return
	}
	k, nan := s.vec(), s.vec()
	s.VCMPPS(greater, best, v, k)
	s.VCMPPS(unordered, v, v, nan)
	s.VORPS(k, nan, k)
	s.VBLENDVPS(k, v, best, best)
	s.VBLENDVPS(k, number, index, index)
}

// storeBytes stores the lanes of index as bytes.
func (s simd) storeBytes(index reg.VecVirtual, m Mem) {
	if s.wide {
		s.VPMOVDB(index, m)
		return
	}
	high := s.XMM()
	s.VEXTRACTI128(Imm(1), index, high)
	s.VPACKSSDW(high, index.AsX(), high)
	s.VPACKUSWB(high, high, high)
	s.VMOVQ(high, m)
}

// where stores g to m in the lanes whose index is number, and zero in the others.
func (s simd) where(index, number, g reg.VecVirtual, m Mem) {
	v := s.vec()
	if s.wide {
		k := s.K()
		s.VPCMPEQD(number, index, k)
		s.VMOVAPS_Z(g, k, v)
	} else {
		s.VPCMPEQD(number, index, v)
		s.VANDPS(g, v, v)
	}
	s.VMOVUPS(v, m)
}

// fold adds up the float64 lanes of v.
func (s simd) fold(v reg.VecVirtual) reg.Register {
	if s.wide {
		high := s.YMM()
		s.VEXTRACTF64X4(Imm(1), v, high)
		s.VADDPD(v.AsY(), high, high)
		v = high
	}
	x, y := s.XMM(), s.XMM()
	s.VEXTRACTF128(Imm(1), v, x)
	s.VADDPD(v.AsX(), x, x)
	s.VPERMILPD(Imm(1), x, y)
	s.VADDSD(x, y, x)
	return x
}

// storeStreamed stores v, past the caches if the parameter stream says so: to a multiple of the
// vector's size. The function ends by endStreamed.
func (s simd) storeStreamed(name string, v reg.VecVirtual, m Mem) {
	s.CMPB(s.argument("stream"), Imm(0))
	s.JNE(LabelRef(name + "_stream"))
	s.VMOVUPS(v, m)
	s.JMP(LabelRef(name + "_stored"))
	s.Label(name + "_stream")
	s.VMOVNTPS(v, m)
	s.Label(name + "_stored")
}
