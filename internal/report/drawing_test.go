package report

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"vggtrain/internal/chart"
	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
)

// Whatever the number of steps, the points are few, cover all of them, and are their means.
func TestHistoryIsBounded(t *testing.T) {
	for _, steps := range []int{1, 7, historyPoints, historyPoints + 1, 3*historyPoints + 5} {
		h := &history{each: 1}
		for step := 1; step <= steps; step++ {
			h.step(record.Step{Step: step, Loss: 2 * float64(step), LR: 3 * float64(step)})
		}
		n := len(h.Steps)
		if n > historyPoints || n < min(steps, historyPoints/2) {
			t.Errorf("%d steps: %d points", steps, n)
		}
		for i, s := range h.Steps {
			last := (i + 1) * h.each
			if i == n-1 {
				last = i*h.each + h.filled
			}
			middle := float64(i*h.each+1+last) / 2
			if s.Images != last-i*h.each || !(math.Abs(s.Step-middle) <= 1e-6) || !(math.Abs(s.Loss-2*middle) <= 1e-6) || !(math.Abs(s.LR-3*middle) <= 1e-6) {
				t.Fatalf("%d steps: point %+v of steps %d to %d", steps, s, i*h.each+1, last)
			}
		}
		if covered := (n-1)*h.each + h.filled; covered != steps || h.Done != steps {
			t.Errorf("the points of %d steps end at %d", steps, covered)
		}
	}
}

func TestHistoryOfLossesThatAreNotFinite(t *testing.T) {
	nan := math.NaN()
	loss := func(losses ...float64) float64 {
		h := &history{each: len(losses)}
		for i, x := range losses {
			h.step(record.Step{Step: i + 1, Loss: x})
		}
		return h.Steps[0].Loss
	}
	if got := loss(1, nan, 4, math.Inf(1)); got != 2.5 {
		t.Errorf("mean %v, want 2.5", got)
	}
	if got := joined(chart.Step{Loss: 5, Images: 3}, chart.Step{Loss: 1, Images: 1}, 1, 1).Loss; got != 4 {
		t.Errorf("mean %v of 5 for three images and 1 for one, want 4", got)
	}
	if got := loss(nan, nan); !math.IsNaN(got) {
		t.Errorf("of nothing: %v", got)
	}
	if got := loss(nan, 3); got != 3 {
		t.Errorf("mean %v, want 3", got)
	}
}

// A resumed run begins with the steps of its folder that it goes on after, and its epochs.
func TestHistoryOfAResumedRun(t *testing.T) {
	dir, err := rundir.Create(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	steps, _, err := dir.Steps(0)
	if err != nil {
		t.Fatal(err)
	}
	for step := 1; step <= 9; step++ {
		err = errors.Join(err, steps.Write(record.Step{Epoch: (step + 2) / 3, Step: step, Loss: float64(step)}))
	}
	if err := errors.Join(err, steps.Close()); err != nil {
		t.Fatal(err)
	}
	p := train.Plan{Facts: record.Facts{StepsPerEpoch: 3}, StepsDone: 5, History: []record.Epoch{{Epoch: 1}, {Epoch: 2}}} // the second was cut
	h, err := newHistory(p, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Steps) != 5 || h.Steps[4].Loss != 5 || h.Last(h.Epochs[0]) != 3 || h.Last(h.Epochs[1]) != 5 {
		t.Errorf("points %+v, epochs %+v", h.Steps, h.Epochs)
	}
	h.step(record.Step{Epoch: 3, Step: 6})
	h.Epochs = append(h.Epochs, record.Epoch{Epoch: 3})
	if len(h.Epochs) != 3 || h.Last(h.Epochs[2]) != 6 || len(p.History) != 2 {
		t.Errorf("epochs %+v of %+v", h.Epochs, p.History)
	}
	// Interrupted during the evaluation, and the steps' file is gone: the epoch ends where the run stands.
	if err := os.Remove(dir.StepsFile()); err != nil {
		t.Fatal(err)
	}
	p = train.Plan{Facts: record.Facts{StepsPerEpoch: 3}, StepsDone: 3}
	if h, _ = newHistory(p, dir); len(h.Steps) != 0 {
		t.Errorf("points %+v", h.Steps)
	}
	h.Epochs = append(h.Epochs, record.Epoch{Epoch: 1})
	if h.Last(h.Epochs[0]) != 3 {
		t.Errorf("epochs %+v, want one after 3 steps", h.Epochs)
	}
	if h, err := newHistory(train.Plan{Facts: record.Facts{StepsPerEpoch: 3}}, dir); err != nil || len(h.Steps) != 0 {
		t.Errorf("a new run begins with %d points, %v", len(h.Steps), err)
	}
}
