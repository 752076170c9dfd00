package pace

import (
	"math"
	"time"

	"vggtrain/internal/record"
	"vggtrain/internal/train"
)

// mean is an exponential moving mean with Adam's bias correction (Kingma & Ba 2015, section 3):
// m = decay·m + (1-decay)·x from m = 0, divided by 1-decayⁿ after n values, so that the first ones
// are not drawn towards 0. Values are weighted by images. It is NaN before the first.
type mean struct{ decay, sum, weight float64 }

func (m *mean) add(x float64, images int) {
	m.sum = m.decay*m.sum + (1-m.decay)*float64(images)*x
	m.weight = m.decay*m.weight + (1-m.decay)*float64(images)
}

func (m *mean) value() float64 { return m.sum / m.weight }

// smoothing is the decay of the loss on the terminal: about twenty steps count.
const smoothing = 0.95

// speed is images a second. An image counts 1/e after span seconds.
type speed struct{ span, images, seconds float64 }

func (s *speed) add(images int, seconds float64) {
	keep := math.Exp(-seconds / s.span)
	s.images, s.seconds = keep*s.images+float64(images), keep*s.seconds+seconds
}

// rate is NaN or infinite before any time is known.
func (s *speed) rate() float64 { return s.images / s.seconds }

const (
	speedWindow = 10.  // seconds that the speed shown looks back
	leftWindow  = 120. // and the one that estimates of time are made of, which should not jump
)

// Pace follows a run: where it is, how fast it goes, and what it has left.
type Pace struct {
	Plan  train.Plan
	Begun time.Time
	Step  int // the newest one, over the whole run
	Steps int // of this process
	LR    float64

	now             func() time.Time
	newest          time.Time // when the newest step or epoch ended
	loss            mean
	recent, lasting speed

	epochs  int     // evaluated ones
	between float64 // seconds from an epoch's last step to the next step, evaluation and save included; 0: not known

	best float64 // val_accuracy
}

// New returns the pace of a run that is about to begin, by a clock.
func New(p train.Plan, now func() time.Time) Pace {
	begun := Pace{
		Plan: p, now: now, Begun: now(), Step: p.StepsDone, loss: mean{decay: smoothing},
		recent: speed{span: speedWindow}, lasting: speed{span: leftWindow}, best: math.Inf(-1),
	}
	begun.newest = begun.Begun
	for _, r := range p.History {
		begun.add(r)
	}
	return begun
}

// AddStep takes a step.
func (p *Pace) AddStep(r record.Step) {
	now := p.now()
	if gap := now.Sub(p.newest).Seconds() - r.Seconds; p.Steps > 0 && p.ends(p.Step) {
		p.between += max(gap, 0)
	}
	p.newest, p.Step, p.LR = now, r.Step, r.LR
	p.loss.add(r.Loss, r.Images)
	p.Steps++
	if p.Steps == 2 { // the first step touches all memory for the first time
		p.recent, p.lasting = speed{span: speedWindow}, speed{span: leftWindow}
	}
	p.recent.add(r.Images, r.Seconds)
	p.lasting.add(r.Images, r.Seconds)
}

// AddEpoch takes an epoch and reports whether it is the best so far.
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

// Place is the epoch under way and the number of its steps that are done.
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

// evaluation is the seconds that an evaluation and the save after it take: as many as the last one
// took. Before the first, an image is taken to cost a third of training, a forward pass of three.
func (p *Pace) evaluation() float64 {
	if p.between > 0 {
		return p.between
	}
	return float64(p.Plan.ValImages) / (3 * p.lasting.rate())
}

// Left is the seconds that the epoch under way and the run have left; NaN before the second step. The
// first step is slow and tells nothing.
func (p *Pace) Left() (epoch, run float64) {
	if p.Steps < 2 {
		return math.NaN(), math.NaN()
	}
	number, _ := p.Place()
	end := min(number*p.Plan.StepsPerEpoch, p.Plan.Steps)
	evaluations := p.evaluations(p.Plan.Steps) - p.epochs
	now := p.now()
	passed := now.Sub(p.newest).Seconds()
	epoch = float64(p.images(end)-p.images(p.Step))/p.lasting.rate() + p.evaluation() - passed
	run = float64(p.images(p.Plan.Steps)-p.images(p.Step))/p.lasting.rate() + float64(evaluations)*p.evaluation() - passed
	if limit := p.Plan.Settings.MaxTime; limit > 0 {
		run = min(run, max((limit-now.Sub(p.Begun)).Seconds(), 0)+p.evaluation())
	}
	return max(min(epoch, run), 0), max(run, 0)
}

// Loss is a mean of the newest losses; NaN before the first.
func (p *Pace) Loss() float64 { return p.loss.value() }

// Speed is the images a second of the newest steps; not finite before the first.
func (p *Pace) Speed() float64 { return p.recent.rate() }

// Trained is the seconds of training that Left goes by.
func (p *Pace) Trained() float64 { return p.lasting.seconds }
