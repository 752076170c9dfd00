package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// patch is one step of a forward row: 2 rows by 4 columns of output pixels, for one vector of
// channels.
type patch struct {
	name    string
	sums    [2][]reg.VecVirtual
	dst     [2]reg.Register // pool: y and argmax; plain: the two rows of output pixels
	channel reg.Register    // first channel of the vector
	oc      reg.Register
	numbers [5]reg.VecVirtual // wide: vectors of 1 to 4
}

// forward emits a loop over steps, in it one over vectors of channels, and in that one
// over input channels. The last step is moved back to end with the row.
func (s narrow) forward(name, args, is string, store func(patch) (step int, later func())) {
	s.begin(name, args, is+" for whole vectors.")
	first, second, count := "y", "argmax", "windows"
	if name == "narrowPlain" {
		first, second, count = "top", "bottom", "pixels"
	}
	p := patch{name: name, dst: [2]reg.Register{s.param(first), s.param(second)}, oc: s.param("oc"), channel: s.GP64()}
	for o := range p.sums {
		p.sums[o] = s.vecs(4)
	}
	in, left := s.param("in"), s.param(count)
	pitch, pixel := s.bytes(s.param("pitch")), s.bytes(s.param("channels"))
	w := s.GP64()
	if s.wide && name == "narrowPool" {
		for i := 1; i < 5; i++ {
			p.numbers[i] = s.number(i)
		}
	}

	s.Comment("A step: eight pixels.")
	s.Label(name + "_step")
	s.XORQ(p.channel, p.channel)
	s.Load(s.Param("w"), w)
	s.Comment("A vector of output channels. The sums begin as the bias.")
	s.Label(name + "_vector")
	s.sumPatch(p, in, w, pitch, pixel)
	step, later := store(p)
	s.ADDQ(Imm(uint64(s.lanes())), p.channel)
	s.CMPQ(p.channel, p.oc)
	s.JL(LabelRef(name + "_vector"))

	s.nextStep(p, step, in, left, pixel)
	s.JMP(LabelRef(name + "_step"))
	later()
}

// nextStep moves in and dst by a step, or by what is left of the row, or returns.
func (s narrow) nextStep(p patch, step int, in, left, pixel reg.Register) {
	by, bytes := s.GP64(), s.GP64()
	s.SUBQ(Imm(uint64(step)), left)
	s.JG(LabelRef(p.name + "_next"))
	s.endStreamed()
	s.Label(p.name + "_next")
	s.MOVQ(U32(uint32(step)), by)
	s.CMPQ(left, by)
	s.CMOVQLT(left, by)
	s.CMOVQLT(s.integer(step), left)
	s.MOVQ(by, bytes)
	s.IMULQ(pixel, bytes)
	if step == 2 { // windows, of two pixels
		s.SHLQ(Imm(1), bytes)
	}
	s.ADDQ(bytes, in)
	s.IMULQ(p.oc, by)
	s.LEAQ(Mem{Base: p.dst[0], Index: by, Scale: 4}, p.dst[0])
	scale := uint8(4)
	if step == 2 { // argument bytes
		scale = 1
	}
	s.LEAQ(Mem{Base: p.dst[1], Index: by, Scale: scale}, p.dst[1])
}

// sumPatch computes the sums of p over the 4×6 patch of pixels at in, row by row: each row's six
// pixels are broadcast once, for up to two rows of the filter.
func (s narrow) sumPatch(p patch, in, w, pitch, pixel reg.Register) {
	b, left := s.GP64(), s.GP64()
	s.Load(s.Param("b"), b)
	s.VMOVUPS(at(b, p.channel), p.sums[0][0])
	for i := 1; i < 8; i++ {
		s.VMOVAPS(p.sums[0][0], p.sums[i/4][i%4])
	}
	row, third := s.copy(in), s.GP64()
	s.Load(s.Param("channels"), left)
	s.Comment("An input channel.")
	s.Label(p.name + "_channel")
	for r := range 4 {
		s.Comment(fmt.Sprintf("Row %d of the pixels, and the rows of the filter that meet it.", r))
		x := s.vecs(6)
		s.LEAQ(Mem{Base: row, Index: pixel, Scale: 2}, third)
		for i, m := range []Mem{
			{Base: row}, {Base: row, Index: pixel, Scale: 1}, {Base: third},
			{Base: third, Index: pixel, Scale: 1}, {Base: third, Index: pixel, Scale: 2},
		} {
			s.VBROADCASTSS(m, x[i])
		}
		s.ADDQ(pixel, third)
		s.VBROADCASTSS(Mem{Base: third, Index: pixel, Scale: 2}, x[5])
		for kw := range 3 {
			for o := range 2 {
				if kh := r - o; kh >= 0 && kh < 3 {
					weight := s.load(Mem{Base: w, Disp: 4 * s.lanes() * (3*kh + kw)})
					for i, sum := range p.sums[o] {
						s.VFMADD231PS(weight, x[i+kw], sum)
					}
				}
			}
		}
		if r < 3 {
			s.ADDQ(pitch, row)
		}
	}
	s.ADDQ(U32(uint32(4*9*s.lanes())), w)
	s.LEAQ(Mem{Base: pitch, Index: pitch, Scale: 2}, third)
	s.SUBQ(third, row)
	s.ADDQ(Imm(4), row)
	s.DECQ(left)
	s.JNE(LabelRef(p.name + "_channel"))
}

