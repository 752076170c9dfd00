// Package record is what a run tells of itself: facts before its first step, its steps, its epochs.
package record

import "vggtrain/configs"

// Facts are what is known of a run before its first step.
type Facts struct {
	Settings      *configs.Recipe // all of them, as config.yaml holds them; not to be changed
	Arch          string          // name of the network
	Params        int64           // its parameters
	MACs          int64           // multiply-adds of its forward pass for one image
	TrainImages   int             // in an epoch
	ValImages     int
	BatchSize     int // images a step; the last of an epoch may have fewer
	Side          int // of the images as the network sees them, in pixels
	Epochs        int
	StepsPerEpoch int
	Steps         int    // of the whole run: fewer than Epochs × StepsPerEpoch if max-steps says so
	DataOrigin    string // where the images come from, for people
	DataKind      string // dataset.Published, Sampled, Other or ClassFolders
	Folder        string // of the run; "" for one that writes nothing
	Threads       int
	Kernel        string // of kernel.Names
	MemoryBytes   int64  // that the run is expected to hold at its peak
	MachineBytes  int64  // that the machine has; 0 if it is not known
}

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
