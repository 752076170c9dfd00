package train

import (
	"fmt"
	"math"
)

// A network that does not learn gives every class the same probability, and its loss
// stays at ln K (2.303 for ten classes), smoothed labels or not. One per cent round it
// is where it is looked for, over a window of steps.
const (
	plateauWindow   = 200 // steps
	plateauShortest = 10  // steps that are enough where the run ends inside a window
	plateauBand     = 0.01
)

// Plateau is what has been seen of a loss that may stay at ln K; it is said once a run.
type Plateau struct {
	Sum   float64 `json:"sum"`   // of the losses of the window under way
	Steps int     `json:"steps"` // in it
	Said  bool    `json:"said"`
}

// plateau is the watch itself: what does not change in a run, and what has been seen.
type plateau struct {
	level  float64 // ln K
	warmup int     // steps that do not count: the learning rate is still low
	seen   *Plateau
}

func newPlateau(classes, warmup int, seen *Plateau) plateau {
	return plateau{level: math.Log(float64(classes)), warmup: warmup, seen: seen}
}

// add takes a step's loss and returns what to say, "" for nothing.
func (p plateau) add(step int, loss float64) string {
	if p.seen.Said || step <= p.warmup {
		return ""
	}
	p.seen.Sum += loss
	p.seen.Steps++
	if p.seen.Steps < plateauWindow {
		return ""
	}
	mean := p.seen.Sum / float64(p.seen.Steps)
	p.seen.Sum, p.seen.Steps = 0, 0
	return p.say(mean, plateauWindow)
}

// end judges the window under way when the run has ended, and returns what to say.
func (p plateau) end() string {
	if p.seen.Said || p.seen.Steps < plateauShortest {
		return ""
	}
	seen := *p.seen // a run that goes on later knows nothing of this end
	p.seen = &seen
	return p.say(seen.Sum/float64(seen.Steps), seen.Steps)
}

func (p plateau) say(mean float64, steps int) string {
	if math.Abs(mean-p.level) > plateauBand*p.level {
		return ""
	}
	p.seen.Said = true
	return fmt.Sprintf("the loss stays at ln(%.0f) = %.3f (mean of %d steps: %.3f): the network does not learn, every class looks alike to it; "+
		"try another --lr, --init kaiming, or --recipe fast", math.Exp(p.level), p.level, steps, mean)
}

// divergence is the advice to a run whose loss or weights are no longer finite.
func divergence(what string, r StepRecord) string {
	return fmt.Sprintf("%s is not finite at step %d (epoch %d); try a lower --lr (it was %.4g), a --clip-norm such as 1, or a longer --warmup-epochs",
		what, r.Step, r.Epoch, r.LR)
}
