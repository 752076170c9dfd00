package train

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/memory"
	"vggtrain/internal/record"
	"vggtrain/internal/runstate"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Job is a run ready to start, with resolved settings, cut sets and initialised weights. Prepare or
// Resume makes it.
type Job struct {
	trained.Network // that is trained
	Facts           record.Facts

	Train, Val dataset.Source // Val is scored after each epoch
	Test       dataset.Source // scored once, at the end; nil: none apart from Val
	Augment    dataset.Augment
	Workers    *model.Workers
	Told       []string // notices that the user has seen before the run

	runstate.Place          // left to the caller
	Notices        []string // that observers are given before the first step; the caller may add some

	resumed  *runstate.Checkpoint // nil: a new run
	setBytes int64                // of the sets in memory
}

// Prepare makes a job. The recipe is flags over recipe over defaults; arch and data are those it
// names. Errors say which setting is wrong.
func Prepare(ctx context.Context, recipe *configs.Recipe, arch *model.Arch, data *dataset.Data, workers *model.Workers) (*Job, error) {
	j, err := newJob(ctx, recipe, arch, data, workers)
	if err != nil {
		return nil, err
	}
	return j, j.initialise()
}

// Resume makes a job that continues a run. The recipe is the checkpoint's with the changes allowed in
// a run; the data must be the same.
func Resume(ctx context.Context, c *runstate.Checkpoint, recipe *configs.Recipe, data *dataset.Data, workers *model.Workers) (*Job, error) {
	if err := c.CheckData(data); err != nil {
		return nil, err
	}
	j, err := newJob(ctx, recipe, c.Arch, data, workers)
	if err != nil {
		return nil, err
	}
	j.resumed = c
	return j, c.Check(j.Facts)
}

// newJob is like Prepare, with zero weights.
func newJob(ctx context.Context, recipe *configs.Recipe, arch *model.Arch, data *dataset.Data, workers *model.Workers) (*Job, error) {
	r, a := *recipe, *arch
	if r.Origin("dropout") == configs.FromFlag && r.Dropout > 0 && !a.TakesDropout() {
		return nil, &configs.SettingError{Key: "dropout", Origin: configs.FromFlag, What: a.Name + " has no layer that takes it: leave it out"}
	}
	r.ResolveDropout(a.Dropout)
	a.Dropout = r.Dropout
	if err := r.Validate(); err != nil {
		return nil, err
	}
	r.ResolveInput(cmp.Or(r.Channels, data.Channels()), data.Garments())
	sets, err := divide(&r, data)
	if err != nil {
		return nil, err
	}
	j := &Job{
		Workers: workers, Train: sets.Train, Val: sets.Scored, Test: sets.Test, setBytes: setBytes(data, preparation(&r, data)), Notices: sets.Notices,
		Network: trained.Network{
			Arch: &a, Classes: data.Classes, Preparation: preparation(&r, data), DataSpec: data.Spec, DataDigest: hex.EncodeToString(data.Digest[:]),
		},
	}
	var notices []string
	if j.Normalize, notices, err = normalize(ctx, &r, j.Train, j.Preparation); err != nil {
		return nil, err
	}
	j.Notices = append(j.Notices, notices...)
	r.Normalize = j.Normalize
	if j.Augment, err = dataset.ParseAugment(r.Augment); err != nil {
		return nil, err
	}
	if j.Layers, err = model.Resolve(&a, j.Channels, j.Side, j.Side, len(j.Classes)); err != nil {
		return nil, err
	}
	if err := r.SetNetwork(a.Name+".yaml", &a, r.Origin("arch")); err != nil {
		return nil, err
	}
	if j.Params, err = model.NewParams(j.Layers); err != nil {
		return nil, err
	}
	j.Facts = j.facts(&r, data, sets)
	return j, nil
}

// initialise draws the weights, or reads them from the file that the recipe names.
func (j *Job) initialise() error {
	how := j.Facts.Settings.Init
	if slices.Contains(model.InitKinds(), how) {
		return j.Params.Init(how, j.Facts.Settings.Seed)
	}
	state, err := checkpoint.ReadForeign(how)
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if err := j.Params.Load(state.Weights()); err != nil {
		return fmt.Errorf("init: %s: %w", how, err)
	}
	return nil
}

// loaders returns the streams of both sets.
func (j *Job) loaders() (training, validation *dataset.Loader, err error) {
	r := j.Facts.Settings
	if validation, err = j.evaluated(j.Val); err != nil {
		return nil, nil, err
	}
	o := j.LoaderOptions(j.Workers, j.Train, r.BatchSize)
	o.Seed, o.Shuffle, o.Augment = r.Seed, r.Shuffle, j.Augment
	training, err = dataset.NewLoader(j.Train, o)
	return training, validation, err
}

// maxLeftOut bounds the files that the records name.
const maxLeftOut = 10

// facts returns the job's facts, without memory and folder.
func (j *Job) facts(r *configs.Recipe, data *dataset.Data, sets *dataset.Division) record.Facts {
	batches := (j.Train.Len()-1)/r.BatchSize + 1
	steps := r.Epochs * batches
	if r.MaxSteps > 0 {
		steps = min(steps, r.MaxSteps)
	}
	var macs int64
	for _, l := range j.Layers {
		macs += l.MACs
	}
	tested := 0
	if j.Test != nil {
		tested = j.Test.Len()
	}
	leftOut := make([]string, 0, maxLeftOut)
	for _, file := range data.LeftOut[:min(len(data.LeftOut), maxLeftOut)] {
		leftOut = append(leftOut, file.Name)
	}
	return record.Facts{
		LeftOut: len(data.LeftOut), LeftOutFiles: leftOut,
		Settings: r, Arch: j.Arch.Name, Params: j.Params.Count(), MACs: macs,
		TrainImages: j.Train.Len(), ValImages: j.Val.Len(), TestImages: tested,
		Classes: len(j.Classes), Scored: sets.Split, ScoredHow: sets.How, BatchSize: r.BatchSize, Channels: j.Channels, Side: r.Resize,
		Epochs: r.Epochs, StepsPerEpoch: batches, Steps: steps,
		DataOrigin: data.Origin, DataKind: data.Kind,
		Threads: j.Workers.Threads(), Kernel: j.Workers.Kernel(), MachineBytes: memory.Limit().Bytes,
	}
}

// plan returns the Plan for the observers.
func (j *Job) plan() Plan {
	p := j.progress()
	plan := Plan{Facts: j.Facts, StepsDone: p.Step, History: p.History, Noticed: slices.Concat(j.Told, p.Noticed), Rate: schedule(&j.Facts).At}
	if j.Checkpoint != "" {
		plan.Folder = filepath.Dir(j.Checkpoint)
	}
	return plan
}

// progress returns the state at the job's first step.
func (j *Job) progress() *runstate.Progress {
	if j.resumed != nil {
		return j.resumed.Progress
	}
	return &runstate.Progress{Epoch: 1}
}
