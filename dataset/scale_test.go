package dataset

import (
	"math"
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
			if !(math.Abs(got[i].Mean-want.Mean) <= tolerance) || !(math.Abs(got[i].Deviation-want.Deviation) <= tolerance) {
				t.Errorf("%v: channel %d: %v, want %v", c.pixels, i, got[i], want)
			}
		}
	}
}
