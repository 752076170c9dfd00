package dataset

import (
	"math"
	"slices"
	"testing"
)

func TestMeasure(t *testing.T) {
	for _, c := range []struct {
		channels int
		pixels   []byte
		want     []Scale
	}{
		{1, []byte{0, 255}, []Scale{{0.5, 0.5}}},
		{1, []byte{51, 51, 51}, []Scale{{0.2, 0}}},
		{1, slices.Repeat([]byte{30}, 49), []Scale{{30. / 255, 0}}},
		{1, []byte{0, 0, 0, 255}, []Scale{{0.25, math.Sqrt(3) / 4}}},
		{3, []byte{0, 51, 255, 255, 51, 255, 0, 51, 255, 255, 51, 255, 0, 51, 0}, []Scale{{0.4, math.Sqrt(0.24)}, {0.2, 0}, {0.8, 0.4}}},
	} {
		set := &Set{Images: c.pixels, Labels: []int32{0}, Rows: 1, Cols: len(c.pixels) / c.channels, Channels: c.channels}
		got, err := Measure(t.Context(), set, Preparation{Garments: true}, 0)
		if err != nil || len(got) != len(c.want) {
			t.Fatalf("%v: %v, %v", c.pixels, got, err)
		}
		const tolerance = 4 * 256 * 0x1p-53 // 256 terms, each rounded a few times
		for i, want := range c.want {
			if (got[i].Deviation == 0) != (want.Deviation == 0) || !(math.Abs(got[i].Mean-want.Mean) <= tolerance) || !(math.Abs(got[i].Deviation-want.Deviation) <= tolerance) {
				t.Errorf("%v: channel %d: %v, want %v", c.pixels, i, got[i], want)
			}
		}
	}
}

// Fashion-MNIST's own images are measured as they are, whatever is made of them; others as they are
// prepared, by a sample.
func TestMeasurePrepared(t *testing.T) {
	set := inMemory(t, openSample(t).Train)
	measure := func(s Source, p Preparation, seed uint64) []Scale {
		scales, err := Measure(t.Context(), s, p, seed)
		if err != nil {
			t.Fatal(err)
		}
		return scales
	}
	grey := measure(set, Preparation{Channels: 1, Side: 3, Garments: true}, 0)
	if got := measure(set, Preparation{Channels: 3, Side: 9, Garments: true}, 5); !slices.Equal(got, slices.Repeat(grey, 3)) {
		t.Errorf("%v in three channels, %v in one", got, grey)
	}
	p := Preparation{Channels: 3, Side: 9}
	q := newPreparer(t, p)
	prepared := &Set{Labels: make([]int32, sampleSize), Rows: 9, Cols: 9, Channels: 3}
	for _, i := range sampled(set.Len(), 7) {
		image, err := Read(t.Context(), set, i)
		if err != nil {
			t.Fatal(err)
		}
		pixels := make([]byte, q.Size())
		if err := q.Bytes(pixels, image); err != nil {
			t.Fatal(err)
		}
		prepared.Images = append(prepared.Images, pixels...)
	}
	want := measure(prepared, Preparation{Garments: true}, 0)
	if got := measure(set, p, 7); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := measure(set, p, 8); slices.Equal(got, want) {
		t.Error("another seed draws the same sample")
	}
}
