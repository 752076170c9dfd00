// Package pace computes the progress of a run for displays: position, speed, time left, and the limit
// that ends it.
package pace

import (
	"fmt"
	"math"
	"time"

	"vggtrain/configs"
	"vggtrain/internal/display"
	"vggtrain/internal/record"
	"vggtrain/internal/train"
)

// fading is a mean in which what is old counts ever less: the quotient of two sums that both fade. So
// the first values are not drawn towards 0, as by Adam's bias correction (Kingma & Ba 2015, section 3).
type fading struct{ sum, weight float64 }

// add takes values by their sum and weight, and leaves keep of what was before.
func (f *fading) add(keep, sum, weight float64) {
	f.sum, f.weight = keep*f.sum+sum, keep*f.weight+weight
}

// value is not finite before any weight is known.
func (f *fading) value() float64 { return f.sum / f.weight }

const (
	smoothing   = 0.95 // of the loss: about twenty steps count
	speedWindow = 10.  // seconds after which an image counts 1/e in the speed shown
	leftWindow  = 120. // and in the one that estimates of time are made of, which should not jump
)

// Pace tracks a run's position, speed and time left.
type Pace struct {
	Plan  train.Plan
	Begun time.Time
	Step  int // the newest one, over the whole run
	Steps int // of this process
	LR    float64

	now             func() time.Time
	newest          time.Time // when the newest step or epoch ended
	loss            fading    // of images
	recent, lasting fading    // images a second

	epochs  int     // evaluated ones
	between float64 // seconds from an epoch's last step to the next step, evaluation and save included; 0: not known

	best float64 // val_accuracy
}

// New returns the pace of a run about to begin. now is the clock.
func New(p train.Plan, now func() time.Time) Pace {
	begun := Pace{Plan: p, now: now, Begun: now(), Step: p.StepsDone, best: math.Inf(-1)}
	begun.newest = begun.Begun
	for _, r := range p.History {
		begun.add(r)
	}
	return begun
}

// AddStep updates the pace after a step.
func (p *Pace) AddStep(r record.Step) {
	now := p.now()
	if gap := now.Sub(p.newest).Seconds() - r.Seconds; p.Steps > 0 && p.ends(p.Step) {
		p.between += max(gap, 0)
	}
	p.newest, p.Step, p.LR = now, r.Step, r.LR
	images := float64(r.Images)
	p.loss.add(smoothing, images*r.Loss, images)
	p.Steps++
	if p.Steps == 2 { // the first step touches all memory for the first time
		p.recent, p.lasting = fading{}, fading{}
	}
	p.recent.add(math.Exp(-r.Seconds/speedWindow), images, r.Seconds)
	p.lasting.add(math.Exp(-r.Seconds/leftWindow), images, r.Seconds)
}

// AddEpoch updates the pace after an epoch and reports whether that is the best so far.
func (p *Pace) AddEpoch(r record.Epoch) bool {
	now := p.now()
	p.between = now.Sub(p.newest).Seconds()
	p.newest = now
	return p.add(r)
}

func (p *Pace) add(r record.Epoch) bool {
	p.epochs++
	if r.ValAccuracy <= p.best {
		return false
	}
	p.best = r.ValAccuracy
	return true
}

// ends reports whether a step is its epoch's or the run's last.
func (p *Pace) ends(step int) bool {
	return step > 0 && step%p.Plan.StepsPerEpoch == 0 || step == p.Plan.Steps
}

// evaluations is the number of evaluations up to the one after a step.
func (p *Pace) evaluations(step int) int {
	n := step / p.Plan.StepsPerEpoch
	if step == p.Plan.Steps && step%p.Plan.StepsPerEpoch > 0 {
		n++
	}
	return n
}

// Evaluating reports whether the steps of an epoch are done and its evaluation is not.
func (p *Pace) Evaluating() bool { return p.ends(p.Step) && p.epochs < p.evaluations(p.Step) }

// Over reports whether only a save is left.
func (p *Pace) Over() bool { return p.Step >= p.Plan.Steps && !p.Evaluating() }

