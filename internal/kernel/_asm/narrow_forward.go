package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// patch is one step of a forward row: 2 rows by some columns of output pixels, for one vector of
// channels.
type patch struct {
	name    string
	inputs  int // channels of the input
	pool    bool
	sums    [2][]reg.VecVirtual
	dst     [2]reg.Register // pool: y and argmax; plain: the two rows of output pixels
	channel reg.Register    // first channel of the vector
	oc      reg.Register
	numbers [5]reg.VecVirtual // wide: vectors of 1 to 4
}

// columns is the pixels of a row that a step computes. What three channels need more registers for is
// there in wide vectors.
func (p patch) columns() int { return len(p.sums[0]) }

func (s narrow) columns(inputs int) int {
	if s.wide && inputs == 3 {
		return 8
	}
	return 4
}

// forward emits a loop over steps, and in it one over vectors of channels. The last step is moved back
// to end with the row.
func (s narrow) forward(name string, inputs int, pool bool) {
	first, second, count, of := "y", "argmax", "windows", "y *float32, argmax *byte"
	if !pool {
		first, second, count, of = "top", "bottom", "pixels", "top, bottom"
	}
	s.begin(name, of+", in, w, b *float32, "+count+", oc, pitch int, stream bool",
		fmt.Sprintf("narrowRow.%s of %d input channels for whole vectors.", map[bool]string{true: "pool", false: "plain"}[pool], inputs))
	p := patch{name: name, inputs: inputs, pool: pool, dst: [2]reg.Register{s.param(first), s.param(second)}, oc: s.param("oc"), channel: s.GP64()}
	for o := range p.sums {
		p.sums[o] = s.vecs(s.columns(inputs))
	}
	in, left := s.param("in"), s.param(count)
	pitch, w := s.bytes(s.param("pitch")), s.GP64()
	if s.wide && pool {
		p.numbers = s.numbers()
	}

	s.Comment(fmt.Sprintf("A step: two rows of %d pixels.", p.columns()))
	s.Label(name + "_step")
	s.XORQ(p.channel, p.channel)
	s.Load(s.Param("w"), w)
	s.Comment("A vector of output channels. The sums begin as the bias.")
	s.Label(name + "_vector")
	if inputs == 1 {
		s.sumPatch(p, in, w, pitch)
	} else {
		s.sumTransformed(p, in, w, pitch)
	}
	step, later := p.columns(), func() {}
	if pool {
		step, later = p.columns()/2, s.storeWindows(p)
	} else {
		s.storePixels(p)
	}
	s.ADDQ(Imm(uint64(s.lanes())), p.channel)
	s.CMPQ(p.channel, p.oc)
	s.JL(LabelRef(name + "_vector"))

	s.nextStep(p, step, in, left)
	s.JMP(LabelRef(name + "_step"))
	later()
}

// numbers is vectors of 1 to 4.
func (s narrow) numbers() (v [5]reg.VecVirtual) {
	for i := 1; i < len(v); i++ {
		v[i] = s.number(i)
	}
	return v
}

// nextStep moves in and dst by a step, or by what is left of the row, or returns.
func (s narrow) nextStep(p patch, step int, in, left reg.Register) {
	by, bytes := s.GP64(), s.GP64()
	s.SUBQ(Imm(uint64(step)), left)
	s.JG(LabelRef(p.name + "_next"))
	s.endStreamed()
	s.Label(p.name + "_next")
	s.MOVQ(U32(uint32(step)), by)
	s.CMPQ(left, by)
	s.CMOVQLT(left, by)
	s.CMOVQLT(s.integer(step), left)
	s.IMUL3Q(U32(uint32(4*p.inputs*p.columns()/step)), by, bytes)
	s.ADDQ(bytes, in)
	s.IMULQ(p.oc, by)
	s.LEAQ(Mem{Base: p.dst[0], Index: by, Scale: 4}, p.dst[0])
	scale := uint8(4)
	if p.pool { // bytes
		scale = 1
	}
	s.LEAQ(Mem{Base: p.dst[1], Index: by, Scale: scale}, p.dst[1])
}

// sumPatch computes the sums of p over the 4×6 patch of pixels of one channel at in, row by row: each
// row's six pixels are broadcast once, for up to two rows of the filter. The sums begin as the bias.
func (s narrow) sumPatch(p patch, in, w, pitch reg.Register) {
	s.beginAsBias(p, p.sums[0], p.sums[1])
	row := s.copy(in)
	for r := range 4 {
		s.Comment(fmt.Sprintf("Row %d of the pixels, and the rows of the filter that meet it.", r))
		var x [6]reg.VecVirtual
		for i := range x {
			x[i] = s.broadcast(Mem{Base: row, Disp: 4 * i})
		}
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
}

// beginAsBias sets all sums to the bias.
func (s narrow) beginAsBias(p patch, sums ...[]reg.VecVirtual) {
	b := s.GP64()
	s.Load(s.Param("b"), b)
	s.VMOVUPS(at(b, p.channel), sums[0][0])
	for i, row := range sums {
		for j, v := range row {
			if i+j > 0 {
				s.VMOVAPS(sums[0][0], v)
			}
		}
	}
}

// broadcast is a vector of the float at m.
func (s narrow) broadcast(m Mem) reg.VecVirtual {
	x := s.vec()
	s.VBROADCASTSS(m, x)
	return x
}

// sumTransformed computes the sums of p from four transformed rows of pixels at in: the middle rows'
// products first, then their sum and difference, to which the outer rows' are added.
func (s narrow) sumTransformed(p patch, in, w, pitch reg.Register) {
	s.beginAsBias(p, p.sums[0])
	zero := s.zero()
	for _, v := range p.sums[1] {
		s.VMOVAPS(zero, v)
	}
	row := s.copy(in)
	s.sumRows(p, "middle", row, w, pitch)
	s.Comment("The upper and the lower row of output pixels.")
	for i, v := range p.sums[0] {
		difference := s.vec()
		s.VSUBPS(p.sums[1][i], v, difference)
		s.VADDPS(p.sums[1][i], v, v)
		s.VMOVAPS(difference, p.sums[1][i])
	}
	s.LEAQ(Mem{Base: in, Index: pitch, Scale: 2}, row)
	s.sumRows(p, "outer", row, w, pitch)
}

// sumRows adds to each row of sums the products of a transformed row of pixels, the first at row, by
// the three weights of its own for each input channel; w moves behind them.
func (s narrow) sumRows(p patch, which string, row, w, pitch reg.Register) {
	label := fmt.Sprintf("%s_%s", p.name, which)
	left := s.integer(p.inputs)
	s.Comment("An input channel.")
	s.Label(label)
	weights := s.vecs(6)
	for i, v := range weights {
		s.VMOVUPS(Mem{Base: w, Disp: 4 * s.lanes() * i}, v)
	}
	for i := range p.columns() + 2 {
		pixel := Mem{Base: row, Disp: 4 * p.inputs * i}
		below := pixel
		below.Index, below.Scale = pitch, 1
		x := [2]reg.VecVirtual{s.broadcast(pixel), s.broadcast(below)}
		for kw := range 3 {
			if column := i - kw; column >= 0 && column < p.columns() {
				for o, sums := range p.sums {
					s.VFMADD231PS(weights[3*o+kw], x[o], sums[column])
				}
			}
		}
	}
	s.ADDQ(U32(uint32(4*6*s.lanes())), w)
	s.ADDQ(Imm(4), row)
	s.DECQ(left)
	s.JNE(LabelRef(label))
}
