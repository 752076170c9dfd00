package train

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/memory"
	"vggtrain/internal/runstate"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Job is a run that is ready to start: its settings are looked up, its sets cut, its
// weights initialised. Prepare makes it.
type Job struct {
	Recipe *configs.Recipe // with every setting, as config.yaml holds them
	Arch   *model.Arch     // with the recipe's dropout
	Layers []model.Layer
	Params model.Params

	Train, Val dataset.Source
	Augment    dataset.Augment
	Classes    []string
	Data       string   // where the images come from, for people
	DataSpec   string   // and as --data takes it
	DataKind   string   // dataset.Published, Sampled, Other or ClassFolders
	DataDigest [32]byte // of all the data, before any image is held out

	Workers *model.Workers

	runstate.Place // left to the caller of Prepare

	resumed  *runstate.Checkpoint // what the job goes on with; nil: it is new
	setBytes int64                // of the images in memory: limits leave all of them there
}

// Prepare makes a job of a recipe (flags over recipe over defaults), the architecture and
// the data it names, and a pool of workers. Checkpoint and Best are left to the caller.
// Errors say which setting is wrong.
func Prepare(recipe *configs.Recipe, arch *model.Arch, data *dataset.Data, workers *model.Workers) (*Job, error) {
	j, err := newJob(recipe, arch, data, workers)
	if err != nil {
		return nil, err
	}
	return j, j.initialise()
}

// newJob is Prepare but for the weights, which are all zero.
func newJob(recipe *configs.Recipe, arch *model.Arch, data *dataset.Data, workers *model.Workers) (*Job, error) {
	r, a := *recipe, *arch
	if r.Origin("dropout") == configs.FromFlag && r.Dropout > 0 && !a.TakesDropout() {
		return nil, &configs.SettingError{Key: "dropout", Origin: configs.FromFlag, What: a.Name + " has no layer that takes it: leave it out"}
	}
	r.ResolveDropout(a.Dropout)
	a.Dropout = r.Dropout
	if err := r.Validate(); err != nil {
		return nil, err
	}
	j := &Job{Recipe: &r, Arch: &a, Classes: data.Classes, Data: data.Origin, DataSpec: data.Spec, DataKind: data.Kind, DataDigest: data.Digest, Workers: workers}
	if err := j.cut(data); err != nil {
		return nil, err
	}
	var err error
	if j.Augment, err = dataset.ParseAugment(r.Augment); err != nil {
		return nil, err
	}
	if j.Layers, err = model.Resolve(&a, data.Channels(), r.Resize, r.Resize, len(j.Classes)); err != nil {
		return nil, err
	}
	if err := r.SetNetwork(a.Name+".yaml", &a, r.Origin("arch")); err != nil {
		return nil, err
	}
	if j.Params, err = model.NewParams(j.Layers); err != nil {
		return nil, err
	}
	return j, nil
}

// cut makes the sets that the settings ask for, and normalises by what is trained on.
func (j *Job) cut(data *dataset.Data) error {
	r := j.Recipe
	j.Train, j.Val = data.Train, data.Test
	if r.Val > 0 {
		var err error
		if j.Train, j.Val, err = dataset.Holdout(data.Train, r.Val, r.Seed); err != nil {
			return fmt.Errorf("val: %w", err)
		}
	}
	j.setBytes = setBytes(r, data)
	if r.LimitTrain > 0 {
		j.Train = dataset.Head(j.Train, r.LimitTrain)
	}
	if r.LimitVal > 0 {
		j.Val = dataset.Head(j.Val, r.LimitVal)
	}
	if j.Train.Len() == 0 || j.Val.Len() == 0 {
		return fmt.Errorf("%s: %d images to train on and %d to score: there must be some of both", data.Origin, j.Train.Len(), j.Val.Len())
	}
	if r.Normalize.Kind == "dataset" {
		scales, err := dataset.Measure(context.Background(), j.Train)
		if err != nil {
			return fmt.Errorf("normalize: %w", err)
		}
		if scales[0].Deviation == 0 {
			return errors.New("normalize: all pixels of the training set are the same; use --normalize none")
		}
		r.Normalize = configs.NormalizeBy(scales[0].Mean, scales[0].Deviation)
	}
	return nil
}

// initialise draws the weights, or reads them from the file that the recipe names.
func (j *Job) initialise() error {
	how := j.Recipe.Init
	if slices.Contains(model.InitKinds(), how) {
		return j.Params.Init(how, j.Recipe.Seed)
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
	r := j.Recipe
	o := dataset.LoaderOptions{
		Side: r.Resize, Batch: min(r.BatchSize, j.Val.Len()), Scales: trained.Scales(r.Normalize), Workers: j.Workers,
	}
	if validation, err = dataset.NewLoader(j.Val, o); err != nil {
		return nil, nil, err
	}
	o.Batch = min(r.BatchSize, j.Train.Len())
	o.Seed, o.Shuffle, o.Augment = r.Seed, r.Shuffle, j.Augment
	if training, err = dataset.NewLoader(j.Train, o); err != nil {
		return nil, nil, err
	}
	return training, validation, nil
}

// Network is the network that the job trains, and what it takes to use it.
func (j *Job) Network() *trained.Network {
	return &trained.Network{Arch: j.Arch, Layers: j.Layers, Params: j.Params, Classes: j.Classes, Side: j.Recipe.Resize, Normalize: j.Recipe.Normalize}
}

// StepsPerEpoch is how many batches the training set has.
func (j *Job) StepsPerEpoch() int { return (j.Train.Len()-1)/j.Recipe.BatchSize + 1 }

// plan says what the job is going to do; its memory is left to be known.
func (j *Job) plan() Plan {
	r := j.Recipe
	batches := j.StepsPerEpoch()
	steps := r.Epochs * batches
	if r.MaxSteps > 0 {
		steps = min(steps, r.MaxSteps)
	}
	var macs int64
	for _, l := range j.Layers {
		macs += l.MACs
	}
	folder := ""
	if j.Checkpoint != "" {
		folder = filepath.Dir(j.Checkpoint)
	}
	p := j.progress()
	return Plan{
		StepsDone: p.Step, History: p.History, Noticed: p.Noticed,
		Arch: j.Arch.Name, Params: j.Params.Count(), MACs: macs,
		TrainImages: j.Train.Len(), ValImages: j.Val.Len(), BatchSize: r.BatchSize, Side: r.Resize,
		Epochs: r.Epochs, StepsPerEpoch: batches, Steps: steps,
		Settings: r, MachineBytes: memory.Machine(), Data: j.Data, DataKind: j.DataKind, Folder: folder,
		Threads: j.Workers.Threads(), Kernel: j.Workers.Kernel(),
	}
}
