package report

import (
	"runtime"
	"slices"
	"time"

	"vggtrain/internal/chart"
	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
)

// drawing is the common part of Curves and Page: a file that shows a run's history, whose drawing
// takes no more than its share of the run's time.
type drawing struct {
	dir     *rundir.Dir
	now     func() time.Time
	plan    train.Plan
	history *history      // nil before Begin
	ended   time.Time     // of the last drawing
	cost    time.Duration // of it
}

// drawShare bounds the part of a run's time that drawing takes: one in drawShare.
const drawShare = 20

// begin reads the steps in the folder of a resumed run.
func (d *drawing) begin(p train.Plan, without string) {
	var err error
	d.plan = p
	if d.history, err = newHistory(p, d.dir); err != nil {
		p.Notify(err.Error() + "; " + without)
	}
}

// due reports whether to draw again, at the earliest after least.
func (d *drawing) due(least time.Duration) bool {
	return d.now().Sub(d.ended) >= max(least, drawShare*d.cost)
}

// timed draws, unless the folder is no longer the run's: others tell that. It forces a garbage
// collection, which takes a millisecond: the heap is a training's buffers, without pointers, and the
// next collection could be hundreds of megabytes away.
func (d *drawing) timed(draw func() error) error {
	if d.dir.Held() != nil {
		return nil
	}
	start := d.now()
	err := draw()
	runtime.GC()
	d.ended = d.now()
	d.cost = d.ended.Sub(start)
	return err
}

// tell gives notice of an error: a picture is no reason to end a run, and nothing is lost that other
// files do not hold.
func (d *drawing) tell(err error) {
	if err != nil {
		d.plan.Notify(err.Error())
	}
}

// history is the course of a run as pictures of it need it: all epochs, and steps as means over the
// same number in a row, so that no more than historyPoints are kept.
type history struct {
	chart.Curves
	each   int // steps that the points of Steps are means of
	filled int // steps that the last one is the mean of so far
}

// historyPoints is the most points that are kept; it is even.
const historyPoints = 4096

// newHistory returns the history of a run about to begin, with earlier steps from its folder.
func newHistory(p train.Plan, dir *rundir.Dir) (*history, error) {
	h := &history{Curves: chart.Curves{StepsPerEpoch: p.StepsPerEpoch, Epochs: slices.Clone(p.History)}, each: 1}
	if p.StepsDone == 0 {
		return h, nil
	}
	err := dir.EachStep(func(s record.Step) {
		if s.Step <= p.StepsDone {
			h.step(s)
		}
	})
	h.Done = p.StepsDone // the folder may have fewer
	return h, err
}

// step adds a step.
func (h *history) step(r record.Step) {
	h.Done = r.Step
	s := chart.Step{Step: float64(r.Step), Loss: r.Loss, LR: r.LR}
	if chart.IsFinite(r.Loss) {
		s.Images = max(r.Images, 1) // not 0, of a line that somebody changed
	}
	n := len(h.Steps)
	if n > 0 && h.filled < h.each {
		h.Steps[n-1] = joined(h.Steps[n-1], s, h.filled, 1)
		h.filled++
		return
	}
	if n == historyPoints {
		for i := range n / 2 {
			h.Steps[i] = joined(h.Steps[2*i], h.Steps[2*i+1], 1, 1)
		}
		h.Steps = h.Steps[:n/2]
		h.each *= 2
	}
	h.Steps, h.filled = append(h.Steps, s), 1
}

// joined is the mean of m steps and the n that follow them. A loss that is not finite, of no images,
// does not count unless both are such.
func joined(p, q chart.Step, m, n int) chart.Step {
	part := float64(n) / float64(m+n)
	mean := chart.Step{Step: p.Step + (q.Step-p.Step)*part, Images: p.Images + q.Images, LR: p.LR + (q.LR-p.LR)*part, Loss: p.Loss}
	switch {
	case p.Images == 0:
		mean.Loss = q.Loss
	case q.Images > 0:
		mean.Loss += (q.Loss - p.Loss) * float64(q.Images) / float64(mean.Images)
	}
	return mean
}
