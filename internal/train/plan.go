package train

import (
	"vggtrain/configs"
	"vggtrain/internal/record"
)

// Plan is what a run is going to do, told before its first step.
type Plan struct {
	Arch          string // name of the network
	Params        int64  // its parameters
	MACs          int64  // multiply-adds of its forward pass for one image
	TrainImages   int    // in an epoch
	ValImages     int
	BatchSize     int // images a step; the last of an epoch may have fewer
	Side          int // of the images as the network sees them, in pixels
	Epochs        int
	StepsPerEpoch int
	Steps         int             // of the whole run: fewer than Epochs × StepsPerEpoch if max-steps says so
	StepsDone     int             // by the run that this one resumes; 0 for a new one
	Finished      bool            // that run has nothing left to do
	Noticed       []string        // what went wrong in it, which the user was told
	History       []record.Epoch  // of the run that this one resumes
	Settings      *configs.Recipe // all of them; not to be changed
	MemoryBytes   int64           // that the run is expected to hold at its peak
	MachineBytes  int64           // that the machine has; 0 if it is not known
	Data          string          // where the images come from, for people
	DataKind      string          // dataset.Published, Sampled, Other or ClassFolders
	Folder        string          // of the run; "" for one that writes nothing
	Threads       int
	Kernel        string // generic, avx2 or avx512

	Notify func(text string) // tells all observers, once, what one of them has to say to the user
}

// Status says how a run ended.
type Status string

// The ways in which a run ends. A run that an error ended is Failed: Run returns the error too.
const (
	Done        Status = "done"
	Diverged    Status = "diverged"    // the loss or a weight is NaN or infinite
	Interrupted Status = "interrupted" // its context was cancelled; the state is saved
	Failed      Status = "failed"
)

// Result is how a run ended. What there is none of, such as the accuracy of a run that
// never reached an evaluation, is NaN, and an epoch or path of it 0 or "".
type Result struct {
	Status          Status
	Advice          string // what to do about a divergence, one line
	Incomplete      error  // files of the run that could not be written; the training is not affected
	Arch            string
	Params          int64
	Epochs          int // evaluated: the rows of metrics.csv
	Steps           int // the lines of steps.jsonl
	TrainLoss       float64
	ValLoss         float64
	ValAccuracy     float64
	BestValAccuracy float64
	BestEpoch       int
	ImagesPerSecond float64 // of training alone, over the whole run
	Seconds         float64 // wall time
	PeakRSSBytes    int64
	Data            string
	DataSetting     string // as --data took it
	Threads         int
	Kernel          string
	Checkpoint      string // path of the newest checkpoint
	Best            string // path of the weights of the best epoch
}
