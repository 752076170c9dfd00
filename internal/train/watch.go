package train

import (
	"fmt"
	"math"
	"slices"

	"vggtrain/configs"
	"vggtrain/internal/record"
	"vggtrain/internal/runstate"
	"vggtrain/internal/trained"
)

// watches notice what goes wrong in a run, each once a run, and say what to do about it. What they
// have seen is in its Progress, so that a run that is resumed says what it would have said.
type watches struct {
	settings *configs.Recipe
	classes  int                // K
	guessing float64            // ln K, the loss of guessing
	warmup   int                // steps in which the learning rate is still low
	seen     *runstate.Progress // Plateau, Explosion, Dead
}

func newWatches(f *record.Facts, classes int, p *runstate.Progress) watches {
	return watches{f.Settings, classes, math.Log(float64(classes)), f.Settings.WarmupEpochs * f.StepsPerEpoch, p}
}

// step takes a step that is done, and returns what to say.
func (w watches) step(r record.Step) (notices []string) {
	if text := w.explosion(r); text != "" {
		notices = append(notices, text)
	}
	if text := w.plateau(r); text != "" && !w.seen.Dead {
		notices = append(notices, text)
	}
	return notices
}

// evaluated takes the evaluation of a complete or a partial epoch, and returns what to say.
func (w watches) evaluated(e *trained.Evaluation, partial bool) (notices []string) {
	if w.seen.Dead || !constant(e) {
		return nil
	}
	w.seen.Dead = !partial // a run that goes on later with the epoch knows nothing of this end
	return []string{fmt.Sprintf("every image gets the same answer (%.3f for one class): the ReLUs are dead and let nothing of the image through, "+
		"which more training rarely repairs; begin anew with %s", e.Predictions[0].Probability, either(lowerLR(w.settings), warmupEpochs(w.settings), initKaiming(w.settings)))}
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
	return !slices.ContainsFunc(e.Predictions, func(p trained.Prediction) bool { return p != e.Predictions[0] })
}

// A learning rate that is far too high first raises the loss above what it was before the first
// update, and above what guessing gives, ln K. A mean over a few steps of twice the greater of the two
// is seen in no run that learns: neither a noisy batch nor a warm-up comes near it.
const (
	explosionWindow = 10 // steps
	explosionFactor = 2
)

func (w watches) explosion(r record.Step) string {
	seen := &w.seen.Explosion
	if seen.Said || w.classes < 2 {
		return ""
	}
	if r.Step == 1 {
		seen.Start = r.Loss
	}
	mean, full := seen.Add(r.Loss, explosionWindow)
	if !full || mean <= explosionFactor*max(w.guessing, seen.Start) {
		return ""
	}
	seen.Said = true
	return fmt.Sprintf("the loss has risen to %.4g (mean of the last %d steps; guessing gives ln(%d) = %.3f): the updates are too large; "+
		"begin anew with %s", mean, explosionWindow, w.classes, w.guessing, either(lowerLR(w.settings), clipNorm(w.settings), warmupEpochs(w.settings)))
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

func (w watches) plateau(r record.Step) string {
	seen := &w.seen.Plateau
	seen.Last[r.Step%plateauLast] = r.Loss
	if seen.Said || r.Step <= w.warmup {
		return ""
	}
	mean, full := seen.Add(r.Loss, plateauWindow)
	if !full || !w.stuck(mean) {
		return ""
	}
	seen.Said = true
	return w.stuckText(mean, plateauWindow)
}

// end judges the last steps of a run that has ended after a step, and returns what to say. It is not
// kept: a run that goes on later knows nothing of this end.
func (w watches) end(step int) (notices []string) {
	if w.seen.Dead || w.seen.Plateau.Said || step-w.warmup < plateauShortest {
		return nil
	}
	mean := 0.
	for _, loss := range w.seen.Plateau.Last {
		if loss == 0 {
			return nil
		}
		mean += loss / plateauLast
	}
	if !w.stuck(mean) {
		return nil
	}
	return []string{w.stuckText(mean, plateauLast)}
}

// stuck tells whether a mean loss is that of guessing.
func (w watches) stuck(mean float64) bool {
	return math.Abs(mean-w.guessing) <= plateauBand*w.guessing
}

func (w watches) stuckText(mean float64, steps int) string {
	s := w.settings
	return fmt.Sprintf("the loss stays at ln(%d) = %.3f (mean of the last %d steps: %.3f): the network does not learn, every class looks alike to it; "+
		"try %s", w.classes, w.guessing, steps, mean, either(fmt.Sprintf("another --lr (it is %v)", s.LR), initKaiming(s), recipeFast(s)))
}
