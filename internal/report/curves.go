package report

import (
	"bytes"
	"fmt"
	"path/filepath"
	"time"

	"vggtrain/dataset"
	"vggtrain/internal/display"
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
	drawing
	shown int // the last step in the picture; -1: none is drawn
}

// NewCurves returns an observer that draws into the folder of a run.
func NewCurves(dir *rundir.Dir) *Curves {
	return &Curves{drawing: drawing{dir: dir, now: time.Now}, shown: -1}
}

// Begin reads the steps in the folder of a resumed run.
func (c *Curves) Begin(p train.Plan) error {
	c.begin(p, "the curves begin here")
	return nil
}

// Step adds a step.
func (c *Curves) Step(r record.Step) error {
	c.history.step(r)
	return nil
}

// Epoch adds an epoch and draws (throttled).
func (c *Curves) Epoch(r record.Epoch, _ *trained.Evaluation) error {
	c.history.Epochs = append(c.history.Epochs, r)
	if !c.due(0) {
		return nil
	}
	return c.timed(c.draw)
}

// End draws the rest. A failure gives a notice.
func (c *Curves) End(r train.Result) error {
	if c.history == nil || len(c.history.Steps)+len(c.history.Epochs) == 0 {
		return nil
	}
	if r.Status == train.Diverged {
		c.history.Broken = r.StepsDone
	}
	if c.shown != c.history.Done || c.history.Broken > 0 {
		c.tell(c.timed(c.draw))
	}
	return nil
}

func (c *Curves) draw() error {
	var png bytes.Buffer
	if err := c.picture().WritePNG(&png); err != nil {
		return err
	}
	if err := c.dir.Write(c.dir.Curves(), png.Bytes()); err != nil {
		return err
	}
	c.shown = c.history.Done
	return nil
}

func (c *Curves) picture() *picture.Curves {
	p := c.plan
	note := fmt.Sprintf("%s parameters, %s images at %d×%d, batch %d, epoch %d of %d",
		display.Comma(int(p.Params)), display.Comma(p.TrainImages), p.Side, p.Side, p.BatchSize, len(c.history.Epochs), p.Epochs)
	if c.history.Broken > 0 {
		note += ": diverged in step " + display.Comma(c.history.Broken)
	}
	return &picture.Curves{Curves: &c.history.Curves, Title: p.Arch + " on " + dataTitle(p), Note: note}
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
