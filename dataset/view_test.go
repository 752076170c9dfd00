package dataset

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// numbered returns a set of n images of 1×2 that hold their own position, with labels given by
// class.
func numbered(n int, class func(i int) int32) *Set {
	s := &Set{Rows: 1, Cols: 2, Channels: 1}
	for i := range n {
		s.Images = append(s.Images, byte(i>>8), byte(i))
		s.Labels = append(s.Labels, class(i))
	}
	return s
}

// positions returns where the images of s were in the numbered set, and checks their labels.
func positions(t *testing.T, s Source, class func(i int) int32) []int {
	t.Helper()
	at := make([]int, 0, s.Len())
	for i := range s.Len() {
		image, err := Read(t.Context(), s, i)
		if err != nil || image.Rows != 1 || image.Cols != 2 || image.Channels != 1 || len(image.Pix) != 2 {
			t.Fatalf("image %d: %+v, %v", i, image, err)
		}
		p := int(image.Pix[0])<<8 | int(image.Pix[1])
		if s.Label(i) != class(p) {
			t.Errorf("image %d has label %d, want %d", p, s.Label(i), class(p))
		}
		at = append(at, p)
	}
	return at
}

func TestHeadAndSubset(t *testing.T) {
	class := func(i int) int32 { return int32(i % 10) }
	s := numbered(300, class)
	for _, c := range []struct{ n, want int }{{0, 0}, {-3, 0}, {7, 7}, {300, 300}, {301, 300}} {
		if got := positions(t, Head(s, c.n), class); len(got) != c.want || (c.want > 0 && got[c.want-1] != c.want-1) {
			t.Errorf("Head(%d) has images %v", c.n, got)
		}
	}
	index := []int{299, 0, 5, 5}
	sub := Subset(s, index)
	if diff := cmp.Diff(index, positions(t, sub, class)); diff != "" {
		t.Errorf("Subset (-want +got):\n%s", diff)
	}
	// A view of a view goes to the source, and both keep the whole source in memory.
	again := Subset(Head(sub, 3), []int{2, 0})
	if diff := cmp.Diff([]int{5, 299}, positions(t, again, class)); diff != "" || again.Source != Source(s) || Bytes(again) != Bytes(s) {
		t.Errorf("Subset of Subset: %d bytes (-want +got):\n%s", Bytes(again), diff)
	}
}

func TestHoldout(t *testing.T) {
	uneven := func(i int) int32 { return int32(math.Sqrt(float64(i))) % 10 }
	s := numbered(1000, uneven)
	sizes := countLabels(s)
	for _, n := range []int{1, 9, 100, 501, 900} {
		train, val, err := Holdout(s, n, 7)
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
	val := func(seed uint64) View {
		_, val, err := Holdout(train, 500, seed)
		if err != nil {
			t.Fatal(err)
		}
		return val
	}
	if !slices.Equal(val(1).Index, val(1).Index) {
		t.Error("the same seed holds out other images")
	}
	if slices.Equal(val(1).Index, val(2).Index) {
		t.Error("two seeds hold out the same images")
	}
	for c, n := range countLabels(val(1)) {
		if n != 50 {
			t.Errorf("class %d: %d images held out, want 50", c, n)
		}
	}
}

func TestHoldoutBounds(t *testing.T) {
	s := numbered(10, func(int) int32 { return 0 })
	for _, n := range []int{-1, 0, 10, 11} {
		if _, _, err := Holdout(s, n, 0); err == nil {
			t.Errorf("Holdout(%d) of 10: no error", n)
		}
	}
}
