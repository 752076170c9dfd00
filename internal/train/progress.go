package train

import (
	"encoding/json"
	"fmt"
	"math"
)

// Progress is where a run stands between two steps: all of its state but the weights and
// the optimiser's buffers. A checkpoint holds it as JSON, whose numbers read back to
// the same bits.
//
// An epoch whose steps are all done but which is not evaluated yet has
// Batch = batches of an epoch; after its evaluation comes Epoch+1 with Batch 0. Only a run
// that max-steps ends inside an epoch has that epoch in its History already.
type Progress struct {
	Epoch int `json:"epoch"` // under way, from 1
	Batch int `json:"batch"` // batches of it that are done
	Step  int `json:"step"`  // steps of the run that are done

	LossSum      float64 `json:"loss_sum"`      // over the images of the epoch under way
	Images       int     `json:"images"`        // of the epoch under way that are done
	EpochSeconds float64 `json:"epoch_seconds"` // spent on them

	TrainImages  int64   `json:"train_images"`  // of all epochs
	TrainSeconds float64 `json:"train_seconds"` // spent on them
	Seconds      float64 `json:"seconds"`       // wall time of the run

	BestEpoch       int     `json:"best_epoch"` // 0: none yet
	BestValAccuracy float64 `json:"best_val_accuracy"`

	History []EpochRecord `json:"history"`
	Plateau Plateau       `json:"plateau"`
}

func newProgress() *Progress { return &Progress{Epoch: 1} }

// improve makes the epoch the best if it is: of equal accuracies the earlier stays.
func (p *Progress) improve(r EpochRecord) bool {
	if p.BestEpoch > 0 && r.ValAccuracy <= p.BestValAccuracy {
		return false
	}
	p.BestEpoch, p.BestValAccuracy = r.Epoch, r.ValAccuracy
	return true
}

// trained adds a step to the epoch under way.
func (p *Progress) trained(loss float64, images int, seconds float64) {
	p.Batch++
	p.LossSum += loss * float64(images)
	p.Images += images
	p.EpochSeconds += seconds
	p.TrainImages += int64(images)
	p.TrainSeconds += seconds
}

// trainLoss is the mean over the images of the epoch under way, or of the last one if
// none of it is done; NaN before the first step.
func (p *Progress) trainLoss() float64 {
	if p.Images > 0 {
		return p.LossSum / float64(p.Images)
	}
	if last := p.last(); last != nil {
		return last.TrainLoss
	}
	return math.NaN()
}

// last is the newest evaluated epoch, nil if there is none.
func (p *Progress) last() *EpochRecord {
	if len(p.History) == 0 {
		return nil
	}
	return &p.History[len(p.History)-1]
}

// next moves on to the following epoch.
func (p *Progress) next() {
	p.Epoch++
	p.Batch, p.LossSum, p.Images, p.EpochSeconds = 0, 0, 0, 0
}

// encode returns the progress as the checkpoint's metadata hold it.
func (p *Progress) encode() (string, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("progress of the run: %w", err)
	}
	return string(data), nil
}

// decodeProgress reads what encode wrote.
func decodeProgress(text string) (*Progress, error) {
	p := new(Progress)
	if err := json.Unmarshal([]byte(text), p); err != nil {
		return nil, fmt.Errorf("progress of the run: %w", err)
	}
	if p.Epoch < 1 || p.Batch < 0 || p.Step < 0 {
		return nil, fmt.Errorf("progress of the run: epoch %d, batch %d, step %d cannot be", p.Epoch, p.Batch, p.Step)
	}
	return p, nil
}
