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

// watches detect trouble in a run and advise, each once a run. Their state is in Progress, so that a
// resumed run gives the same notices.
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

// step takes a finished step and returns notices.
func (w watches) step(r record.Step) (notices []string) {
	w.plateau(r)
	if text := w.explosion(r); text != "" {
		notices = append(notices, text)
	}
	return notices
}

// evaluated takes the evaluation of a complete or a partial epoch and returns notices.
func (w watches) evaluated(e *trained.Evaluation, partial bool) (notices []string) {
	if w.seen.Dead {
		return nil
	}
	if !constant(e) {
		seen := &w.seen.Plateau
		if seen.Said || seen.Flat == 0 || !guesses(e) {
			return nil
		}
		seen.Said = !partial // a run that goes on later with the epoch knows nothing of this end
		return []string{w.stuckText(seen.Flat, plateauWindow)}
	}
	w.seen.Dead = !partial // likewise
	return []string{fmt.Sprintf("every image gets the same answer (%.3f for one class): the ReLUs are dead and let nothing of the image through, "+
		"which more training rarely repairs; begin anew with %s", e.Predictions[0].Probability, either(lowerLR(w.settings), warmupEpochs(w.settings), initKaiming(w.settings)))}
}

// constantLeast is the least number of images for a verdict.
const constantLeast = 10

// constant reports whether the network's output is the same for all images, to the last bit. That
// happens if all ReLUs of a layer are 0, since only biases follow. Outputs of a network that has not
// learned yet differ by about 10⁻⁶ at least. A probability of exactly 1 is excluded: it is saturated
// and hides differences.
func constant(e *trained.Evaluation) bool {
	if len(e.Predictions) < constantLeast || e.Predictions[0].Probability == 1 {
		return false
	}
	return !slices.ContainsFunc(e.Predictions, func(p trained.Prediction) bool { return p != e.Predictions[0] })
}

// A learning rate that is far too high first raises the loss above what it was before the first
// update, and above what guessing gives, ln K. In a run that learns, the mean over a few steps does
// not reach twice the greater of the two: neither noisy batches nor a warm-up come near it.
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

// A network that does not learn gives every class the same probability, and its loss stays at ln K
// (2.303 for ten classes), smoothed labels or not. So the watch looks for a mean loss within 1 % of
// ln K: over a window of steps, and over the last steps of a run, since a network may also get stuck
// later. That alone is no reason to speak: plain SGD at a low rate learns for hundreds of steps before
// the loss leaves that band. So the loss must not fall, and the answers must be no better than guesses.
const (
	plateauWindow   = 200                  // steps
	plateauQuarter  = plateauWindow / 4    // steps
	plateauLast     = runstate.PlateauLast // judged at the end
	plateauShortest = 100                  // a shorter run may only have not learned yet
	plateauBand     = 0.01
)

// plateau takes a step's loss.
func (w watches) plateau(r record.Step) {
	seen := &w.seen.Plateau
	seen.Last[r.Step%plateauLast] = r.Loss
	if seen.Said || r.Step <= w.warmup {
		return
	}
	seen.Quarters[seen.Steps/plateauQuarter] += r.Loss
	seen.Squares += r.Loss * r.Loss
	mean, full := seen.Add(r.Loss, plateauWindow)
	if !full {
		return
	}
	first, last := seen.Quarters[0]/plateauQuarter, seen.Quarters[3]/plateauQuarter
	variance := max(seen.Squares/plateauWindow-mean*mean, 0)
	seen.Flat, seen.Quarters, seen.Squares = 0, [4]float64{}, 0
	if w.stuck(mean) && first-last <= 2*math.Sqrt(variance*2/plateauQuarter) { // else it falls, by two standard errors
		seen.Flat = mean
	}
}

// end judges the last steps of a run by its last evaluation and returns notices. It leaves no trace in
// Progress: a run that goes on later knows nothing of this end.
func (w watches) end(step int, e *trained.Evaluation) (notices []string) {
	seen := &w.seen.Plateau
	if w.seen.Dead || seen.Said || step-w.warmup < plateauShortest || !guesses(e) {
		return nil
	}
	mean, squares := 0., 0.
	for _, loss := range seen.Last {
		if loss == 0 {
			return nil
		}
		mean += loss / plateauLast
		squares += loss * loss / plateauLast
	}
	if !w.stuck(mean) || seen.Flat == 0 && !w.settled(mean, max(squares-mean*mean, 0)) {
		return nil
	}
	return []string{w.stuckText(mean, plateauLast)}
}

// settled reports whether the mean of the last steps is no lower than that of the first quarter of the
// window under way, by a standard error. It is false within that quarter.
func (w watches) settled(mean, variance float64) bool {
	seen := &w.seen.Plateau
	return seen.Steps >= plateauQuarter &&
		seen.Quarters[0]/plateauQuarter-mean <= math.Sqrt(variance*(1./plateauQuarter+1./plateauLast))
}

// guesses reports whether an evaluation is no better than the same answer for all images would be, by
// three standard errors.
func guesses(e *trained.Evaluation) bool {
	counts := map[int32]int{}
	most := 0
	for _, label := range e.Labels {
		counts[label]++
		most = max(most, counts[label])
	}
	n := float64(max(len(e.Labels), 1))
	p := float64(most) / n
	return e.Accuracy() <= p+3*math.Sqrt(p*(1-p)/n)
}

// stuck reports whether a mean loss is within 1 % of guessing's.
func (w watches) stuck(mean float64) bool {
	return math.Abs(mean-w.guessing) <= plateauBand*w.guessing
}

func (w watches) stuckText(mean float64, steps int) string {
	s := w.settings
	return fmt.Sprintf("the loss stays at ln(%d) = %.3f (mean of the last %d steps: %.3f): the network does not learn, every class looks alike to it; "+
		"try %s", w.classes, w.guessing, steps, mean, either(fmt.Sprintf("another --lr (it is %v)", s.LR), initKaiming(s), recipeFast(s)))
}
