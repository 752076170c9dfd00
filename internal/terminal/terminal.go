// Package terminal shows a run to people: what it is going to do, where it is, how it ended.
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

// NewProgress returns the observer that suits what progress goes to: the moving bar for a terminal,
// else, and where NO_COLOR is set, a log's lines.
func NewProgress(w io.Writer) train.Observer {
	if f := live(w); f != nil {
		return NewBar(f, func() (columns, rows int) { return Size(f) })
	}
	return NewLog(w)
}

// live returns the terminal that w writes to, if it is one that Live approves of, else nil.
func live(w io.Writer) *os.File {
	if f, ok := w.(*os.File); ok && Live(f) {
		return f
	}
	return nil
}

// Size is that of a terminal in characters, and the usual one where it is not known.
func Size(f *os.File) (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		return 80, 24
	}
	return columns, rows
}

// Live reports whether colours and moving bars may go to f: it is a terminal that knows
// how, and NO_COLOR (https://no-color.org) is not set.
func Live(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && understands(f)
}

// Abandon takes away a bar that may be on the terminal f, of a program that ends at once.
func Abandon(f *os.File) {
	if Live(f) {
		_, _ = f.WriteString("\r" + erase)
	}
}

// Strong is a text that stands out on a terminal that Live approves of.
func Strong(text string) string { return bold + text + plain }

// ANSI's control sequences: graphic renditions, and to erase from the cursor to the screen's end.
const (
	bold   = "\x1b[1m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
	erase  = "\x1b[J"
)
