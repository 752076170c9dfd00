package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// ahead is how many windows or pixels before its use a gradient is fetched from memory.
const ahead = 64

// passes are the input channels whose taps have their sums in registers at the same time.
func (s narrow) passes(inputs int) (list [][]int) {
	if s.wide && inputs == 3 {
		return [][]int{{0, 1, 2}}
	}
	for c := range inputs {
		list = append(list, []int{c})
	}
	return list
}

// poolGradient emits loops over rows and in them over windows, for one input channel.
func (s narrow) poolGradient() {
	const name, inputs = "narrowPoolGradient", 1
	s.begin(name, "sums, dy *float32, argmax *byte, pairs *float32, order *uint32, windows, rows, oc, pitch int",
		"narrowSum.pool of one input channel for one vector.")
	dy, argmax, in, rows, oc := s.param("dy"), s.param("argmax"), s.param("pairs"), s.param("rows"), s.param("oc")
	pitch, far, left := s.pairsPitch(), s.GP64(), s.GP64()
	s.IMUL3Q(U32(ahead), oc, far)
	order, four := s.load(Mem{Base: s.param("order")}), s.number(4)
	channels := []int{0}
	sums, biasAt := s.loadSums(channels), s.biasSum(0)
	bias := s.load(biasAt)
	s.Comment("A row.")
	s.Label(name + "_row")
	pixel := s.copy(in)
	s.Load(s.Param("windows"), left)
	s.Comment("A window.")
	s.Label(name + "_window")
	s.PREFETCHT0(at(dy, far))
	s.PREFETCHT0(byteAt(argmax, far))
	g, index, x := s.choice(dy, argmax, oc, order, four, bias)
	s.eachTap(channels, inputs, 8, pixel, pitch, func(i int, m Mem) {
		s.choose(m, index, x)
		s.VFMADD231PS(g, x, sums[i])
	})
	s.ADDQ(Imm(16*inputs), pixel)
	s.DECQ(left)
	s.JNE(LabelRef(name + "_window"))
	s.LEAQ(Mem{Base: in, Index: pitch, Scale: 2}, in)
	s.DECQ(rows)
	s.JNE(LabelRef(name + "_row"))
	s.storeSums(channels, sums)
	s.VMOVUPS(bias, biasAt)
	s.end()
}

// poolGradient3 emits a loop over rows of windows, for three input channels. In it a first loop makes
// the gradient and the choice of each window, so that those over the many taps wait for neither.
func (s narrow) poolGradient3() {
	const name, inputs = "narrowPoolGradient3", 3
	s.begin(name, "sums, dy *float32, argmax *byte, pairs, chosen *float32, order *uint32, windows, rows, oc, pitch int",
		"narrowSum.pool of three input channels for one vector.")
	dy, argmax, in, rows, oc := s.param("dy"), s.param("argmax"), s.param("pairs"), s.param("rows"), s.param("oc")
	pitch := s.pairsPitch()
	s.Comment("A row.")
	s.Label(name + "_row")
	s.choices(name+"_choice", dy, argmax, oc)
	for _, channels := range s.passes(inputs) {
		label := fmt.Sprintf("%s_taps%d", name, channels[0])
		sums := s.loadSums(channels)
		chosen, left, pixel, next := s.param("chosen"), s.param("windows"), s.copy(in), s.GP64()
		s.XORQ(next, next)
		s.Comment(fmt.Sprintf("The taps of input channels %v.", channels))
		s.Label(label)
		g, index, x := s.load(Mem{Base: chosen}), s.load(Mem{Base: chosen, Disp: 4 * s.lanes()}), s.vec()
		if channels[0] == 0 { // the next row's window
			s.PREFETCHT0(at(dy, next))
			s.PREFETCHT0(byteAt(argmax, next))
			s.ADDQ(oc, next)
		}
		s.eachTap(channels, inputs, 8, pixel, pitch, func(i int, m Mem) {
			s.choose(m, index, x)
			s.VFMADD231PS(g, x, sums[i])
		})
		s.ADDQ(U32(uint32(8*s.lanes())), chosen)
		s.ADDQ(Imm(16*inputs), pixel)
		s.DECQ(left)
		s.JNE(LabelRef(label))
		s.storeSums(channels, sums)
	}
	s.LEAQ(Mem{Base: in, Index: pitch, Scale: 2}, in)
	s.DECQ(rows)
	s.JNE(LabelRef(name + "_row"))
	s.end()
}

// pairsPitch is the bytes of a row of pairs.
func (s narrow) pairsPitch() reg.Register {
	pitch := s.param("pitch")
	s.SHLQ(Imm(3), pitch)
	return pitch
}

// choices emits the loop over a row's windows that stores two vectors of each to chosen: see choice.
func (s narrow) choices(label string, dy, argmax, oc reg.Register) {
	chosen, left := s.param("chosen"), s.param("windows")
	order, four := s.load(Mem{Base: s.param("order")}), s.number(4)
	biasAt := s.biasSum(0)
	bias := s.load(biasAt)
	s.Comment("A window.")
	s.Label(label)
	g, index, _ := s.choice(dy, argmax, oc, order, four, bias)
	s.VMOVUPS(g, Mem{Base: chosen})
	s.VMOVUPS(index, Mem{Base: chosen, Disp: 4 * s.lanes()})
	s.ADDQ(U32(uint32(8*s.lanes())), chosen)
	s.DECQ(left)
	s.JNE(LabelRef(label))
	s.VMOVUPS(bias, biasAt)
}

