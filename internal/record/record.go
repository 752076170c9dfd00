// Package record holds the records of a run: facts before the first step, steps and epochs.
package record

import "vggtrain/configs"

// Facts describe a run before its first step.
type Facts struct {
	Settings      *configs.Recipe // all of them, as in config.yaml; read only
	Arch          string          // name of the network
	Params        int64           // its parameters
	MACs          int64           // multiply-adds of its forward pass for one image
	TrainImages   int             // in an epoch
	ValImages     int             // scored after each epoch
	TestImages    int             // scored once, at the end; 0: no test set apart from ValImages
	Scored        string          // the set of ValImages, which chooses best.bin: val, test or train
	ScoredHow     string          // it, for people: "the test set", "20 % held out of train"
	LeftOut       int             // images that could not be read
	LeftOutFiles  []string        // the first of them, relative to the data
	Classes       int             // K
	BatchSize     int             // images a step; the last of an epoch may have fewer
	Channels      int             // of the images as the network sees them
	Side          int             // likewise, in pixels
	Epochs        int
	StepsPerEpoch int
	Steps         int    // of the whole run: fewer than Epochs × StepsPerEpoch if max-steps says so
	DataOrigin    string // where the images come from, for people
	DataKind      string // dataset.Published, Sampled, Other or ClassFolders
	Folder        string // of the run; "" if it writes no files
	Threads       int
	Kernel        string // of kernel.Names
	MemoryBytes   int64  // expected peak of the run
	MachineBytes  int64  // of the machine; 0: unknown
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
