package report

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
)

// Whatever the number of steps, the points are few, cover all of them, and are their means.
func TestHistoryIsBounded(t *testing.T) {
	for _, steps := range []int{1, 7, historyPoints, historyPoints + 1, 3*historyPoints + 5} {
		h := &history{each: 1}
		for step := 1; step <= steps; step++ {
			h.step(record.Step{Epoch: 1 + step/100, Step: step, Loss: 2 * float64(step), LR: 3 * float64(step)})
		}
		if n := len(h.points); n > historyPoints || n < min(steps, historyPoints/2) {
			t.Errorf("%d steps: %d points", steps, n)
		}
		from := 0
		for _, p := range h.points {
			middle := float64(from+1+p.Step) / 2
			if p.steps != p.Step-from || p.Epoch != 1+p.Step/100 || !(math.Abs(p.Middle-middle) <= 1e-6) ||
				!(math.Abs(p.Loss-2*middle) <= 1e-6) || !(math.Abs(p.LR-3*middle) <= 1e-6) {
				t.Fatalf("%d steps: point %+v of steps %d to %d", steps, p, from+1, p.Step)
			}
			from = p.Step
		}
		if from != steps {
			t.Errorf("the points of %d steps end at %d", steps, from)
		}
	}
}

func TestHistoryOfLossesThatAreNotFinite(t *testing.T) {
	nan := math.NaN()
	p := func(loss float64) historyPoint {
		h := &history{}
		h.step(record.Step{Step: 1, Loss: loss})
		return h.points[0]
	}
	if got := p(1).with(p(nan)).with(p(4)).with(p(math.Inf(1))).Loss; got != 2.5 {
		t.Errorf("mean %v, want 2.5", got)
	}
	short := p(5)
	short.images = 3
	if got := short.with(p(1)).Loss; got != 4 {
		t.Errorf("mean %v of 5 for three images and 1 for one, want 4", got)
	}
	if got := p(nan).with(p(nan)).Loss; !math.IsNaN(got) {
		t.Errorf("of nothing: %v", got)
	}
	if got := p(nan).with(p(3)).Loss; got != 3 {
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
	p := train.Plan{StepsPerEpoch: 3, StepsDone: 5, History: []record.Epoch{{Epoch: 1}, {Epoch: 2}}} // the second was cut
	h, err := newHistory(p, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.points) != 5 || h.points[4].Loss != 5 || h.epochs[0].Steps != 3 || h.epochs[1].Steps != 5 {
		t.Errorf("points %+v, epochs %+v", h.points, h.epochs)
	}
	h.step(record.Step{Epoch: 3, Step: 6})
	h.epoch(record.Epoch{Epoch: 3})
	if h.epochs[2].Steps != 6 || len(p.History) != 2 {
		t.Errorf("epochs %+v of %+v", h.epochs, p.History)
	}
	// Interrupted during the evaluation, and the steps' file is gone: the epoch ends where the run stands.
	if err := os.Remove(dir.StepsFile()); err != nil {
		t.Fatal(err)
	}
	p = train.Plan{StepsPerEpoch: 3, StepsDone: 3}
	if h, _ = newHistory(p, dir); len(h.points) != 0 {
		t.Errorf("points %+v", h.points)
	}
	h.epoch(record.Epoch{Epoch: 1})
	if h.epochs[0].Steps != 3 {
		t.Errorf("epochs %+v, want one after 3 steps", h.epochs)
	}
	if h, err := newHistory(train.Plan{StepsPerEpoch: 3}, dir); err != nil || len(h.points) != 0 {
		t.Errorf("a new run begins with %d points, %v", len(h.points), err)
	}
}
