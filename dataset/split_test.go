package dataset

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// numbered returns a set of n images of 1×2 that hold their own position, with labels given by
// class.
func numbered(n int, class func(i int) byte) *Set {
	s := &Set{N: n, Rows: 1, Cols: 2}
	for i := range n {
		s.Images = append(s.Images, byte(i>>8), byte(i))
		s.Labels = append(s.Labels, class(i))
	}
	return s
}

// positions returns where the images of s were in the numbered set, and checks their labels.
func positions(t *testing.T, s *Set, class func(i int) byte) []int {
	t.Helper()
	if len(s.Images) != s.N*s.Rows*s.Cols || len(s.Labels) != s.N {
		t.Fatalf("set of %d: %d bytes, %d labels", s.N, len(s.Images), len(s.Labels))
	}
	at := make([]int, 0, s.N)
	for i := range s.N {
		image := s.Image(i)
		p := int(image[0])<<8 | int(image[1])
		if s.Labels[i] != class(p) {
			t.Errorf("image %d has label %d, want %d", p, s.Labels[i], class(p))
		}
		at = append(at, p)
	}
	return at
}

func TestHeadAndSubset(t *testing.T) {
	class := func(i int) byte { return byte(i % 10) }
	s := numbered(300, class)
	for _, c := range []struct{ n, want int }{{0, 0}, {-3, 0}, {7, 7}, {300, 300}, {301, 300}} {
		if got := positions(t, s.Head(c.n), class); len(got) != c.want || (c.want > 0 && got[c.want-1] != c.want-1) {
			t.Errorf("Head(%d) has images %v", c.n, got)
		}
	}
	index := []int{299, 0, 5, 5}
	if diff := cmp.Diff(index, positions(t, s.Subset(index), class)); diff != "" {
		t.Errorf("Subset (-want +got):\n%s", diff)
	}
}

func TestHoldout(t *testing.T) {
	uneven := func(i int) byte { return byte(math.Sqrt(float64(i))) % 10 }
	s := numbered(1000, uneven)
	sizes := countLabels(s)
	for _, n := range []int{1, 9, 100, 501, 999} {
		train, val, err := s.Holdout(n, 7)
		if err != nil {
			t.Fatal(err)
		}
		inTrain, inVal := positions(t, train, uneven), positions(t, val, uneven)
		if len(inVal) != n || len(inTrain) != 1000-n {
			t.Errorf("n=%d: %d and %d images", n, len(inTrain), len(inVal))
		}
		seen := make([]int, 1000)
		for _, list := range [][]int{inTrain, inVal} {
			for k, p := range list {
				seen[p]++
				if k > 0 && list[k-1] >= p {
					t.Errorf("n=%d: %d stands after %d", n, p, list[k-1])
				}
			}
		}
		for p, times := range seen {
			if times != 1 {
				t.Errorf("n=%d: image %d is there %d times", n, p, times)
			}
		}
		for c, got := range countLabels(val) {
			if share := float64(n*sizes[c]) / 1000; !(math.Abs(float64(got)-share) < 1) {
				t.Errorf("n=%d: %d of class %d held out, its share is %v", n, got, c, share)
			}
		}
	}
}

func TestHoldoutSeed(t *testing.T) {
	train := openSample(t).Train
	val := func(seed uint64) *Set {
		_, val, err := train.Holdout(500, seed)
		if err != nil {
			t.Fatal(err)
		}
		return val
	}
	if !bytes.Equal(val(1).Images, val(1).Images) {
		t.Error("the same seed holds out other images")
	}
	if bytes.Equal(val(1).Images, val(2).Images) {
		t.Error("two seeds hold out the same images")
	}
	for c, n := range countLabels(val(1)) {
		if n != 50 {
			t.Errorf("class %d: %d images held out, want 50", c, n)
		}
	}
}

func TestHoldoutBounds(t *testing.T) {
	s := numbered(10, func(int) byte { return 0 })
	for _, n := range []int{-1, 0, 10, 11} {
		if _, _, err := s.Holdout(n, 0); err == nil {
			t.Errorf("Holdout(%d) of 10: no error", n)
		}
	}
}

func TestMeanDeviation(t *testing.T) {
	for _, c := range []struct {
		pixels          []byte
		mean, deviation float64
	}{
		{[]byte{0, 255}, 0.5, 0.5},
		{[]byte{51, 51, 51}, 0.2, 0},
		{[]byte{0, 0, 0, 255}, 0.25, math.Sqrt(3) / 4},
	} {
		mean, deviation := (&Set{Images: c.pixels}).MeanDeviation()
		const tolerance = 4 * 256 * 0x1p-53 // 256 terms, each rounded a few times
		if !(math.Abs(mean-c.mean) <= tolerance) || !(math.Abs(deviation-c.deviation) <= tolerance) {
			t.Errorf("%v: mean %v, deviation %v; want %v, %v", c.pixels, mean, deviation, c.mean, c.deviation)
		}
	}
}
