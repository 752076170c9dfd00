package report

import (
	"slices"
	"time"

	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/tensorboard"
	"vggtrain/internal/train"
	"vggtrain/internal/trained"
)

// Events writes TensorBoard's event files into the run folder: loss/train and lr of each step, and
// loss/val and accuracy/val of each epoch, at its last step. They are a convenience: a failure gives
// a notice only.
type Events struct {
	train.Base
	folder string
	on     bool
	notify func(string)
	now    func() time.Time
	step   int                 // the newest
	w      *tensorboard.Writer // nil: nothing is written
}

// NewEvents returns an observer that writes to the folder of a run if on is set. It always removes
// events of steps repeated by a resumed run.
func NewEvents(dir *rundir.Dir, on bool) *Events {
	return &Events{folder: dir.Path(), on: on, now: time.Now}
}

// Begin cuts existing events after the run's checkpoint, and begins a file.
func (e *Events) Begin(p train.Plan) error {
	e.step, e.notify = p.StepsDone, p.Notify
	found, err := tensorboard.Cut(e.folder, func(v tensorboard.Event) bool { return happened(p, v) })
	e.tell(err)
	if !e.on || p.Finished {
		return nil
	}
	restart := 0
	if found || p.StepsDone > 0 {
		restart = p.StepsDone + 1
	}
	e.w, err = tensorboard.Create(e.folder, e.now(), int64(restart))
	e.tell(err)
	return nil
}

// happened reports whether an event is of the run before its checkpoint. The evaluation of an epoch
// may be done again, though its last step is not.
func happened(p train.Plan, v tensorboard.Event) bool {
	epoch := (v.Step-1)/int64(p.StepsPerEpoch) + 1
	again := epoch > int64(len(p.History)) && slices.Contains(v.Tags, tagAccuracy)
	return v.Step <= int64(p.StepsDone) && !again
}

const tagAccuracy = "accuracy/val"

// Step writes the step's values.
func (e *Events) Step(r record.Step) error {
	e.step = r.Step
	return e.write(tensorboard.Scalar{Tag: "loss/train", Value: r.Loss}, tensorboard.Scalar{Tag: "lr", Value: r.LR})
}

// Epoch writes the evaluation's values.
func (e *Events) Epoch(r record.Epoch, _ *trained.Evaluation) error {
	return e.write(tensorboard.Scalar{Tag: "loss/val", Value: r.ValLoss}, tensorboard.Scalar{Tag: tagAccuracy, Value: r.ValAccuracy})
}

func (e *Events) write(values ...tensorboard.Scalar) error {
	if e.w == nil {
		return nil
	}
	return e.w.Write(e.now(), int64(e.step), values...)
}

// End closes the file.
func (e *Events) End(train.Result) error {
	if e.w != nil {
		e.tell(e.w.Close())
	}
	return nil
}

func (e *Events) tell(err error) {
	if err != nil {
		e.notify(err.Error() + ": the run goes on, TensorBoard does not see all of it")
	}
}
