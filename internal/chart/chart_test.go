package chart

import (
	"math"
	"testing"

	"vggtrain/internal/record"
)

// course is a run of epochs of ten steps with these losses, all alike in an epoch.
func course(losses ...float64) *Curves {
	c := &Curves{StepsPerEpoch: 10, Done: 10 * len(losses)}
	for i, loss := range losses {
		for step := 10*i + 1; step <= 10*i+10; step++ {
			c.Steps = append(c.Steps, Step{Step: float64(step), Loss: loss, LR: 0.1})
		}
		c.Epochs = append(c.Epochs, record.Epoch{Epoch: i + 1, TrainLoss: loss, ValLoss: loss, ValAccuracy: 1 / (1 + loss), ImagesPerSecond: 100})
	}
	return c
}

// The losses' axis shows what the run is about: no explosion, and no first steps beside epochs.
func TestLossAxis(t *testing.T) {
	nan := math.NaN()
	firstStep := course(1, 0.8, 0.7, 0.6, 0.5)
	firstStep.Steps[0].Loss = 3
	noSteps := course(2, 50)
	noSteps.Steps = nil
	step := &Curves{StepsPerEpoch: 10, Done: 1, Steps: []Step{{Step: 1, Loss: 2.3}}}
	epoch := &Curves{StepsPerEpoch: 3, Done: 3, Epochs: []record.Epoch{{Epoch: 1, TrainLoss: 1.8, ValLoss: 1.2}}}
	for i, loss := range []float64{2.3, 2.5, 1.5} {
		epoch.Steps = append(epoch.Steps, Step{Step: float64(i + 1), Loss: loss})
	}
	for name, c := range map[string]struct {
		curves *Curves
		high   float64
	}{
		"a step":                  {step, 2.3},
		"an epoch":                {epoch, 2.5},
		"falling":                 {course(2, 1), 2},
		"of five, steps leave it": {firstStep, 1},
		"diverging":               {course(2, 2e7, nan), 4},
		"diverging late":          {course(2, 1, 1, 1, 1, 2e7), 4},
		"without steps":           {noSteps, 4},
		"that began at 0":         {course(0, 3), 3},
	} {
		if got := c.curves.Charts()[0].Y.High; !(math.Abs(got-1.05*c.high) <= 1e-12) {
			t.Errorf("%s: up to %v, want 1.05 × %v", name, got, c.high)
		}
	}
}

// What nothing is known of has no chart, and no axis is empty.
func TestWhichCharts(t *testing.T) {
	nan := math.NaN()
	steps := &Curves{StepsPerEpoch: 10, Done: 1, Steps: []Step{{Step: 1, Loss: 2, LR: 0.1}}}
	noLoss := &Curves{StepsPerEpoch: 10, Done: 1, Steps: []Step{{Step: 1, Loss: nan, LR: 0}}}
	for name, c := range map[string]struct {
		curves *Curves
		want   string
	}{
		"nothing":    {&Curves{}, ""},
		"steps":      {steps, "loss lr "},
		"no loss":    {noLoss, "lr "},
		"epochs":     {course(1, 1), "loss accuracy lr speed "},
		"all zero":   {course(0, 0), "loss accuracy lr speed "},
		"an epoch":   {course(0.5), "loss accuracy lr speed "},
		"not finite": {course(nan, math.Inf(1)), "accuracy lr speed "},
		"enormous":   {course(1.7e308, 1.7e308), "loss accuracy lr speed "},
	} {
		got := ""
		for _, chart := range c.curves.Charts() {
			got += chart.ID + " "
			for _, a := range []Axis{chart.X, chart.Y} {
				if !(a.High > a.Low) || math.IsInf(a.High-a.Low, 0) || len(a.Ticks) < 2 {
					t.Errorf("%s, %s: axis %+v", name, chart.ID, a)
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// The axis of a run that is on is the whole run's, of one that has ended what there is; an epoch that
// was cut ends with the last step.
func TestAxisEnds(t *testing.T) {
	c := course(1, 1)
	c.Done, c.Steps = 15, c.Steps[:15]
	if x := c.horizontal(8); x.High != 1.5 || c.Last(c.Epochs[0]) != 10 || c.Last(c.Epochs[1]) != 15 {
		t.Errorf("up to %v, epochs end after %v and %v steps", x.High, c.Last(c.Epochs[0]), c.Last(c.Epochs[1]))
	}
	if c.End = 400; c.horizontal(8).High != 40 {
		t.Errorf("running: %v epochs, want 40", c.horizontal(8).High)
	}
}

func TestBest(t *testing.T) {
	c := course(2, 1, 1, 3)
	if best := c.Best(); best == nil || best.Epoch != 2 {
		t.Errorf("best %v, want epoch 2, the first of two", best)
	}
	for i := range c.Epochs {
		c.Epochs[i].ValAccuracy = math.NaN()
	}
	if best := c.Best(); best != nil {
		t.Errorf("best %v of nothing", best)
	}
}
