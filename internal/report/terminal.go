package report

import (
	"os"

	"golang.org/x/term"

	"vggtrain/internal/train"
)

// NewProgress returns the observer that suits the file progress goes to: the moving bar on
// a terminal, else, and where NO_COLOR is set, a log's lines.
func NewProgress(f *os.File) train.Observer {
	if !Live(f) {
		return NewLog(f)
	}
	return NewBar(f, func() (columns, rows int) {
		columns, rows, err := term.GetSize(int(f.Fd()))
		if err != nil || columns <= 0 {
			return 80, 24
		}
		return columns, rows
	})
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

// ANSI's control sequences: graphic renditions, and to erase from the cursor to the screen's end.
const (
	bold   = "\x1b[1m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
	erase  = "\x1b[J"
)
