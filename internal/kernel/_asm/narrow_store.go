package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// relu keeps NaN: VMAXPS gives its last source (the first one written here) where either is NaN.
func (s narrow) relu(v, zero reg.VecVirtual) { s.VMAXPS(v, zero, v) }

// storePixels stores the sums as two rows of pixels.
func (s narrow) storePixels(p patch) {
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
}

// storeWindows pools the sums to windows. A window with a NaN goes the long way, kept out of line in
// later.
func (s narrow) storeWindows(p patch) (later func()) {
	zero := s.zero()
	var long []func()
	y, argmax := s.copy(p.dst[0]), s.copy(p.dst[1])
	for k := range p.columns() / 2 {
		v := [4]reg.VecVirtual{p.sums[0][2*k], p.sums[0][2*k+1], p.sums[1][2*k], p.sums[1][2*k+1]}
		name := fmt.Sprintf("%s_window%d", p.name, k)
		s.Comment(fmt.Sprintf("Pool window %d and store it.", k))
		best, index := s.vec(), s.vec()
		s.unlessNaN(v, LabelRef(name+"_nan"))
		s.largest(best, index, v, zero, p.numbers)
		s.Label(name + "_chosen")
		long = append(long, func() {
			s.Comment(fmt.Sprintf("Window %d has a NaN.", k))
			s.Label(name + "_nan")
			s.VMOVAPS(v[0], best)
			s.copyIntegers(zero, index)
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
	return func() {
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
func (s narrow) largest(best, index reg.VecVirtual, v [4]reg.VecVirtual, zero reg.VecVirtual, numbers [5]reg.VecVirtual) {
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
		// Moves before masked ones: to avo, what those write lives before them, too.
		s.VMOVDQA32(zero, index)
		s.VMOVDQA32(numbers[1], right, index)
		s.VMOVDQA32(numbers[2], lowIndex)
		s.VMOVDQA32(numbers[3], lowRight, lowIndex)
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