// relu keeps NaN: VMAXPS gives its last source (the first one written here) where either is NaN.
func (s narrow) relu(v, zero reg.VecVirtual) { s.VMAXPS(v, zero, v) }

// storePixels stores the sums as 2×4 pixels.
func (s narrow) storePixels(p patch) (step int, later func()) {
	zero := s.zero()
	stride := s.bytes(s.copy(p.oc))
	for o, row := range p.sums {
		to := s.GP64()
		s.LEAQ(at(p.dst[o], p.channel), to)
		for i, v := range row {
			if i > 0 {
				s.ADDQ(stride, to)
			}
			s.Comment(fmt.Sprintf("Store pixel %d of row %d.", i, o))
			s.relu(v, zero)
			s.storeStreamed(fmt.Sprintf("%s_%d_%d", p.name, o, i), v, Mem{Base: to})
		}
	}
	return 4, func() {}
}

// storeWindows pools the sums to two windows. A window with a NaN goes the long way, kept out of
// line in later.
func (s narrow) storeWindows(p patch) (step int, later func()) {
	zero := s.zero()
	var long []func()
	y, argmax := s.copy(p.dst[0]), s.copy(p.dst[1])
	for k := range 2 {
		v := [4]reg.VecVirtual{p.sums[0][2*k], p.sums[0][2*k+1], p.sums[1][2*k], p.sums[1][2*k+1]}
		name := fmt.Sprintf("%s_window%d", p.name, k)
		s.Comment(fmt.Sprintf("Pool window %d and store it.", k))
		best, index := s.vec(), s.vec()
		s.unlessNaN(v, LabelRef(name+"_nan"))
		s.largest(best, index, v, p.numbers)
		s.Label(name + "_chosen")
		long = append(long, func() {
			s.Comment(fmt.Sprintf("Window %d has a NaN.", k))
			s.Label(name + "_nan")
			s.VMOVAPS(v[0], best)
			s.copyIntegers(s.zero(), index)
			for i := 1; i < 4; i++ {
				s.larger(best, index, v[i], s.number(i))
			}
			s.JMP(LabelRef(name + "_chosen"))
		})
		four := p.numbers[4]
		if !s.wide { // few registers: made when it is needed
			four = s.number(4)
		}
		s.markNoPixel(best, zero, index, four)
		s.relu(best, zero)
		if k > 0 {
			s.LEAQ(at(y, p.oc), y)
			s.ADDQ(p.oc, argmax)
		}
		s.storeStreamed(name, best, at(y, p.channel))
		s.CMPQ(s.argument("argmax"), Imm(0))
		s.JE(LabelRef(name + "_done"))
		s.storeBytes(index, byteAt(argmax, p.channel))
		s.Label(name + "_done")
	}
	return 2, func() {
		for _, f := range long {
			f()
		}
	}
}

// copyIntegers is to = from.
func (s narrow) copyIntegers(from, to reg.VecVirtual) {
	if s.wide {
		s.VMOVDQA32(from, to)
	} else {
		s.VMOVDQA(from, to)
	}
}

// unlessNaN jumps to label if one of v is NaN.
func (s narrow) unlessNaN(v [4]reg.VecVirtual, label LabelRef) {
	if s.wide {
		a, b := s.K(), s.K()
		s.VCMPPS(unordered, v[0], v[1], a)
		s.VCMPPS(unordered, v[2], v[3], b)
		s.KORTESTW(a, b)
	} else {
		a, b, bits := s.vec(), s.vec(), s.GP32()
		s.VCMPPS(unordered, v[0], v[1], a)
		s.VCMPPS(unordered, v[2], v[3], b)
		s.VORPS(a, b, a)
		s.VMOVMSKPS(a, bits)
		s.TESTL(bits, bits)
	}
	s.JNE(label)
}

// largest sets best to the largest of v and index to the number of the first that is.
func (s narrow) largest(best, index reg.VecVirtual, v [4]reg.VecVirtual, numbers [5]reg.VecVirtual) {
	low := s.vec()
	// Of equals VMAXPS gives the last source, the first one written here.
	s.VMAXPS(v[0], v[1], best)
	s.VMAXPS(v[2], v[3], low)
	if s.wide {
		right, lowRight, below := s.K(), s.K(), s.K()
		lowIndex := s.vec()
		s.VCMPPS(greater, v[0], v[1], right)
		s.VCMPPS(greater, v[2], v[3], lowRight)
		s.VCMPPS(greater, best, low, below)
		s.VMOVDQA32_Z(numbers[1], right, index)
		s.VPBLENDMD(numbers[3], numbers[2], lowRight, lowIndex)
		s.VMOVDQA32(lowIndex, below, index)
	} else {
		lowIndex, below := s.vec(), s.vec()
		s.VCMPPS(greater, v[0], v[1], index)
		s.VCMPPS(greater, v[2], v[3], lowIndex)
		s.VCMPPS(greater, best, low, below)
		s.VPSRLD(Imm(31), index, index)
		s.VPSRLD(Imm(31), lowIndex, lowIndex)
		s.VPOR(s.number(2), lowIndex, lowIndex)
		s.VBLENDVPS(below, lowIndex, index, index)
	}
	s.VMAXPS(best, low, best)
}
