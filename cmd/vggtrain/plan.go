package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"vggtrain/internal/runstate"
	"vggtrain/internal/terminal"
	"vggtrain/internal/train"
)

// planRecord is the document of fit --dry-run --json.
type planRecord struct {
	Arch          string  `json:"arch"`
	Params        int64   `json:"params"`
	MACs          int64   `json:"macs"` // of the forward pass, for one image
	TrainImages   int     `json:"train_images"`
	ValImages     int     `json:"val_images"`
	TestImages    int     `json:"test_images"` // scored once, at the end
	Scored        string  `json:"scored"`      // the set of val_images
	Channels      int     `json:"channels"`
	Side          int     `json:"resize"`
	BatchSize     int     `json:"batch_size"`
	Epochs        int     `json:"epochs"`
	StepsPerEpoch int     `json:"steps_per_epoch"`
	Steps         int     `json:"steps"`
	StepsLeft     int     `json:"steps_left"` // fewer if it goes on with a run
	MemoryBytes   int64   `json:"memory_bytes"`
	StepSeconds   float64 `json:"step_seconds"`
	Seconds       float64 `json:"seconds"`
	Data          string  `json:"data"`
	Threads       int     `json:"threads"`
	Kernel        string  `json:"kernel"`

	Notices []string `json:"notices"`
}

// plan prints what a run would be, what it would hold and how long it would take.
func (o *fitOptions) plan(ctx context.Context, job *train.Job) error {
	e, err := train.Measure(ctx, job)
	if err != nil {
		return err
	}
	e.Plan.Folder = o.plannedFolder(job)
	p := e.Plan
	meter := terminal.NewMeter(o.Err)
	for _, text := range e.Notices {
		meter.Notice(text)
	}
	if o.JSON {
		return writeJSON(o.Out, planRecord{
			Arch: p.Arch, Params: p.Params, MACs: p.MACs, TrainImages: p.TrainImages, ValImages: p.ValImages,
			TestImages: p.TestImages, Scored: p.Scored, Channels: p.Channels, Side: p.Side, BatchSize: p.BatchSize, Epochs: p.Epochs, StepsPerEpoch: p.StepsPerEpoch,
			Steps: p.Steps, StepsLeft: max(p.Steps-p.StepsDone, 0), MemoryBytes: p.MemoryBytes,
			StepSeconds: e.StepSeconds, Seconds: e.Seconds, Data: p.DataOrigin, Threads: p.Threads, Kernel: p.Kernel,
			Notices: append(append([]string{}, p.Noticed...), e.Notices...),
		})
	}
	if err := terminal.WriteEstimate(o.Out, e); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.Out, "\nsettings\n%s", job.Facts.Settings.YAML())
	return err
}

// plannedFolder is where the run would write.
func (o *fitOptions) plannedFolder(job *train.Job) string {
	if o.Resume != "" {
		folder, _, _ := runstate.Find(o.Resume) // an error of it has ended the command before
		return folder
	}
	return cmp.Or(o.Dir, filepath.Join("runs", job.Arch.Name+"-TIME"))
}