// choice is a window's gradient, 0 where the output passes none and also added to the bias's, and where
// in pairs its pixel is. It moves dy and argmax to the next window. x is for choose.
func (s narrow) choice(dy, argmax, oc reg.Register, order, four, bias reg.VecVirtual) (g, index, x reg.VecVirtual) {
	g, index, x = s.load(Mem{Base: dy}), s.vec(), s.vec()
	s.VPMOVZXBD(Mem{Base: argmax}, index)
	s.passBelow(g, index, four)
	s.VPERMD(order, index, index)
	s.VADDPS(g, bias, bias)
	s.ADDQ(oc, argmax)
	s.LEAQ(at(dy, oc), dy)
	return
}

// plainGradient emits loops over rows and in them over pixels.
func (s narrow) plainGradient(name string, inputs int) {
	s.begin(name, "sums, dy, y, in *float32, pixels, rows, oc, pitch int",
		fmt.Sprintf("narrowSum.plain of %d input channels for one vector.", inputs))
	for _, channels := range s.passes(inputs) {
		s.plainPass(fmt.Sprintf("%s_%d", name, channels[0]), channels, inputs)
	}
	s.end()
}

// plainPass emits the loops for some input channels, the first also for the bias.
func (s narrow) plainPass(label string, channels []int, inputs int) {
	dy, y, in, rows, oc := s.param("dy"), s.param("y"), s.param("in"), s.param("rows"), s.param("oc")
	pitch, far, left := s.bytes(s.param("pitch")), s.GP64(), s.GP64()
	s.IMUL3Q(U32(ahead), oc, far)
	zero, sums := s.zero(), s.loadSums(channels)
	biasAt := s.biasSum(channels[0])
	bias := s.load(biasAt)
	s.Comment("A row.")
	s.Label(label + "_row")
	pixel := s.copy(in)
	s.Load(s.Param("pixels"), left)
	s.Comment("A gradient: 0 where the output passes none.")
	s.Label(label + "_pixel")
	g := s.load(Mem{Base: dy})
	s.PREFETCHT0(at(dy, far))
	s.pass(g, s.load(Mem{Base: y}), zero)
	s.PREFETCHT0(at(y, far))
	s.VADDPS(g, bias, bias)
	s.eachTap(channels, inputs, 4, pixel, pitch, func(i int, m Mem) { s.multiplyBroadcast(m, g, sums[i]) })
	s.LEAQ(at(dy, oc), dy)
	s.LEAQ(at(y, oc), y)
	s.ADDQ(Imm(uint64(4*inputs)), pixel)
	s.DECQ(left)
	s.JNE(LabelRef(label + "_pixel"))
	s.ADDQ(pitch, in)
	s.DECQ(rows)
	s.JNE(LabelRef(label + "_row"))
	s.storeSums(channels, sums)
	s.VMOVUPS(bias, biasAt)
}

// loadSums is the sums of nine taps of some input channels.
func (s narrow) loadSums(channels []int) []reg.VecVirtual {
	sums := s.vecs(9 * len(channels))
	s.eachSum(channels, func(i int, m Mem) { s.VMOVUPS(m, sums[i]) })
	return sums
}

func (s narrow) storeSums(channels []int, sums []reg.VecVirtual) {
	s.eachSum(channels, func(i int, m Mem) { s.VMOVUPS(sums[i], m) })
}

// biasSum is where the bias's sum stands, behind those of an input channel.
func (s narrow) biasSum(channel int) Mem {
	return Mem{Base: s.param("sums"), Disp: 4 * s.lanes() * (10*channel + 9)}
}

// eachSum calls f for the sums of nine taps of some input channels, behind which stands the bias's.
func (s narrow) eachSum(channels []int, f func(i int, m Mem)) {
	p := s.param("sums")
	for i := range 9 * len(channels) {
		f(i, Mem{Base: p, Disp: 4 * s.lanes() * (10*channels[i/9] + i%9)})
	}
}

// eachTap calls f for what nine taps of some of the input channels meet at a pixel, numbered as their
// sums. A channel of a pixel has size bytes.
func (s narrow) eachTap(channels []int, inputs, size int, pixel, pitch reg.Register, f func(i int, m Mem)) {
	for tap := range 9 {
		for i, c := range channels {
			s.Comment(fmt.Sprintf("Tap (%d, %d) of input channel %d.", tap/3, tap%3, c))
			m := Mem{Base: pixel, Disp: size * (tap%3*inputs + c)}
			if tap >= 3 {
				m.Index, m.Scale = pitch, uint8(tap/3)
			}
			f(9*i+tap, m)
		}
	}
}

// passBelow zeroes the lanes of g where index is not below the limit.
func (s narrow) passBelow(g, index, limit reg.VecVirtual) {
	if s.wide {
		k := s.K()
		s.VPCMPGTD(index, limit, k)
		s.VMOVAPS_Z(g, k, g)
		return
	}
	m := s.vec()
	s.VPCMPGTD(index, limit, m)
	s.VANDPS(m, g, g)
}

// choose sets each lane of x to the one of the eight floats at m that index names.
func (s narrow) choose(m Mem, index, x reg.VecVirtual) {
	if s.wide {
		s.VMOVUPS(m, x.AsY())
		s.VPERMPS(x, index, x)
	} else {
		s.VPERMPS(m, index, x)
	}
}

// multiplyBroadcast is sum += g · the float at m.
func (s narrow) multiplyBroadcast(m Mem, g, sum reg.VecVirtual) {
	if s.wide {
		s.VFMADD231PS_BCST(m, g, sum)
		return
	}
	x := s.vec()
	s.VBROADCASTSS(m, x)
	s.VFMADD231PS(x, g, sum)
}
