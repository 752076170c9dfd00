package train

import (
	"testing"

	"vggtrain/configs"
	"vggtrain/dataset"
)

// A channel that has one value is no reason to refuse pictures of others.
func TestMeasureOfOneValue(t *testing.T) {
	measured := func(pixels ...byte) (configs.Normalize, error) {
		set := &dataset.Set{Images: pixels, Labels: []int32{0}, Rows: 1, Cols: len(pixels) / 3, Channels: 3}
		return measure(t.Context(), 0, set, dataset.Preparation{Channels: 3, Side: 2, Mode: dataset.Stretch, Garments: true})
	}
	n, err := measured(0, 30, 0, 255, 30, 255)
	if want := configs.NormalizeBy([]float64{0.5, n.Mean[1], 0.5}, []float64{0.5, 1, 0.5}); err != nil || n != want {
		t.Errorf("%v, %v, want %v", n, err, want)
	}
	if n, err := measured(9, 9, 9, 9, 9, 9); err == nil {
		t.Errorf("pictures of one value alone: %v", n)
	}
}
