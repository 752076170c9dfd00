package report

import (
	"fmt"
	"time"

	"vggtrain/internal/train"
)

// pace follows a run's steps: what the bar and the log say between two epochs.
type pace struct {
	plan  train.Plan
	now   func() time.Time
	begun time.Time
	last  train.StepRecord

	// Over the steps of the epoch under way that this process has seen.
	images  int
	lossSum float64
	seconds float64

	best float64 // val_accuracy
	any  bool    // an epoch has been evaluated
}

func newPace(p train.Plan, now func() time.Time) pace {
	begun := pace{plan: p, now: now, begun: now()}
	for _, r := range p.History {
		begun.epoch(r)
	}
	return begun
}

func (p *pace) step(r train.StepRecord) {
	if r.Epoch != p.last.Epoch {
		p.images, p.lossSum, p.seconds = 0, 0, 0
	}
	p.last = r
	p.images += r.Images
	p.lossSum += r.Loss * float64(r.Images)
	p.seconds += r.Seconds
}

// epoch reports whether the epoch is the best so far.
func (p *pace) epoch(r train.EpochRecord) bool {
	if p.any && r.ValAccuracy <= p.best {
		return false
	}
	p.best, p.any = r.ValAccuracy, true
	return true
}

// done is how many of its epoch's steps the last step makes complete.
func (p *pace) done() int {
	return p.last.Step - (p.last.Epoch-1)*p.plan.StepsPerEpoch
}

// line says where the run is: epoch, step, mean loss of the epoch so far, images/s, time left.
func (p *pace) line() string {
	if p.evaluating() {
		return p.place() + "  evaluating"
	}
	return fmt.Sprintf("%s  loss %.4f  %.0f images/s  %s left",
		p.place(), p.lossSum/float64(p.images), float64(p.images)/p.seconds, duration(p.left()))
}

// evaluating reports whether the last step was its epoch's or the run's last.
func (p *pace) evaluating() bool {
	return p.done() == p.plan.StepsPerEpoch || p.last.Step == p.plan.Steps
}

func (p *pace) place() string {
	return fmt.Sprintf("epoch %*d/%d  step %*d/%d", digits(p.plan.Epochs), p.last.Epoch, p.plan.Epochs,
		digits(p.plan.Steps), p.last.Step, p.plan.Steps)
}

// left is the time left in seconds, if the run goes on as it has since it began, its
// evaluations included.
func (p *pace) left() float64 {
	steps := p.last.Step - p.plan.StepsDone
	if steps <= 0 {
		return 0
	}
	return p.now().Sub(p.begun).Seconds() / float64(steps) * float64(p.plan.Steps-p.last.Step)
}
