// Package terminal shows a run to people: its plan, progress and result.
//
//	terminal.go  which of the two a file gets, its size, ANSI's control sequences
//	bar.go       on a terminal: rows of epochs, and below them a line that moves
//	bar_line.go  the words of that line, in the room that there is: losses, rates, speeds
//	table.go     the rows of epochs
//	log.go       elsewhere: a line at a time
//	header.go    the lines before the first step; they are those of --dry-run too
//	summary.go   the lines after the last
//	meter.go     how far a download or an evaluation is
//
// Where a run is and what time is left is package pace's, units are package display's.
package terminal

import (
	"io"
	"os"

	"golang.org/x/term"

	"vggtrain/internal/train"
)

// NewProgress returns the observer for w: a Bar for a terminal, or a Log for anything else or with
// NO_COLOR set. For Quiet it passes on notices alone.
func NewProgress(w io.Writer) train.Observer {
	if q, ok := w.(Quiet); ok {
		return noticesOf{notices: NewProgress(q.Writer)}
	}
	if f := live(w); f != nil {
		return NewBar(f, func() (columns, rows int) { return Size(f) })
	}
	return NewLog(w)
}

// Quiet is a writer for notices and errors: NewProgress and NewMeter show no progress on it, and
// Asides is empty.
type Quiet struct{ io.Writer }

// noticesOf passes notices on, and nothing else.
type noticesOf struct {
	train.Base
	notices train.Observer
}

func (o noticesOf) Notice(text string) { o.notices.Notice(text) }

// Asides returns a writer for what may be left out: what is being done, and what has been written.
func Asides(w io.Writer) io.Writer {
	if _, ok := w.(Quiet); ok {
		return io.Discard
	}
	return w
}

// live returns the terminal that w writes to, if it is one that Live approves of, else nil.
func live(w io.Writer) *os.File {
	if f, ok := w.(*os.File); ok && Live(f) {
		return f
	}
	return nil
}

// Size returns a terminal's size in characters, or the usual one if it is unknown.
func Size(f *os.File) (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		return 80, 24
	}
	return columns, rows
}

// Live reports whether f takes colours and moving bars: it is a capable terminal, and NO_COLOR
// (https://no-color.org) is not set.
func Live(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && understands(f)
}

// Abandon removes a bar from the terminal f, for a program that ends at once.
func Abandon(f *os.File) {
	if Live(f) {
		_, _ = f.WriteString("\r" + erase)
	}
}

// Strong returns bold text, for a terminal that is Live.
func Strong(text string) string { return bold + text + plain }

// ANSI's control sequences: graphic renditions, and to erase from the cursor to the screen's end.
const (
	bold   = "\x1b[1m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
	erase  = "\x1b[J"
)
