package report

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"vggtrain/internal/train"
)

// NewProgress returns the observer that suits the file progress goes to: the moving bar on
// a terminal, else, and where NO_COLOR is set, a log's lines.
func NewProgress(f *os.File) train.Observer {
	if !Live(f) {
		return NewLog(f)
	}
	return NewBar(f, func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 80
		}
		return width
	})
}

// Live reports whether colours and moving bars may go to f: it is a terminal that knows
// how, and NO_COLOR (https://no-color.org) is not set.
func Live(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// ANSI's select-graphic-rendition sequences.
const (
	bold   = "\x1b[1m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

// Bar shows a run as a moving bar with step, loss, images/s and time left; an epoch's line
// stays above it.
type Bar struct {
	w     io.Writer
	width func() int // of the terminal, in columns
	now   func() time.Time
	pace  pace
	bar   *progressbar.ProgressBar
}

// NewBar returns an observer that writes to w, a terminal of the given width.
func NewBar(w io.Writer, width func() int) *Bar { return &Bar{w: w, width: width, now: time.Now} }

// Begin says what the run is going to do and shows the bar.
func (b *Bar) Begin(p train.Plan) error {
	b.pace = newPace(p, b.now)
	_, _ = fmt.Fprintln(b.w, bold+planLine(p)+plain)
	b.bar = progressbar.NewOptions(p.Steps,
		progressbar.OptionSetWriter(b.w),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionSetPredictTime(false), // its own would not know of evaluations
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetWidth(24),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetTheme(progressbar.ThemeUnicode),
	)
	_ = b.bar.Set(p.StepsDone)
	return nil
}

// Step moves the bar.
func (b *Bar) Step(r train.StepRecord) error {
	b.pace.step(r)
	b.bar.Describe(b.fit(b.pace.line()))
	if r.Step < b.pace.plan.Steps { // a full bar would count as finished, and the run still evaluates
		_ = b.bar.Set(r.Step)
	}
	return nil
}

// fit cuts a text so that the percentage has room behind it in one line of the terminal.
func (b *Bar) fit(text string) string {
	const percentage = 10
	room := max(0, b.width()-percentage)
	if len(text) > room {
		return text[:room]
	}
	return text
}

// Epoch puts the epoch's line above the bar.
func (b *Bar) Epoch(r train.EpochRecord) error {
	best := b.pace.epoch(r)
	line := epochLine(b.pace.plan, r, best)
	if best {
		line = green + line + plain
	}
	b.above(line)
	return nil
}

// Notice puts a line for the user above the bar.
func (b *Bar) Notice(text string) { b.above(yellow + "notice: " + plain + text) }

// End takes the bar away.
func (b *Bar) End(train.Result) error {
	if b.bar != nil {
		_ = b.bar.Clear()
		b.bar = nil
	}
	return nil
}

// above writes a line in the bar's place; the bar comes back with the next step. That a
// terminal is gone is no reason to end a run.
func (b *Bar) above(line string) {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
	_, _ = fmt.Fprintln(b.w, line)
}
