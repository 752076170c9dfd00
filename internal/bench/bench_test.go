package bench

import (
	"context"
	"errors"
	"testing"
	"time"

	"vggtrain/dataset"
	"vggtrain/model"
)

func TestTrainFLOPs(t *testing.T) {
	small := model.NewVGG("vgg11-small", [][2]int{{1, 16}, {1, 32}, {2, 64}, {2, 128}, {2, 128}}, []int{4096, 4096}, 0)
	layers, err := model.Resolve(small, 1, 224, 224, 10)
	if err != nil {
		t.Fatal(err)
	}
	// Three products a layer, but two for the first, whose MACs are 9·16·224².
	want := int64(2 * (3*512_155_648 - 9*16*224*224))
	if got := trainFLOPs(layers); got != want {
		t.Errorf("vgg11-small at 224: %d, want %d", got, want)
	}
}

// options measure a tiny network on the sample.
func options(t *testing.T) Options {
	t.Helper()
	workers, err := model.NewWorkers(1, "generic")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Close)
	data, err := dataset.Sample()
	if err != nil {
		t.Fatal(err)
	}
	arch := model.NewVGG("tiny", [][2]int{{1, 4}, {1, 4}}, []int{8}, 0.5)
	return Options{Notice: func(string) {}, Arch: arch, Data: data, Channels: 1, Side: 8, Batch: 4, Steps: 2, LR: 0.01, Workers: workers}
}

func TestRun(t *testing.T) {
	for _, channels := range []int{1, 3} {
		o := options(t)
		o.Channels = channels
		r, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if r.TrainImagesPerSecond <= 0 || r.EvalImagesPerSecond <= 0 || r.TrainGFLOPS <= 0 || r.PeakGFLOPS <= 0 || r.Kernel != "generic" {
			t.Errorf("%d channels: %+v", channels, r)
		}
	}
}

// A set that is used up goes on from its beginning, in batches as large as there are images.
func TestRunPassesTheEndOfTheSet(t *testing.T) {
	o := options(t)
	o.Data = &dataset.Data{Train: dataset.Head(o.Data.Train, 6), Test: dataset.Head(o.Data.Test, 3), Classes: o.Data.Classes}
	o.Steps = 5
	if _, err := Run(t.Context(), o); err != nil {
		t.Error(err)
	}
}

func TestMeasureCountsNoWarmUp(t *testing.T) {
	o := options(t)
	steps, images := 0, 0
	_, err := o.measure(t.Context(), dataset.Head(o.Data.Train, 6), false, func(b *dataset.Batch, _ time.Duration) error {
		steps++
		images += b.Rows
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := WarmupSteps + o.Steps; steps != want || images != 4+2+4+2 {
		t.Errorf("%d steps of %d images, want %d of 12", steps, images, want)
	}
}

func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, options(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	o := options(t)
	o.Side = 3 // two poolings need 4
	if _, err := Run(t.Context(), o); err == nil {
		t.Error("an image that is too small was measured")
	}
}
