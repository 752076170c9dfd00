// Package record is what a run tells of its steps and epochs.
package record

// Step is one step of a run.
type Step struct {
	Epoch   int     // from 1
	Step    int     // from 1, over the whole run
	Loss    float64 // mean over the batch's images, before its update; not finite if it diverged
	LR      float64 // learning rate of the update
	Images  int     // in the batch
	Seconds float64 // of this step alone, waiting for its batch included
}

// Epoch is one epoch of a run, after its evaluation.
type Epoch struct {
	Epoch           int     `json:"epoch"`
	TrainLoss       float64 `json:"train_loss"` // mean over the epoch's images
	ValLoss         float64 `json:"val_loss"`   // plain cross-entropy
	ValAccuracy     float64 `json:"val_accuracy"`
	LR              float64 `json:"lr"`                // of the epoch's last step
	ImagesPerSecond float64 `json:"images_per_second"` // of training alone, waiting for data included
	Seconds         float64 `json:"seconds"`           // wall time, evaluation included
}
