// Package report writes the records of a run: observers, one for each part of the run folder, and the
// final record.
//
//	files.go          config.yaml, steps.jsonl, metrics.csv
//	curves.go         curves.png
//	events.go         TensorBoard's events
//	page.go           report.html: when it is written
//	page_words.go     its words: settings, commands, headlines
//	page_pictures.go  its pictures: filters and feature maps
//	score.go          score.json, the evaluation on the page
//	drawing.go        what curves.png and the page draw, the steps and epochs, and when
//	record.go         the document of fit --json
//
// What a run looks like on a terminal is package terminal's.
package report

import (
	"cmp"
	"errors"
	"fmt"

	"vggtrain/internal/display"
	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
	"vggtrain/internal/trained"
)

// Files writes a run's config.yaml, steps.jsonl and metrics.csv: the settings as it begins, each step
// and each epoch as it ends. In a resumed run the last two continue at its checkpoint: later records
// are cut.
type Files struct {
	train.Base
	dir     *rundir.Dir
	config  []byte
	steps   *rundir.Steps
	metrics *rundir.Metrics
}

// NewFiles returns an observer that writes to the folder of a run with these settings.
func NewFiles(dir *rundir.Dir, config []byte) *Files {
	return &Files{dir: dir, config: config}
}

// Begin writes the settings and opens the other files.
func (f *Files) Begin(p train.Plan) error {
	if err := f.dir.Write(f.dir.Config(), f.config); err != nil {
		return err
	}
	var kept rundir.Kept
	var err error
	if f.steps, kept, err = f.dir.Steps(p.StepsDone); err != nil {
		return err
	}
	switch missing := p.StepsDone - kept.Lines; {
	case missing == 0:
	case kept.Lines == kept.Last:
		p.Notify(fmt.Sprintf("%s: the lines of steps %d to %d are not there: it goes on without them", f.dir.StepsFile(), kept.Last+1, p.StepsDone))
	default:
		p.Notify(fmt.Sprintf("%s: %s missing of steps 1 to %d: it goes on without them", f.dir.StepsFile(), display.Count(missing, "line"), p.StepsDone))
	}
	f.metrics, err = f.dir.Metrics(p.History)
	return err
}

// Step appends the step's line.
func (f *Files) Step(r record.Step) error { return f.steps.Write(r) }

// Epoch appends the epoch's line.
func (f *Files) Epoch(r record.Epoch, _ *trained.Evaluation) error {
	return f.metrics.Write(r)
}

// Flush fsyncs the files opened by Begin. It may run concurrently with Step and Epoch. Of two errors
// it returns one.
func (f *Files) Flush() error {
	if f.steps == nil || f.metrics == nil {
		return nil
	}
	return cmp.Or(f.steps.Sync(), f.metrics.Sync())
}

// End closes the files.
func (f *Files) End(train.Result) error {
	var all []error
	if f.steps != nil {
		all = append(all, f.steps.Close())
	}
	if f.metrics != nil {
		all = append(all, f.metrics.Close())
	}
	return errors.Join(all...)
}
