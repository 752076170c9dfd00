package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"vggtrain/internal/rng"
)

// The loops give the generic loop's bits, NaN and Inf included, wherever a piece begins and ends.
func TestDropoutLoops(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	words := func() rng.Stream { return rng.New(r.Uint64(), rng.Dropout, 1) }
	plain := Workers{kernels: &generic}
	for _, ks := range inAssembly(t) {
		p := Workers{kernels: ks}
		for _, n := range []int{0, 1, 2, 7, 8, 15, 16, 17, 31, 33, 1000} {
			for _, d := range []Dropout{
				{words(), 1 << 31, 2}, {words(), 0, 1}, {words(), 1<<32 - 1, 1 << 20}, {words(), 429496729, 1.1111112},
			} {
				first := 2 * r.IntN(1<<40)
				got, want, intact := pair(r, n)
				src, _ := guarded(r, n)
				if n > 0 {
					sprinkle(r, src)
				}
				d.Apply(&p, got, src, first)
				d.Apply(&plain, want, src, first)
				same(t, fmt.Sprintf("%s: %d numbers from %d", ks.name, n, first), got, want)
				if !intact() {
					t.Fatalf("%s: wrote outside of %d numbers", ks.name, n)
				}
			}
		}
	}
}

// A number is dropped where the half of the word of package rng that is its own is below Drop.
func TestDropoutDraws(t *testing.T) {
	stream := rng.New(1, rng.Dropout, 2)
	const drop, n = 1 << 30, 100
	got, src := make([]float32, n), make([]float32, n)
	fill(rand.New(rand.NewPCG(1, 1)), src)
	for _, ks := range available() {
		for first := range 2 {
			first *= 1000
			Dropout{stream, drop, 3}.Apply(&Workers{kernels: ks}, got, src, first)
			for i, v := range got {
				if want := refDropout(float64(src[i]), first+i, stream.Uint64, drop, 3); v != float32(want) {
					t.Fatalf("%s: number %d became %v, want %v", ks.name, first+i, v, want)
				}
			}
		}
	}
}

func BenchmarkDropout(b *testing.B) {
	const n = 1 << 14
	dst, src := make([]float32, n), make([]float32, n)
	for _, ks := range available() {
		p := Workers{kernels: ks}
		b.Run(ks.name, func(b *testing.B) {
			b.SetBytes(4 * n)
			for b.Loop() {
				Dropout{rng.New(1, rng.Dropout, 1), 1 << 31, 2}.Apply(&p, dst, src, 0)
			}
		})
	}
}
