package train

import "vggtrain/internal/record"

// Plan is what a run is going to do, told before its first step.
type Plan struct {
	record.Facts
	StepsDone int            // by the run that this one resumes; 0 for a new one
	Finished  bool           // that run has nothing left to do
	Noticed   []string       // what went wrong in it, which the user was told
	History   []record.Epoch // of it

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

// Result is how a run ended. Numbers that it does not have, such as the accuracy before any
// evaluation, are NaN, epochs 0 and paths "".
type Result struct {
	record.Facts
	Status          Status
	Advice          string // what to do about a divergence, one line
	Incomplete      error  // files of the run that could not be written; the training is not affected
	EpochsDone      int    // evaluated: the rows of metrics.csv
	StepsDone       int    // the lines of steps.jsonl
	TrainLoss       float64
	ValLoss         float64
	ValAccuracy     float64
	BestValAccuracy float64
	BestEpoch       int
	ImagesPerSecond float64 // of training alone, over the whole run
	Seconds         float64 // wall time
	PeakRSSBytes    int64
	Checkpoint      string // path of the newest checkpoint
	Best            string // path of the weights of the best epoch
}
