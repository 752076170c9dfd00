package train

import (
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/runstate"
	"vggtrain/model"
)

// Resume makes a job that goes on with a run. The recipe is the checkpoint's, with what may
// change in a run changed; the data must be those that it was trained on.
func Resume(c *runstate.Checkpoint, recipe *configs.Recipe, data *dataset.Data, workers *model.Workers) (*Job, error) {
	if err := c.CheckData(data); err != nil {
		return nil, err
	}
	j, err := newJob(recipe, c.Arch, data, workers)
	if err != nil {
		return nil, err
	}
	j.resumed = c
	plan := j.plan()
	if err := c.Check(runstate.Extent{Epochs: plan.Epochs, StepsPerEpoch: plan.StepsPerEpoch, BatchSize: plan.BatchSize, TrainImages: plan.TrainImages}); err != nil {
		return nil, err
	}
	return j, nil
}

// progress is where the job begins.
func (j *Job) progress() *runstate.Progress {
	if j.resumed != nil {
		return j.resumed.Progress
	}
	return &runstate.Progress{Epoch: 1}
}
