package terminal

import (
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"vggtrain/internal/display"
	"vggtrain/internal/pace"
	"vggtrain/internal/record"
	"vggtrain/internal/train"
	"vggtrain/internal/trained"
)

// Log shows a run in lines without control characters: for a file, a pipe, or a terminal with
// NO_COLOR. It writes a header, the estimated duration after the first steps, the progress about
// every tenth of an epoch, and each epoch's result, these with the time of day. Notices have none:
// their lines are found by their beginning.
type Log struct {
	train.Base
	w     io.Writer
	now   func() time.Time
	pace  pace.Pace
	every int  // steps between two lines
	told  bool // how long the run takes

	mutex sync.Mutex // of w: notices may come at any time
}

// enough is the time in seconds of steps after which the run's own is foretold, at the latest: it comes
// before the first line of progress.
const enough = 2

// NewLog returns an observer that writes to w.
func NewLog(w io.Writer) *Log { return &Log{w: w, now: time.Now} }

// Begin says what the run is going to do.
func (l *Log) Begin(p train.Plan) error {
	l.pace = pace.New(p, l.now)
	l.every = max(1, (p.StepsPerEpoch+5)/10)
	for _, line := range header(p, 0, false) {
		l.line(line)
	}
	l.line(labelled{"begun", l.now().Format("2006-01-02 15:04:05 -07:00")}.line(0, false)) // the date of the times below
	return nil
}

// Step writes the progress (throttled).
func (l *Log) Step(r record.Step) error {
	l.pace.AddStep(r)
	if l.pace.Evaluating() {
		return nil
	}
	_, done := l.pace.Place()
	due := done%l.every == 0
	if _, run := l.pace.Left(); !l.told && (due || l.pace.Trained() >= enough) && !math.IsNaN(run) {
		l.told = true
		l.timed(fmt.Sprintf("this will take about %s", display.Duration(run+l.now().Sub(l.pace.Begun).Seconds())))
	}
	if due && l.told {
		l.timed(l.place(r))
	}
	return nil
}

// place returns the progress: epoch, step, smoothed loss, learning rate, speed and times left.
func (l *Log) place(r record.Step) string {
	p := &l.pace
	text := fmt.Sprintf("%s  step %*d/%d  loss %s  lr %s  %s", l.epoch(r.Epoch),
		digits(p.Plan.Steps), r.Step, p.Plan.Steps, lossText(p.Loss()), rateText(r.LR), speedText(p.Speed()))
	for _, left := range leftTexts(p) {
		text += "  " + left
	}
	return text
}

func (l *Log) epoch(number int) string {
	return fmt.Sprintf("epoch %*d/%d", digits(l.pace.Plan.Epochs), number, l.pace.Plan.Epochs)
}

// Epoch writes the epoch's line. Columns are aligned over a run.
func (l *Log) Epoch(r record.Epoch, _ *trained.Evaluation) error {
	mark := ""
	if l.pace.AddEpoch(r) {
		mark = "  " + bestMark
	}
	l.timed(fmt.Sprintf("%s  train loss %s  val loss %s  accuracy %.4f  lr %s  %5.0f images/s  %6s%s", l.epoch(r.Epoch),
		lossText(r.TrainLoss), lossText(r.ValLoss), r.ValAccuracy, rateText(r.LR), r.ImagesPerSecond, display.Duration(r.Seconds), mark))
	return nil
}

// Notice writes a notice. It is safe for concurrent use.
func (l *Log) Notice(text string) { l.line(noticeMark + noticeText(text)) }

const noticeMark = "notice: "

// noticeText is a notice as it may be shown behind the mark, its lines below each other.
func noticeText(text string) string {
	return strings.ReplaceAll(display.Clean(text, "\n"), "\n", "\n"+strings.Repeat(" ", len(noticeMark)))
}

// timed writes a line that begins with the time of day.
func (l *Log) timed(text string) { l.line(l.now().Format(time.TimeOnly) + "  " + text) }

// line writes lines, without what might move a cursor. That the progress cannot be shown is no
// reason to end a run: its results are elsewhere.
func (l *Log) line(text string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	_, _ = fmt.Fprintln(l.w, display.Clean(text, "\n"))
}
