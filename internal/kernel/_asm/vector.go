package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func (s simd) add() {
	s.begin("add", "dst, src *float32, n int", "addGeneric for whole vectors.")
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
	s.begin("mask", "dst, dy, y *float32, pixels, cols, dstStride, srcStride int", "maskGeneric for whole vectors.")
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
	s.begin("maxPool2", "dst *float32, argmax *byte, top, bottom *float32, windows, cols, stride int", "maxPool2Generic for whole vectors.")
	dst, argmax, top, bottom := s.param("dst"), s.param("argmax"), s.param("top"), s.param("bottom")
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
		s.storeBytes(index, byteAt(argmax, i))
	}, func() {
		s.LEAQ(Mem{Base: dst, Index: stride, Scale: 4}, dst)
		s.ADDQ(stride, argmax)
		for _, p := range []reg.Register{top, top1, bottom, bottom1} {
			s.LEAQ(Mem{Base: p, Index: stride, Scale: 8}, p)
		}
	})
	s.end()
}

func (s simd) unpool2() {
	s.begin("unpool2", "top, bottom, dy *float32, argmax *byte, windows, cols, dstStride, srcStride int", "unpool2Generic for whole vectors.")
	top, bottom, dy, argmax := s.param("top"), s.param("bottom"), s.param("dy"), s.param("argmax")
	windows, cols := s.param("windows"), s.param("cols")
	dstStride, srcStride := s.bytes(s.param("dstStride")), s.param("srcStride")
	numbers := [4]reg.VecVirtual{s.zero()}
	for i := 1; i < 4; i++ {
		numbers[i] = s.number(i)
	}
	s.grid("unpool2", windows, cols, func(i reg.Register) {
		g, index := s.load(at(dy, i)), s.vec()
		s.VPMOVZXBD(byteAt(argmax, i), index)
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
		s.ADDQ(srcStride, argmax)
	})
	s.end()
}

func (s simd) sgd() {
	s.begin("sgd", "w, grad, v *float32, n int, lr, momentum, decay, scale float32, nesterov bool", "sgdGeneric for whole vectors; v may be nil.")
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
	s.begin("sumSquares", "src *float32, n int) (sum float64", "sumSquaresGeneric for whole vectors.")
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
