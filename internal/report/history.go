package report

import (
	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
)

// history is the course of a run as pictures of it need it: all epochs, and the steps as means
// over as many in a row that no more than historyPoints are kept.
type history struct {
	stepsPerEpoch int
	epochs        []historyEpoch
	points        []historyPoint // each of so many steps, but for the last, which may have fewer
	each          int
	last          int // the newest step
}

// historyPoints is the most points that are kept; it is even.
const historyPoints = 4096

// historyEpoch is an epoch, and the steps of the run after which it was evaluated.
type historyEpoch struct {
	record.Epoch
	Steps int
}

// historyPoint is some steps in a row: epoch and number of the last one, and means, of which
// what is not finite is no part unless nothing is.
type historyPoint struct {
	Epoch, Step int
	Middle      float64 // mean of their numbers
	Loss, LR    float64

	steps, images int // that the means are of: Loss, of the images
}

// newHistory returns the history of a run that is about to begin, with what its folder has of the
// steps that it goes on after.
func newHistory(p train.Plan, dir *rundir.Dir) (*history, error) {
	h := &history{stepsPerEpoch: p.StepsPerEpoch, each: 1}
	for _, r := range p.History {
		h.epochs = append(h.epochs, historyEpoch{r, min(r.Epoch*p.StepsPerEpoch, p.StepsDone)})
	}
	if p.StepsDone == 0 {
		return h, nil
	}
	err := dir.EachStep(func(s record.Step) {
		if s.Step <= p.StepsDone {
			h.step(s)
		}
	})
	h.last = p.StepsDone // the folder may have fewer
	return h, err
}

// step adds a step.
func (h *history) step(r record.Step) {
	h.last = r.Step
	p := historyPoint{Epoch: r.Epoch, Step: r.Step, Middle: float64(r.Step), Loss: r.Loss, LR: r.LR, steps: 1}
	if r.Loss-r.Loss == 0 {
		p.images = max(r.Images, 1) // not 0, of a line that somebody changed
	}
	if n := len(h.points); n > 0 && h.points[n-1].steps < h.each {
		h.points[n-1] = h.points[n-1].with(p)
		return
	}
	if len(h.points) == historyPoints {
		h.halve()
	}
	h.points = append(h.points, p)
}

// halve makes one point of two.
func (h *history) halve() {
	for i := range historyPoints / 2 {
		h.points[i] = h.points[2*i].with(h.points[2*i+1])
	}
	h.points = h.points[:historyPoints/2]
	h.each *= 2
}

// with is a point and the one that follows it, as one.
func (p historyPoint) with(q historyPoint) historyPoint {
	n, all := float64(q.steps), float64(p.steps+q.steps)
	q.Middle = p.Middle + (q.Middle-p.Middle)*n/all
	q.LR = p.LR + (q.LR-p.LR)*n/all
	switch {
	case q.images == 0:
		q.Loss = p.Loss
	case p.images > 0:
		q.Loss = p.Loss + (q.Loss-p.Loss)*float64(q.images)/float64(p.images+q.images)
	}
	q.steps += p.steps
	q.images += p.images
	return q
}

// epoch adds an epoch that ends with the last step.
func (h *history) epoch(r record.Epoch) {
	h.epochs = append(h.epochs, historyEpoch{r, h.last})
}

// waited is how many epochs were evaluated since the best one.
func (h *history) waited() int {
	best := 0
	for i, e := range h.epochs {
		if e.ValAccuracy > h.epochs[best].ValAccuracy {
			best = i
		}
	}
	return max(len(h.epochs)-1-best, 0)
}