// Place returns the epoch under way and the number of its finished steps.
func (p *Pace) Place() (epoch, done int) {
	epoch = p.Step/p.Plan.StepsPerEpoch + 1
	if p.Evaluating() || p.Over() {
		epoch = max(p.Step-1, 0)/p.Plan.StepsPerEpoch + 1
	}
	return epoch, p.Step - (epoch-1)*p.Plan.StepsPerEpoch
}

// images is the number that the run has trained on after a step.
func (p *Pace) images(step int) int {
	whole, rest := step/p.Plan.StepsPerEpoch, step%p.Plan.StepsPerEpoch
	return whole*p.Plan.TrainImages + min(rest*p.Plan.BatchSize, p.Plan.TrainImages)
}

// evaluation estimates the seconds of an evaluation with the save after it: the last one's. Before
// the first, an image is assumed to cost a third of training: one pass of three.
func (p *Pace) evaluation() float64 {
	if p.between > 0 {
		return p.between
	}
	return float64(p.Plan.ValImages) / (3 * p.lasting.value())
}

// Left returns the seconds left for the epoch under way and for the run. They are NaN before the
// second step, since the first step is not typical: it is slow.
func (p *Pace) Left() (epoch, run float64) {
	if p.Steps < 2 {
		return math.NaN(), math.NaN()
	}
	number, _ := p.Place()
	end := min(number*p.Plan.StepsPerEpoch, p.Plan.Steps)
	evaluations := p.evaluations(p.Plan.Steps) - p.epochs
	now := p.now()
	passed := now.Sub(p.newest).Seconds()
	epoch = float64(p.images(end)-p.images(p.Step))/p.lasting.value() + p.evaluation() - passed
	run = float64(p.images(p.Plan.Steps)-p.images(p.Step))/p.lasting.value() + float64(evaluations)*p.evaluation() - passed
	if limit := p.Plan.Settings.MaxTime; limit > 0 {
		run = min(run, max((limit-now.Sub(p.Begun)).Seconds(), 0)+p.evaluation())
	}
	return max(min(epoch, run), 0), max(run, 0)
}

// Loss is a moving mean of the newest losses; NaN before the first.
func (p *Pace) Loss() float64 { return p.loss.value() }

// Speed is the speed of the newest steps, in images a second; not finite before the first.
func (p *Pace) Speed() float64 { return p.recent.value() }

// Trained is the number of seconds of training behind the estimate of Left.
func (p *Pace) Trained() float64 { return p.lasting.weight }

// Limit is the setting that ends a run before its epochs are done; "" for none.
type Limit string

// The limits.
const (
	MaxSteps  Limit = "max-steps"
	EarlyStop Limit = "early-stop"
	MaxTime   Limit = "max-time"
)

// LimitOf returns the limit that has ended a run, waited epochs after the best one.
func LimitOf(settings *configs.Recipe, stepsPerEpoch, steps, waited int) Limit {
	all := settings.Epochs * stepsPerEpoch
	switch {
	case settings.MaxSteps > 0 && settings.MaxSteps < all && steps >= settings.MaxSteps:
		return MaxSteps
	case steps >= all:
		return ""
	case settings.EarlyStop > 0 && (settings.MaxTime == 0 || waited >= settings.EarlyStop):
		return EarlyStop
	}
	return MaxTime
}

// Lift is the flag that lifts the limit on resume, after a space. It is "" if no flag is needed, as
// for max-time: that limits one process.
func (l Limit) Lift() string {
	if l == "" || l == MaxTime {
		return ""
	}
	return fmt.Sprintf(" --%s off", l)
}

// Reason says why the limit has ended a run.
func (l Limit) Reason(settings *configs.Recipe) string {
	flag := fmt.Sprintf("--%s %s", l, settings.Text(string(l)))
	switch l {
	case EarlyStop:
		return fmt.Sprintf("no better accuracy for %s (%s)", display.Count(settings.EarlyStop, "epoch"), flag)
	case MaxSteps:
		return flag + " are done"
	}
	return flag + " is over"
}
