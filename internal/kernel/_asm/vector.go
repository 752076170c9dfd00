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

// begin starts func NAME(args).
func (s simd) begin(name, args, doc string) {
	s.Function(name + s.suffix)
	s.Attributes(attr.NOSPLIT)
	s.SignatureExpr("func(" + args + ")")
	s.Doc(name + s.suffix + " is " + name + "Generic" + doc)
	s.Pragma("noescape")
}

func (s simd) end() {
	s.VZEROUPPER()
	s.RET()
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

func (s simd) add() {
	s.begin("add", "dst, src *float32, n int", " for whole vectors.")
	dst, src, n := s.param("dst"), s.param("src"), s.param("n")
	one := s.GP64()
	s.MOVQ(U32(1), one)
	s.grid("add", one, n, func(i reg.Register) {
		v := s.load(at(dst, i))
		s.VADDPS(at(src, i), v, v)
		s.VMOVUPS(v, at(dst, i))
	}, func() {})
	s.end()
}

func (s simd) mask() {
	s.begin("mask", "dst, dy, y *float32, pixels, cols, dstStride, srcStride int", " for whole vectors.")
	dst, dy, y := s.param("dst"), s.param("dy"), s.param("y")
	pixels, cols := s.param("pixels"), s.param("cols")
	dstStride, srcStride := s.bytes(s.param("dstStride")), s.bytes(s.param("srcStride"))
	zero := s.zero()
	s.grid("mask", pixels, cols, func(i reg.Register) {
		g := s.load(at(dy, i))
		s.pass(g, s.load(at(y, i)), zero)
		s.VMOVUPS(g, at(dst, i))
	}, func() {
		s.ADDQ(dstStride, dst)
		s.ADDQ(srcStride, dy)
		s.ADDQ(srcStride, y)
	})
	s.end()
}

func (s simd) maxPool2() {
	s.begin("maxPool2", "dst *float32, arg *byte, top, bottom *float32, windows, cols, stride int", " for whole vectors.")
	dst, arg, top, bottom := s.param("dst"), s.param("arg"), s.param("top"), s.param("bottom")
	windows, cols, stride := s.param("windows"), s.param("cols"), s.param("stride")
	var numbers [4]reg.VecVirtual
	for i := 1; i < 4; i++ {
		numbers[i] = s.number(i)
	}
	top1, bottom1 := s.GP64(), s.GP64()
	s.LEAQ(Mem{Base: top, Index: stride, Scale: 4}, top1)
	s.LEAQ(Mem{Base: bottom, Index: stride, Scale: 4}, bottom1)
	s.grid("maxPool2", windows, cols, func(i reg.Register) {
		best, index := s.load(at(top, i)), s.zero()
		for n, p := range []reg.Register{top1, bottom, bottom1} {
			s.larger(best, index, s.load(at(p, i)), numbers[n+1])
		}
		s.VMOVUPS(best, at(dst, i))
		s.storeBytes(index, byteAt(arg, i))
	}, func() {
		s.LEAQ(Mem{Base: dst, Index: stride, Scale: 4}, dst)
		s.ADDQ(stride, arg)
		for _, p := range []reg.Register{top, top1, bottom, bottom1} {
			s.LEAQ(Mem{Base: p, Index: stride, Scale: 8}, p)
		}
	})
	s.end()
}

func (s simd) unpool2() {
	s.begin("unpool2", "top, bottom, dy, y *float32, arg *byte, windows, cols, dstStride, srcStride int", " for whole vectors; y may be nil.")
	top, bottom, dy, y, arg := s.param("top"), s.param("bottom"), s.param("dy"), s.param("y"), s.param("arg")
	windows, cols := s.param("windows"), s.param("cols")
	dstStride, srcStride := s.bytes(s.param("dstStride")), s.param("srcStride")
	zero := s.zero()
	numbers := [4]reg.VecVirtual{zero}
	for i := 1; i < 4; i++ {
		numbers[i] = s.number(i)
	}
	loop := func(name string, relu bool) {
		s.grid(name, windows, cols, func(i reg.Register) {
			g, index := s.load(at(dy, i)), s.vec()
			if relu {
				s.pass(g, s.load(at(y, i)), zero)
			}
			s.VPMOVZXBD(byteAt(arg, i), index)
			p := s.GP64()
			for n, row := range []reg.Register{top, top, bottom, bottom} {
				if n%2 == 0 {
					s.MOVQ(row, p)
				} else {
					s.ADDQ(dstStride, p)
				}
				s.where(index, numbers[n], g, at(p, i))
			}
		}, func() {
			s.LEAQ(Mem{Base: top, Index: dstStride, Scale: 2}, top)
			s.LEAQ(Mem{Base: bottom, Index: dstStride, Scale: 2}, bottom)
			s.LEAQ(Mem{Base: dy, Index: srcStride, Scale: 4}, dy)
			if relu {
				s.LEAQ(Mem{Base: y, Index: srcStride, Scale: 4}, y)
			}
			s.ADDQ(srcStride, arg)
		})
		s.end()
	}
	s.TESTQ(y, y)
	s.JE(LabelRef("plain_start"))
	loop("relu", true)
	s.Label("plain_start")
	loop("plain", false)
}

func (s simd) sgd() {
	s.begin("sgd", "w, grad, v *float32, n int, lr, momentum, decay, scale float32, nesterov bool", " for whole vectors; v may be nil.")
	w, g, v, n := s.param("w"), s.param("grad"), s.param("v"), s.param("n")
	spread := func(name string) reg.VecVirtual {
		x, r := s.XMM(), s.vec()
		s.Load(s.Param(name), x)
		s.VBROADCASTSS(x, r)
		return r
	}
	lr, momentum, decay, scale := spread("lr"), spread("momentum"), spread("decay"), spread("scale")
	nesterov := s.GP8()
	s.Load(s.Param("nesterov"), nesterov)
	one := s.GP64()
	s.MOVQ(U32(1), one)
	loop := func(name string, velocity, nesterov bool) {
		s.grid(name, one, n, func(i reg.Register) {
			weight, d := s.load(at(w, i)), s.vec()
			s.VMULPS(at(g, i), scale, d)
			s.VFMADD231PS(decay, weight, d)
			if velocity {
				speed := s.load(at(v, i))
				s.VFMADD213PS(d, momentum, speed) // speed·momentum + d
				s.VMOVUPS(speed, at(v, i))
				if nesterov {
					s.VFMADD231PS(momentum, speed, d)
				} else {
					d = speed
				}
			}
			s.VFNMADD231PS(lr, d, weight)
			s.VMOVUPS(weight, at(w, i))
		}, func() {})
		s.end()
	}
	s.TESTQ(v, v)
	s.JE(LabelRef("plain"))
	s.CMPB(nesterov, Imm(0))
	s.JE(LabelRef("momentum"))
	loop("nesterov", true, true)
	s.Label("momentum")
	loop("heavy", true, false)
	s.Label("plain")
	loop("steepest", false, false)
}

func (s simd) sumSquares() {
	s.begin("sumSquares", "src *float32, n int) (sum float64", " for whole vectors.")
	src, n := s.param("src"), s.param("n")
	one := s.GP64()
	s.MOVQ(U32(1), one)
	sums := [2]reg.VecVirtual{s.zero(), s.zero()}
	half := s.lanes() / 2
	s.grid("sumSquares", one, n, func(i reg.Register) {
		for h := range sums {
			v := s.vec()
			s.VCVTPS2PD(Mem{Base: src, Index: i, Scale: 4, Disp: 4 * half * h}, v)
			s.VFMADD231PD(v, v, sums[h])
		}
	}, func() {})
	s.VADDPD(sums[0], sums[1], sums[0])
	total := s.fold(sums[0])
	s.VZEROUPPER()
	s.Store(total, s.ReturnIndex(0))
	s.RET()
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
