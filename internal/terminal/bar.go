package terminal

import (
	"io"
	"strings"
	"sync"
	"time"

	"vggtrain/internal/pace"
	"vggtrain/internal/record"
	"vggtrain/internal/train"
	"vggtrain/internal/trained"
)

// Bar shows a run on a terminal. It writes a header, then a permanent table with a row an epoch, and
// below it a moving line: epoch, step, an exponential mean of the loss, learning rate, the speed of
// the last seconds, and the time left for the run and the epoch under way.
//
// The cursor stays at the beginning of that line. Each frame is one write and first erases everything
// after the cursor, so that nothing is left behind when a terminal rewraps the line to a new width. A
// killed program has no state of the terminal to restore.
type Bar struct {
	w    io.Writer
	size func() (columns, rows int) // of the terminal
	now  func() time.Time
	tick time.Duration // between two frames where nothing happens; 0: there are none

	mutex sync.Mutex // the clock draws from a goroutine of its own
	pace  pace.Pace
	table table
	drawn time.Time
	stop  chan struct{} // from Begin to End
}

const (
	drawEvery = 100 * time.Millisecond // the shortest time between two frames
	idleEvery = 500 * time.Millisecond // the longest: the time left goes down, the width may change
)

// NewBar returns an observer that writes to w, a terminal of the given size.
func NewBar(w io.Writer, size func() (columns, rows int)) *Bar {
	return &Bar{w: w, size: size, now: time.Now, tick: idleEvery}
}

// Begin writes the header.
func (b *Bar) Begin(p train.Plan) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.pace = pace.New(p, b.now)
	b.stop = make(chan struct{})
	columns, _ := b.size()
	b.above(append(header(p, columns, true), "")...)
	if b.tick > 0 {
		go b.idle(b.stop)
	}
	return nil
}

// idle draws frames until stop is closed.
func (b *Bar) idle(stop <-chan struct{}) {
	ticker := time.NewTicker(b.tick)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			b.mutex.Lock()
			if b.stop != nil && b.now().Sub(b.drawn) >= b.tick/2 {
				b.draw("")
			}
			b.mutex.Unlock()
		}
	}
}

// Step moves the bar (throttled).
func (b *Bar) Step(r record.Step) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.pace.AddStep(r)
	if b.now().Sub(b.drawn) >= drawEvery || b.pace.Evaluating() {
		b.draw("")
	}
	return nil
}

// Epoch puts the epoch's row above the bar.
func (b *Bar) Epoch(r record.Epoch, _ *trained.Evaluation) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	columns, rows := b.size()
	b.above(b.table.row(r, b.pace.AddEpoch(r), columns, rows)...)
	return nil
}

// Notice writes a notice above the bar, with blank lines around one of several lines. It is safe for
// concurrent use.
func (b *Bar) Notice(text string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	columns, _ := b.size()
	lines := []string{marked(yellow, noticeMark, noticeText(text), columns)}
	if strings.Contains(text, "\n") {
		lines = []string{"", lines[0], ""}
	}
	b.above(lines...)
}

// End removes the bar.
func (b *Bar) End(train.Result) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.stop != nil {
		close(b.stop)
		b.stop = nil
		_, _ = io.WriteString(b.w, "\r"+erase)
	}
	return nil
}

// above writes lines in the bar's place, and the bar below them.
func (b *Bar) above(lines ...string) {
	b.draw(strings.Join(append(lines, ""), "\n"))
}

// draw writes a frame: text, whole lines, and the bar, if a run is under way.
func (b *Bar) draw(text string) {
	frame := "\r"
	if text != "" {
		frame += erase + text
	}
	if b.stop != nil {
		columns, _ := b.size()
		frame += barLine(&b.pace, columns-1) + erase + "\r"
		b.drawn = b.now()
	}
	_, _ = io.WriteString(b.w, frame) // as a whole; that a terminal is gone is no reason to end a run
}
