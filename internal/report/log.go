package report

import (
	"fmt"
	"io"
	"time"

	"vggtrain/internal/train"
)

// Log shows a run a line at a time, without control characters: for a file, a pipe, or
// a terminal whose user wants no colours. It says where the run is about every tenth
// of an epoch, and each epoch's result.
type Log struct {
	w     io.Writer
	now   func() time.Time
	pace  pace
	every int // steps between two lines
}

// NewLog returns an observer that writes to w.
func NewLog(w io.Writer) *Log { return &Log{w: w, now: time.Now} }

// Begin says what the run is going to do.
func (l *Log) Begin(p train.Plan) error {
	l.pace = newPace(p, l.now)
	l.every = max(1, (p.StepsPerEpoch+5)/10)
	l.line(planLine(p))
	return nil
}

// Step says where the run is if it is time to.
func (l *Log) Step(r train.StepRecord) error {
	l.pace.step(r)
	if l.pace.done()%l.every == 0 && !l.pace.evaluating() {
		l.line(l.pace.line())
	}
	return nil
}

// Epoch writes the epoch's line.
func (l *Log) Epoch(r train.EpochRecord, _ *train.Evaluation) error {
	l.line(epochLine(l.pace.plan, r, l.pace.epoch(r)))
	return nil
}

// Notice writes a line for the user.
func (l *Log) Notice(text string) { l.line("notice: " + text) }

// End has nothing to tidy up.
func (l *Log) End(train.Result) error { return nil }

// line writes a line. That the progress cannot be shown is no reason to end a run: its
// results are elsewhere.
func (l *Log) line(text string) { _, _ = fmt.Fprintln(l.w, text) }
