package report

import (
	"encoding/json"
	"math"

	"vggtrain/internal/train"
)

// Record is the result of a run. Its JSON is that of `fit --json`; unknown values are null.
type Record struct {
	Status          train.Status `json:"status"`
	Arch            string       `json:"arch"`
	Params          int64        `json:"params"`
	Epochs          int          `json:"epochs"`
	Steps           int          `json:"steps"`
	TrainLoss       number       `json:"train_loss"`
	ValLoss         number       `json:"val_loss"`
	ValAccuracy     number       `json:"val_accuracy"`
	BestValAccuracy number       `json:"best_val_accuracy"`
	BestEpoch       *int         `json:"best_epoch"`
	Scored          string       `json:"scored"` // the set that chose the best epoch
	TestLoss        number       `json:"test_loss"`
	TestAccuracy    number       `json:"test_accuracy"`
	ImagesPerSecond float64      `json:"images_per_second"`
	Seconds         float64      `json:"seconds"`
	PeakRSSBytes    int64        `json:"peak_rss_bytes"`
	Data            string       `json:"data"`
	LeftOut         int          `json:"left_out"`
	LeftOutFiles    []string     `json:"left_out_files"`
	Threads         int          `json:"threads"`
	Kernel          string       `json:"kernel"`
	Checkpoint      *string      `json:"checkpoint"`
	Best            *string      `json:"best"`
	Notices         []string     `json:"notices"`
}

// NewRecord returns the record of a run.
func NewRecord(r train.Result) *Record {
	return &Record{
		Status: r.Status, Arch: r.Arch, Params: r.Params, Epochs: r.EpochsDone, Steps: r.StepsDone,
		TrainLoss: number(r.TrainLoss), ValLoss: number(r.ValLoss), ValAccuracy: number(r.ValAccuracy),
		BestValAccuracy: number(r.BestValAccuracy), BestEpoch: orNull(r.BestEpoch),
		Scored: r.Scored, TestLoss: number(r.TestLoss), TestAccuracy: number(r.TestAccuracy),
		ImagesPerSecond: r.ImagesPerSecond, Seconds: r.Seconds, PeakRSSBytes: r.PeakRSSBytes,
		Data: r.DataOrigin, LeftOut: r.LeftOut, LeftOutFiles: orEmpty(r.LeftOutFiles), Threads: r.Threads, Kernel: r.Kernel,
		Checkpoint: orNull(r.Checkpoint), Best: orNull(r.Best),
		Notices: orEmpty(r.Notices),
	}
}

// orNull returns nil for the zero value.
func orNull[T comparable](x T) *T {
	var empty T
	if x == empty {
		return nil
	}
	return &x
}

// orEmpty returns a list whose JSON is [] without elements.
func orEmpty(list []string) []string { return append([]string{}, list...) }

// number is a float64 whose JSON is null if it is NaN or infinite.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}
