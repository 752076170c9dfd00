package rng

import (
	"math"
	"testing"
)

// The values that a checkpoint's run depends on: a change here breaks resuming.
func TestFrozenValues(t *testing.T) {
	if got := (Stream{}).Uint64(0); got != 0xe220a8397b1dcdaf { // SplitMix64, seed 0, first output
		t.Errorf("first output of seed 0 = %#x", got)
	}
	if got := (Stream{}).Uint64(1); got != 0x6e789e6aa1b965f4 {
		t.Errorf("second output of seed 0 = %#x", got)
	}
}

func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64]string{}
	add := func(name string, s Stream) {
		t.Helper()
		v := s.Uint64(7)
		if other, ok := seen[v]; ok {
			t.Errorf("%s equals %s", name, other)
		}
		seen[v] = name
	}
	add("base", New(1, Init, 0))
	add("seed", New(2, Init, 0))
	add("purpose", New(1, Shuffle, 0))
	add("epoch", New(1, Init, 1))
	add("split 0", New(1, Init, 0).Split(0))
	add("split 1", New(1, Init, 0).Split(1))
}

// A mean of n uniforms has standard deviation 1/√(12n); five of them is a one-in-two-million miss.
func TestUniform(t *testing.T) {
	const n = 1 << 16
	s, sum := New(3, Dropout, 1), 0.0
	for i := range uint64(n) {
		v := s.Float64(i)
		if v < 0 || v >= 1 {
			t.Fatalf("value %d = %v outside [0, 1)", i, v)
		}
		sum += v
	}
	if diff := math.Abs(sum/n - 0.5); diff > 5/math.Sqrt(12*n) {
		t.Errorf("mean of %d values is off by %v", n, diff)
	}
}

func TestPerm(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		seen := make([]bool, n)
		for _, v := range New(5, Shuffle, 2).Perm(n) {
			if seen[v] {
				t.Fatalf("n=%d: %d comes twice", n, v)
			}
			seen[v] = true
		}
	}
}
