// Package terminal shows a run to people: what it is going to do, where it is, how it ended.
//
//	terminal.go  which of the two a file gets, its size, ANSI's control sequences
//	bar.go       on a terminal: rows of epochs, and below them a line that moves
//	bar_line.go  the words of that line, in the room that there is
//	table.go     the rows of epochs
//	log.go       elsewhere: a line at a time
//	header.go    the lines before the first step; they are those of --dry-run too
//	summary.go   the lines after the last
//	meter.go     how far a download or an evaluation is
//	words.go     losses, rates and broken lines
//
// Where a run is and what time is left is package pace's, units are package display's.
package terminal
