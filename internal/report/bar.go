package report

import (
	"bytes"
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
	w       io.Writer
	width   func() int // of the terminal, in columns
	now     func() time.Time
	pace    pace
	bar     *progressbar.ProgressBar
	frame   bytes.Buffer // what bar writes; it goes to w as a whole
	columns int          // that bar was made for
	moved   time.Time
}

const (
	moveEvery = 100 * time.Millisecond // the shortest time between two moves of the bar
	barWidth  = 24                     // columns at most
	percent   = 8                      // columns of the percentage, with the spaces round it
	lineWidth = 70                     // columns of what is said of a step, as a rule
)

// theme has characters that every terminal's font has.
var theme = progressbar.Theme{Saucer: "█", SaucerPadding: "░"}

// NewBar returns an observer that writes to w, a terminal of the given width.
func NewBar(w io.Writer, width func() int) *Bar { return &Bar{w: w, width: width, now: time.Now} }

// Begin says what the run is going to do.
func (b *Bar) Begin(p train.Plan) error {
	b.pace = newPace(p, b.now)
	b.above(bold + planLine(p) + plain)
	return nil
}

// Step moves the bar, if it has not moved just now.
func (b *Bar) Step(r train.StepRecord) error {
	b.pace.step(r)
	now := b.now()
	if now.Sub(b.moved) < moveEvery && !b.pace.evaluating() {
		return nil
	}
	b.moved = now
	b.fit(b.width())
	_ = b.bar.Set(min(r.Step, b.pace.plan.Steps-1)) // a full bar would count as finished, and the run still evaluates
	b.frame.Reset()                                 // of the new number with the old text
	line := b.pace.line()
	b.bar.Describe(line[:min(len(line), max(0, b.columns-percent-1))])
	b.flush()
	return nil
}

// fit makes the bar for a terminal of that width, if it was another.
func (b *Bar) fit(columns int) {
	if b.bar != nil && b.columns == columns {
		return
	}
	b.columns = columns
	b.bar = progressbar.NewOptions(b.pace.plan.Steps,
		progressbar.OptionSetWriter(&b.frame),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionSetPredictTime(false), // its own would not know of evaluations
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetWidth(max(0, min(barWidth, columns-lineWidth-percent))),
		progressbar.OptionSetTheme(theme),
	)
}

// flush shows what the bar has written. That a terminal is gone is no reason to end a run.
func (b *Bar) flush() {
	_, _ = b.w.Write(b.frame.Bytes())
	b.frame.Reset()
}

// Epoch puts the epoch's line above the bar.
func (b *Bar) Epoch(r train.EpochRecord, _ *train.Evaluation) error {
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
	b.clear()
	b.flush()
	return nil
}

// above writes a line in the bar's place; the bar comes back with the next step.
func (b *Bar) above(line string) {
	b.clear()
	fmt.Fprintln(&b.frame, line)
	b.flush()
}

func (b *Bar) clear() {
	b.frame.Reset()
	if b.bar != nil {
		_ = b.bar.Clear() // to a buffer, which does not fail
	}
}
