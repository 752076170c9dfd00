package report

import (
	"math"
	"time"

	"vggtrain/internal/record"
	"vggtrain/internal/train"
)

// mean is an exponential moving mean with Adam's bias correction (Kingma & Ba 2015, section 3):
// m = decay·m + (1-decay)·x from m = 0, divided by 1-decayⁿ after n values, so that the first ones
// are not drawn towards 0; and each x counts as many times as there are images that it is the mean of.
// Its zero value with a decay is one of nothing yet, NaN.
type mean struct{ decay, sum, weight float64 }

func (m *mean) add(x float64, images int) {
	m.sum = m.decay*m.sum + (1-m.decay)*float64(images)*x
	m.weight = m.decay*m.weight + (1-m.decay)*float64(images)
}

func (m *mean) value() float64 { return m.sum / m.weight }

// smoothing is the decay of the loss that is shown: a mean of some twenty steps, of which the
// newest count most.
const smoothing = 0.95

// speed is images a second, of which older ones count less: 1/e after span seconds.
type speed struct{ span, images, seconds float64 }

func (s *speed) add(images int, seconds float64) {
	keep := math.Exp(-seconds / s.span)
	s.images, s.seconds = keep*s.images+float64(images), keep*s.seconds+seconds
}

// rate is NaN or infinite before any time is known.
func (s *speed) rate() float64 { return s.images / s.seconds }

const (
	recently = 10.  // seconds that the speed shown looks back
	lastly   = 120. // and that from which times are foretold, which should not jump
)

// pace follows a run: where it is, how fast it goes, and what it has left.
type pace struct {
	plan  train.Plan
	now   func() time.Time
	begun time.Time
	at    time.Time // of the newest step or epoch
	step  int       // the newest one, over the whole run
	steps int       // of this process
	lr    float64
	loss  mean

	recent, lasting speed

	epochs  int     // evaluated ones
	between float64 // seconds from an epoch's last step to the next step, evaluation and save included; 0: none was seen yet

	best float64 // val_accuracy
}

func newPace(p train.Plan, now func() time.Time) pace {
	begun := pace{
		plan: p, now: now, begun: now(), step: p.StepsDone, loss: mean{decay: smoothing},
		recent: speed{span: recently}, lasting: speed{span: lastly}, best: math.Inf(-1),
	}
	begun.at = begun.begun
	for _, r := range p.History {
		begun.add(r)
	}
	return begun
}

// stepped takes a step.
func (p *pace) stepped(r record.Step) {
	now := p.now()
	if gap := now.Sub(p.at).Seconds() - r.Seconds; p.steps > 0 && p.ends(p.step) {
		p.between += max(gap, 0)
	}
	p.at, p.step, p.lr = now, r.Step, r.LR
	p.loss.add(r.Loss, r.Images)
	p.steps++
	if p.steps == 2 { // the first step touches all memory for the first time
		p.recent, p.lasting = speed{span: recently}, speed{span: lastly}
	}
	p.recent.add(r.Images, r.Seconds)
	p.lasting.add(r.Images, r.Seconds)
}

// epoch takes an epoch and reports whether it is the best so far.
func (p *pace) epoch(r record.Epoch) bool {
	now := p.now()
	p.between = now.Sub(p.at).Seconds()
	p.at = now
	return p.add(r)
}

func (p *pace) add(r record.Epoch) bool {
	p.epochs++
	if r.ValAccuracy <= p.best {
		return false
	}
	p.best = r.ValAccuracy
	return true
}

// ends reports whether a step is its epoch's or the run's last.
func (p *pace) ends(step int) bool {
	return step > 0 && step%p.plan.StepsPerEpoch == 0 || step == p.plan.Steps
}

// evaluations is how many evaluations there are up to the one after a step.
func (p *pace) evaluations(step int) int {
	n := step / p.plan.StepsPerEpoch
	if step == p.plan.Steps && step%p.plan.StepsPerEpoch > 0 {
		n++
	}
	return n
}

// evaluating reports whether the steps of an epoch are done and its evaluation is not.
func (p *pace) evaluating() bool { return p.ends(p.step) && p.epochs < p.evaluations(p.step) }

// over reports whether nothing is left but to save.
func (p *pace) over() bool { return p.step >= p.plan.Steps && !p.evaluating() }

// place is the epoch under way and how many of its steps are done.
func (p *pace) place() (epoch, done int) {
	epoch = p.step/p.plan.StepsPerEpoch + 1
	if p.evaluating() || p.over() {
		epoch = max(p.step-1, 0)/p.plan.StepsPerEpoch + 1
	}
	return epoch, p.step - (epoch-1)*p.plan.StepsPerEpoch
}

// images is how many the run has trained on after a step.
func (p *pace) images(step int) int {
	whole, rest := step/p.plan.StepsPerEpoch, step%p.plan.StepsPerEpoch
	return whole*p.plan.TrainImages + min(rest*p.plan.BatchSize, p.plan.TrainImages)
}

// evaluation is the time in seconds that an evaluation and the save after it take: that of the
// last one, and before any was seen, as if an image of it took a third of one that is trained on,
// which is the forward pass of three of the same size.
func (p *pace) evaluation() float64 {
	if p.between > 0 {
		return p.between
	}
	return float64(p.plan.ValImages) / (3 * p.lasting.rate())
}

// left is the time in seconds that the epoch under way and the run have left; NaN before the
// second step, which is the first one that tells.
func (p *pace) left() (epoch, run float64) {
	if p.steps < 2 {
		return math.NaN(), math.NaN()
	}
	number, _ := p.place()
	end := min(number*p.plan.StepsPerEpoch, p.plan.Steps)
	evaluations := p.evaluations(p.plan.Steps) - p.epochs
	now := p.now()
	passed := now.Sub(p.at).Seconds()
	epoch = float64(p.images(end)-p.images(p.step))/p.lasting.rate() + p.evaluation() - passed
	run = float64(p.images(p.plan.Steps)-p.images(p.step))/p.lasting.rate() + float64(evaluations)*p.evaluation() - passed
	if limit := p.plan.Settings.MaxTime; limit > 0 {
		run = min(run, max((limit-now.Sub(p.begun)).Seconds(), 0)+p.evaluation())
	}
	return max(min(epoch, run), 0), max(run, 0)
}
