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
	plain := Workers{kernels: &generic}
	for _, ks := range inAssembly(t) {
		p := Workers{kernels: ks}
		for _, n := range []int{0, 1, 2, 7, 8, 15, 16, 17, 31, 33, 1000} {
			for _, d := range []Dropout{
				{r.Uint64(), 1 << 31, 2}, {r.Uint64(), 0, 1}, {r.Uint64(), 1<<32 - 1, 1 << 20}, {r.Uint64(), 429496729, 1.1111112},
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
	got, ones := make([]float32, n), make([]float32, n)
	for i := range ones {
		ones[i] = 1
	}
	for first := range 2 {
		first *= 1000
		Dropout{stream.State(0), drop, 3}.Apply(&Workers{kernels: &generic}, got, ones, first)
		for i, v := range got {
			want := float32(3)
			if uint32(stream.Uint64(uint64(first+i)/2)>>((first+i)%2*32)) < drop {
				want = 0
			}
			if v != want {
				t.Fatalf("number %d became %v, want %v", first+i, v, want)
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
				Dropout{1, 1 << 31, 2}.Apply(&p, dst, src, 0)
			}
		})
	}
}
