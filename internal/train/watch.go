package train

import (
	"fmt"
	"math"

	"vggtrain/configs"
	"vggtrain/internal/record"
	"vggtrain/internal/runstate"
	"vggtrain/internal/trained"
)

// watches notice what goes wrong in a run, each once a run, and say what to do about it. What they
// have seen is in its Progress, so that a run that is resumed says what it would have said.
type watches struct {
	settings  *configs.Recipe
	plateau   plateau
	explosion explosion
	dead      *bool // Progress.Dead
}

// newWatches returns those of a run of so many classes.
func newWatches(f *record.Facts, classes int, p *runstate.Progress) watches {
	return watches{
		settings:  f.Settings,
		plateau:   newPlateau(classes, f.Settings.WarmupEpochs*f.StepsPerEpoch, &p.Plateau),
		explosion: explosion{classes: classes, seen: &p.Explosion},
		dead:      &p.Dead,
	}
}

// step takes a step that is done, and returns what to say.
func (w watches) step(r record.Step) (notices []string) {
	if text := w.explosion.add(r, w.settings); text != "" {
		notices = append(notices, text)
	}
	if text := w.plateau.add(r.Step, r.Loss, w.settings); text != "" && !*w.dead {
		notices = append(notices, text)
	}
	return notices
}

// evaluated takes an evaluation, of a whole epoch or of one that was cut, and returns what to say.
func (w watches) evaluated(e *trained.Evaluation, cut bool) (notices []string) {
	if *w.dead || !constant(e) {
		return nil
	}
	*w.dead = !cut // a run that goes on later with the epoch knows nothing of this end
	return []string{fmt.Sprintf("every image gets the same answer (%.3f for one class): the ReLUs are dead and let nothing of the image through, "+
		"which more training rarely repairs; begin anew with %s", e.Predictions[0].Probability, either(lowerLR(w.settings), warmupEpochs(w.settings), initKaiming(w.settings)))}
}

// end judges the last steps of a run that has ended after a step, and returns what to say.
func (w watches) end(step int) (notices []string) {
	if text := w.plateau.end(step, w.settings); text != "" && !*w.dead {
		notices = append(notices, text)
	}
	return notices
}

// constantLeast is how many images must have got the same answer.
const constantLeast = 10

// constant tells whether the network's answer does not depend on the image, to the last bit. Where
// no ReLU of some layer lets anything through, what follows are biases alone; in a network that has
// merely not learned yet, answers differ by some 10⁻⁶ at least. A probability of exactly 1 is that of
// logits so far apart that their differences are lost.
func constant(e *trained.Evaluation) bool {
	if len(e.Predictions) < constantLeast || e.Predictions[0].Probability == 1 {
		return false
	}
	for _, p := range e.Predictions[1:] {
		if p != e.Predictions[0] {
			return false
		}
	}
	return true
}

// A learning rate that is far too high first raises the loss above what it was before the first
// update, and above what guessing gives, ln K. A mean over a few steps of twice the greater of the two
// is seen in no run that learns: neither a noisy batch nor a warm-up comes near it.
const (
	explosionWindow = 10 // steps
	explosionFactor = 2
)

// explosion is the watch itself.
type explosion struct {
	classes int // K
	seen    *runstate.Explosion
}

// add takes a step and returns what to say, "" for nothing.
func (x explosion) add(r record.Step, s *configs.Recipe) string {
	seen := x.seen
	if seen.Said || x.classes < 2 {
		return ""
	}
	if r.Step == 1 {
		seen.Start = r.Loss
	}
	seen.Sum += r.Loss
	seen.Steps++
	if seen.Steps < explosionWindow {
		return ""
	}
	mean := seen.Sum / float64(seen.Steps)
	seen.Sum, seen.Steps = 0, 0
	guessing := math.Log(float64(x.classes))
	if mean <= explosionFactor*max(guessing, seen.Start) {
		return ""
	}
	seen.Said = true
	return fmt.Sprintf("the loss has risen to %.4g (mean of the last %d steps; guessing gives ln(%d) = %.3f): the updates are too large; "+
		"begin anew with %s", mean, explosionWindow, x.classes, guessing, either(lowerLR(s), clipNorm(s), warmupEpochs(s)))
}

// A network that does not learn gives every class the same probability, and its loss
// stays at ln K (2.303 for ten classes), smoothed labels or not. One per cent round it
// is where it is looked for, over a window of steps, and at the end of a run over its last ones: a
// network may also have got stuck after some steps.
const (
	plateauWindow   = 200                  // steps
	plateauLast     = runstate.PlateauLast // that are judged at the end
	plateauShortest = 50                   // a shorter run may only have not learned yet
	plateauBand     = 0.01
)

// plateau is the watch itself: what does not change in a run, and what has been seen.
type plateau struct {
	level  float64 // ln K
	warmup int     // steps that do not count: the learning rate is still low
	seen   *runstate.Plateau
}

func newPlateau(classes, warmup int, seen *runstate.Plateau) plateau {
	return plateau{level: math.Log(float64(classes)), warmup: warmup, seen: seen}
}

// add takes a step's loss and returns what to say, "" for nothing.
func (p plateau) add(step int, loss float64, s *configs.Recipe) string {
	p.seen.Last[step%plateauLast] = loss
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
	if !p.near(mean) {
		return ""
	}
	p.seen.Said = true
	return p.say(mean, plateauWindow, s)
}

// end judges the last steps of a run that has ended after a step, and returns what to say. It is not
// kept: a run that goes on later knows nothing of this end.
func (p plateau) end(step int, s *configs.Recipe) string {
	if p.seen.Said || step-p.warmup < plateauShortest {
		return ""
	}
	mean := 0.
	for _, loss := range p.seen.Last {
		if loss == 0 {
			return ""
		}
		mean += loss / plateauLast
	}
	if !p.near(mean) {
		return ""
	}
	return p.say(mean, plateauLast, s)
}

func (p plateau) near(mean float64) bool { return math.Abs(mean-p.level) <= plateauBand*p.level }

func (p plateau) say(mean float64, steps int, s *configs.Recipe) string {
	return fmt.Sprintf("the loss stays at ln(%.0f) = %.3f (mean of the last %d steps: %.3f): the network does not learn, every class looks alike to it; "+
		"try %s", math.Exp(p.level), p.level, steps, mean, either(fmt.Sprintf("another --lr (it is %v)", s.LR), initKaiming(s), recipeFast(s)))
}
