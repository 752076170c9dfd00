// Package runstate saves the state of a run and resumes it. checkpoint.bin has the weights, the
// optimiser's state and the Progress; best.bin has the weights of the best epoch.
package runstate

import (
	"math"

	"vggtrain/internal/record"
)

// Progress is the state of a run between two steps, except the weights and the optimiser's state. A
// checkpoint holds it as JSON; its numbers read back to the same bits.
//
// It is in one of four states; N is the number of batches in an epoch, e an epoch:
//
//	                      Epoch  Batch     Partial  last of History
//	training              e      0 … N-1   false    e-1
//	evaluation is due     e      1 … N     false    e-1
//	evaluated             e+1    0         false    e
//	evaluated, partial    e      1 … N-1   true     e
//
// Only max-steps or max-time evaluates a partial epoch; a run that goes on with it reopens it.
type Progress struct {
	Epoch   int  `json:"epoch"` // under way, from 1
	Batch   int  `json:"batch"` // batches of it that are done
	Step    int  `json:"step"`  // steps of the run that are done
	Partial bool `json:"cut"`   // the last of History is the epoch under way, as far as it went

	LossSum      float64 `json:"loss_sum"`      // over the images of the epoch under way
	Images       int     `json:"images"`        // of the epoch under way that are done
	EpochSeconds float64 `json:"epoch_seconds"` // spent on them

	TrainImages  int64   `json:"train_images"`  // of all epochs
	TrainSeconds float64 `json:"train_seconds"` // spent on them
	Seconds      float64 `json:"seconds"`       // wall time of the run

	BestEpoch       int     `json:"best_epoch"` // 0: none yet
	BestValAccuracy float64 `json:"best_val_accuracy"`

	History []record.Epoch `json:"history"`

	// State of the watches.
	Plateau   Plateau   `json:"plateau"`
	Explosion Explosion `json:"explosion"`
	Dead      bool      `json:"dead"` // the notice was given

	Noticed []string `json:"noticed,omitempty"` // their notices, each once a run
}

// Evaluated reports whether all steps done are evaluated.
func (p *Progress) Evaluated() bool { return p.Batch == 0 || p.Partial }

// AddEpoch adds the epoch under way to the history. It moves on to the next epoch, or marks this one
// partial if it has steps left. It reports whether the epoch is the best.
func (p *Progress) AddEpoch(r record.Epoch, stepsPerEpoch int) (best bool) {
	p.History = append(p.History, r)
	best = p.improve(r)
	p.Partial = p.Batch < stepsPerEpoch
	if !p.Partial {
		p.Epoch++
		p.Batch, p.LossSum, p.Images, p.EpochSeconds = 0, 0, 0, 0
	}
	return best
}

// improve updates the best epoch. Of equal accuracies the earlier stays.
func (p *Progress) improve(r record.Epoch) bool {
	if p.BestEpoch > 0 && r.ValAccuracy <= p.BestValAccuracy {
		return false
	}
	p.BestEpoch, p.BestValAccuracy = r.Epoch, r.ValAccuracy
	return true
}

// Reopen takes back the evaluation of a partial epoch, to go on with its steps as if the run had
// never ended there.
func (p *Progress) Reopen() {
	p.Partial = false
	p.History = p.History[:len(p.History)-1]
	p.BestEpoch, p.BestValAccuracy = 0, 0
	for _, r := range p.History {
		p.improve(r)
	}
}

// OutOfPatience reports whether the best epoch is at least the given number of complete epochs ago.
// It is false for 0.
func (p *Progress) OutOfPatience(epochs int) bool {
	return epochs > 0 && !p.Partial && len(p.History) > 0 && len(p.History)-p.BestEpoch >= epochs
}

// AddStep adds a step, its loss and its time to the epoch under way.
func (p *Progress) AddStep(r record.Step) {
	p.Batch++
	p.Step = r.Step
	p.LossSum += r.Loss * float64(r.Images)
	p.Images += r.Images
	p.EpochSeconds += r.Seconds
	p.TrainImages += int64(r.Images)
	p.TrainSeconds += r.Seconds
}

// TrainLoss is the mean loss of the epoch under way, or of the last one before its first step. It is
// NaN before the run's first step.
func (p *Progress) TrainLoss() float64 {
	if p.Images > 0 {
		return p.LossSum / float64(p.Images)
	}
	if last := p.Last(); last != nil {
		return last.TrainLoss
	}
	return math.NaN()
}

// Last is the newest evaluated epoch, or nil.
func (p *Progress) Last() *record.Epoch {
	if len(p.History) == 0 {
		return nil
	}
	return &p.History[len(p.History)-1]
}

// bestIsNewest reports whether the newest evaluated epoch is the best.
func (p *Progress) bestIsNewest() bool {
	last := p.Last()
	return last != nil && last.Epoch == p.BestEpoch
}

// EpochSpeed is the training speed of the epoch under way, in images a second.
func (p *Progress) EpochSpeed() float64 { return rate(p.Images, p.EpochSeconds) }

// Speed is the training speed over all epochs, in images a second.
func (p *Progress) Speed() float64 { return rate(int(p.TrainImages), p.TrainSeconds) }

// rate is images a second; 0 if no time has passed.
func rate(images int, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return float64(images) / seconds
}

// Window accumulates a mean of losses.
type Window struct {
	Sum   float64 `json:"sum"`
	Steps int     `json:"steps"`
}

// Add adds a loss. After every length losses it returns their mean with full true, and restarts.
func (w *Window) Add(loss float64, length int) (mean float64, full bool) {
	w.Sum += loss
	if w.Steps++; w.Steps < length {
		return 0, false
	}
	mean = w.Sum / float64(w.Steps)
	*w = Window{}
	return mean, true
}

// Explosion is the state of the watch for an exploding loss. It speaks once a run.
type Explosion struct {
	Start float64 `json:"start"` // loss of the first step; 0: not known
	Window
	Said bool `json:"said"`
}

// PlateauLast is the number of steps judged at the end of a run.
const PlateauLast = 20

// Plateau is the state of the watch for a loss stuck at ln K. It speaks once a run.
type Plateau struct {
	Window
	Quarters [4]float64 `json:"quarters"` // sums of the window's quarters
	Squares  float64    `json:"squares"`  // sum of squares of the window
	Flat     float64    `json:"flat"`     // mean of the last whole window, if the loss was stuck in it; 0: it was not
	Said     bool       `json:"said"`

	// Losses of the newest steps, step n at n modulo the length. 0: not known, as in checkpoints
	// from before this field existed.
	Last [PlateauLast]float64 `json:"last"`
}
