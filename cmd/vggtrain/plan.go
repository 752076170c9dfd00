package main

import (
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/train"
)

// planRecord is the document of fit --dry-run --json.
type planRecord struct {
	Arch          string  `json:"arch"`
	Params        int64   `json:"params"`
	TrainImages   int     `json:"train_images"`
	ValImages     int     `json:"val_images"`
	Side          int     `json:"resize"`
	BatchSize     int     `json:"batch_size"`
	Epochs        int     `json:"epochs"`
	StepsPerEpoch int     `json:"steps_per_epoch"`
	Steps         int     `json:"steps"`
	MemoryBytes   int64   `json:"memory_bytes"`
	StepSeconds   float64 `json:"step_seconds"`
	Seconds       float64 `json:"seconds"`
	Data          string  `json:"data"`
	Threads       int     `json:"threads"`
	Kernel        string  `json:"kernel"`
}

// plan prints what a run would be, what it would hold and how long it would take.
func (o *fitOptions) plan(ctx context.Context, job *train.Job) error {
	e, err := train.Try(ctx, job)
	if err != nil {
		return err
	}
	p := e.Plan
	if o.JSON {
		return writeJSON(o.Out, planRecord{
			p.Arch, p.Params, p.TrainImages, p.ValImages, p.Side, p.BatchSize, p.Epochs, p.StepsPerEpoch, p.Steps,
			p.MemoryBytes, e.StepSeconds, e.Seconds, p.Data, p.Threads, p.Kernel,
		})
	}
	_, err = fmt.Fprintf(o.Out, `network     %s, %s parameters
data        %s: %s images to train on, %s to score, at %dx%d
steps       %s: %d epochs of %s, batch %d
memory      about %s
time        about %s: %s a step, %s an evaluation (%d threads, %s kernels)

settings
%s`, p.Arch, humanize.Comma(p.Params),
		p.Data, humanize.Comma(int64(p.TrainImages)), humanize.Comma(int64(p.ValImages)), p.Side, p.Side,
		humanize.Comma(int64(p.Steps)), p.Epochs, humanize.Comma(int64(p.StepsPerEpoch)), p.BatchSize,
		binarySize(p.MemoryBytes),
		rounded(e.Seconds), rounded(e.StepSeconds), rounded(e.EvalSeconds), p.Threads, p.Kernel,
		job.Recipe.YAML())
	return err
}

// rounded writes a time of so many seconds, to two digits or more.
func rounded(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	for _, unit := range []time.Duration{time.Minute, time.Second, time.Millisecond} {
		if d >= 10*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(time.Microsecond).String()
}
