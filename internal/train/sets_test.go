package train

import (
	"testing"

	"vggtrain/configs"
	"vggtrain/dataset"
)

// A channel that has one value is not divided by its deviation of 0. If all have, a notice says so.
func TestMeasureOfOneValue(t *testing.T) {
	measured := func(pixels ...byte) (configs.Normalize, []string, error) {
		set := &dataset.Set{Images: pixels, Labels: []int32{0}, Rows: 1, Cols: len(pixels) / 3, Channels: 3}
		return measure(t.Context(), 0, set, dataset.Preparation{Channels: 3, Side: 2, Mode: dataset.Stretch, Garments: true})
	}
	n, notices, err := measured(0, 30, 0, 255, 30, 255)
	if want := configs.NormalizeBy([]float64{0.5, n.Mean[1], 0.5}, []float64{0.5, 1, 0.5}); err != nil || n != want || notices != nil {
		t.Errorf("%v, %q, %v, want %v", n, notices, err, want)
	}
	n, notices, err = measured(255, 0, 255, 255, 0, 255)
	if want := configs.NormalizeBy([]float64{1, 0, 1}, []float64{1, 1, 1}); err != nil || n != want || len(notices) != 1 {
		t.Errorf("of one colour: %v, %q, %v, want %v and a notice", n, notices, err, want)
	}
}
