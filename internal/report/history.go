package report

import (
	"slices"

	"vggtrain/internal/chart"
	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
)

// history is the course of a run as pictures of it need it: all epochs, and steps as means over the
// same number in a row, so that no more than historyPoints are kept.
type history struct {
	chart.Curves
	each   int // steps that the points of Steps are means of
	filled int // steps that the last one is the mean of so far
}

// historyPoints is the most points that are kept; it is even.
const historyPoints = 4096

// newHistory returns the history of a run that is about to begin, with what its folder has of the
// steps that it goes on after.
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

// epoch adds an epoch that ends with the last step.
func (h *history) epoch(r record.Epoch) { h.Epochs = append(h.Epochs, r) }

// waited is how many epochs were evaluated since the best one.
func (h *history) waited() int {
	if best := h.Best(); best != nil {
		return len(h.Epochs) - best.Epoch
	}
	return 0
}
