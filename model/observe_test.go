package model

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Every pass of every layer is told of once a step, and together they are part of it. (A dense
// layer's weight gradient may wait until the solver asks for it.)
func TestObserve(t *testing.T) {
	a := NewVGG("two", [][2]int{{1, 16}, {2, 16}}, []int{64}, 0.5)
	j := newJob(t, a, 8, 32, 10)
	trainer := j.trainer(t, newWorkers(t, 2), TrainerOptions{Dropout: true})
	j.step(t, trainer, 1)
	var got []string
	var sum time.Duration
	trainer.Observe(func(o Timing) {
		sum += o.Took
		if o.Pass != WeightGradient || strings.HasPrefix(o.Layer, "features") {
			got = append(got, o.Layer+" "+string(o.Pass))
		}
	})
	start := time.Now()
	j.step(t, trainer, 2)
	took := time.Since(start)
	trainer.Observe(nil)
	j.step(t, trainer, 3)
	want := []string{
		"features.0 forward", "features.3 forward", "features.5 forward",
		"classifier.0 forward", "classifier.2 forward", "classifier.3 forward", "loss forward",
		"loss input gradient", "classifier.3 input gradient",
		"classifier.2 input gradient", "classifier.0 input gradient",
		"features.5 weight gradient", "features.5 input gradient", "features.3 weight gradient",
		"features.3 input gradient", "features.0 weight gradient",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("told of %q, want %q", got, want)
	}
	if sum > took || sum == 0 {
		t.Errorf("passes took %v of a step of %v", sum, took)
	}
}
