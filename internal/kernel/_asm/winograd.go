package main

import (
	"math"

	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The transforms of Winograd's F(4×4,3×3), see winograd_transform.go. Each is separable: down the
// columns, then along the rows. The 36 values of a tile do not fit the registers, so they are
// made a row or a pair of rows at a time; what two rows share is computed once.

func winogradAVX512(c asm) { simd{c, "AVX512", true}.winograd() }
func winogradAVX2(c asm)   { simd{c, "AVX2", false}.winograd() }

func (s simd) winograd() {
	s.winogradInput()
	s.winogradGradient()
	s.winogradOutput()
	s.winogradPool()
	s.winogradFilter()
	s.winogradFilterGradient()
}

// vecs is the values of a row of a tile.
type vecs []reg.VecVirtual

// argument is where an argument lies on the stack, for those that no register is left for.
func (s simd) argument(name string) Mem { return s.addressOf(s.Param(name)) }

func (s simd) addressOf(c gotypes.Component) Mem {
	b, err := c.Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// constant is a vector of f.
func (s simd) constant(f float32) reg.VecVirtual {
	r, x, v := s.GP32(), s.XMM(), s.vec()
	s.MOVL(U32(math.Float32bits(f)), r)
	s.VMOVD(r, x)
	s.VBROADCASTSS(x, v)
	return v
}

func (s simd) sum(a, b reg.VecVirtual) reg.VecVirtual {
	v := s.vec()
	s.VADDPS(b, a, v)
	return v
}

func (s simd) difference(a, b reg.VecVirtual) reg.VecVirtual {
	v := s.vec()
	s.VSUBPS(b, a, v)
	return v
}

// times returns a register's multiples of it, as addresses p + k·r for k in 0…5.
func (s simd) times(r reg.Register) func(p reg.Register, k int) Mem {
	r3, r5 := s.GP64(), s.GP64()
	s.LEAQ(Mem{Base: r, Index: r, Scale: 2}, r3)
	s.LEAQ(Mem{Base: r, Index: r, Scale: 4}, r5)
	return func(p reg.Register, k int) Mem {
		switch k {
		case 0:
			return Mem{Base: p}
		case 3:
			return Mem{Base: p, Index: r3, Scale: 1}
		case 5:
			return Mem{Base: p, Index: r5, Scale: 1}
		}
		return Mem{Base: p, Index: r, Scale: uint8(k)}
	}
}

// tiles emits the loop over tiles and, in it, over the vectors of channels; body gets the
// channel as an index register, step moves on to the next tile, end ends the function.
func (s simd) tiles(body func(i reg.Register), step, end func()) {
	i := s.GP64()
	count := s.argument("tiles")
	s.Label("tile")
	s.XORQ(i, i)
	s.Label("channel")
	body(i)
	s.ADDQ(Imm(uint64(s.lanes())), i)
	s.CMPQ(i, s.argument("cols"))
	s.JL(LabelRef("channel"))
	step()
	s.DECQ(count)
	s.JNE(LabelRef("tile"))
	end()
}
