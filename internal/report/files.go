package report

import (
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
)

// Files writes a run's steps.jsonl and metrics.csv: each step and each epoch as it ends.
type Files struct {
	dir     *rundir.Dir
	steps   *rundir.Steps
	metrics *rundir.Metrics
}

// NewFiles returns an observer that writes to the folder of a new run.
func NewFiles(dir *rundir.Dir) *Files { return &Files{dir: dir} }

// Begin makes both files.
func (f *Files) Begin(train.Plan) (err error) {
	if f.steps, err = f.dir.Steps(); err != nil {
		return err
	}
	f.metrics, err = f.dir.Metrics()
	return err
}

// Step appends the step's line.
func (f *Files) Step(r train.StepRecord) error { return f.steps.Write(rundir.Step(r)) }

// Epoch appends the epoch's line.
func (f *Files) Epoch(r train.EpochRecord) error { return f.metrics.Write(rundir.Epoch(r)) }

// Notice does nothing: notices are not kept.
func (f *Files) Notice(string) {}

// End closes what Begin has opened.
func (f *Files) End(train.Result) error {
	var first error
	if f.steps != nil {
		first = f.steps.Close()
	}
	if f.metrics != nil {
		if err := f.metrics.Close(); first == nil {
			first = err
		}
	}
	return first
}
