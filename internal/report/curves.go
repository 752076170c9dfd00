package report

import (
	"bytes"
	"fmt"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"

	"vggtrain/dataset"
	"vggtrain/internal/picture"
	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
	"vggtrain/internal/trained"
)

// Curves keeps a run's curves.png: losses, accuracy and learning rate. It is redrawn each epoch
// (throttled) and at the end. It contains no times, so that a resumed run and an uninterrupted one
// give the same picture.
type Curves struct {
	train.Base
	throttle
	dir     *rundir.Dir
	plan    train.Plan
	history *history

	shown int // the last step in the picture; -1: none is drawn
}

// NewCurves returns an observer that draws into the folder of a run.
func NewCurves(dir *rundir.Dir) *Curves {
	return &Curves{dir: dir, throttle: throttle{now: time.Now}, shown: -1}
}

// Begin reads the steps in the folder of a resumed run.
func (c *Curves) Begin(p train.Plan) (err error) {
	c.plan = p
	if c.history, err = newHistory(p, c.dir); err != nil {
		p.Notify(err.Error() + "; the curves begin here") // a picture is no reason to end a run
	}
	return nil
}

// Step adds a step.
func (c *Curves) Step(r record.Step) error {
	c.history.step(r)
	return nil
}

// Epoch adds an epoch and draws, if the last drawing is long enough ago.
func (c *Curves) Epoch(r record.Epoch, _ *trained.Evaluation) error {
	c.history.epoch(r)
	if !c.due(0) {
		return nil
	}
	return c.draw()
}

// End draws what is not in the picture yet. That this fails is a notice: nothing is lost that
// steps.jsonl and metrics.csv do not hold.
func (c *Curves) End(r train.Result) error {
	if c.history == nil || len(c.history.Steps)+len(c.history.Epochs) == 0 {
		return nil
	}
	if r.Status == train.Diverged {
		c.history.Broken = r.StepsDone
	}
	if c.shown == c.history.Done && c.history.Broken == 0 {
		return nil
	}
	if err := c.draw(); err != nil {
		c.plan.Notify(err.Error())
	}
	return nil
}

// draw writes the picture, unless the folder is no longer the run's: others tell that.
func (c *Curves) draw() error {
	if c.dir.Held() != nil {
		return nil
	}
	return c.timed(func() error {
		var png bytes.Buffer
		if err := c.picture().WritePNG(&png); err != nil {
			return err
		}
		if err := c.dir.WriteCurves(png.Bytes()); err != nil {
			return err
		}
		c.shown = c.history.Done
		return nil
	})
}

func (c *Curves) picture() *picture.Curves {
	return &picture.Curves{Curves: &c.history.Curves, Title: c.plan.Arch + " on " + dataTitle(c.plan), Note: c.note()}
}

func (c *Curves) note() string {
	p := c.plan
	note := fmt.Sprintf("%s parameters, %s images at %d×%d, batch %d, epoch %d of %d",
		humanize.Comma(p.Params), humanize.Comma(int64(p.TrainImages)), p.Side, p.Side, p.BatchSize, len(c.history.Epochs), p.Epochs)
	if c.history.Broken > 0 {
		note += fmt.Sprintf(": diverged in step %s", humanize.Comma(int64(c.history.Broken)))
	}
	return note
}

// dataTitle names the images in few words, a folder by its last name.
func dataTitle(p train.Plan) string {
	switch p.DataKind {
	case dataset.Published:
		return "Fashion-MNIST"
	case dataset.Sampled:
		return "the built-in sample of Fashion-MNIST"
	}
	return filepath.Base(p.DataOrigin)
}
