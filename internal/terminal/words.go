package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// digits is the width of a number that counts to n.
func digits(n int) int { return len(strconv.Itoa(n)) }

// lossText writes a loss in six characters, seven where it is out of all proportion.
func lossText(x float64) string {
	switch {
	case x >= 1e4:
		return fmt.Sprintf("%.1e", x)
	case x >= 10:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.4f", x)
}

// rateText writes a learning rate in six or seven characters: 0.0200, 4.9e-05.
func rateText(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x < 0.001 || x >= 1000:
		return fmt.Sprintf("%.1e", x)
	}
	return fmt.Sprintf("%.4f", x)
}

// wrap breaks a text between words into lines of at most width columns, all but the first one
// indented; words longer than that stay whole. The lines that the text has stay apart. A width of
// 0 or less changes nothing.
func wrap(text string, width, indent int) string {
	if width <= indent {
		return text
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		for utf8.RuneCountInString(line) > width {
			at := breakAt(line, width, indent)
			if at < 0 {
				break
			}
			lines = append(lines, strings.TrimRight(line[:at], " "))
			line = strings.Repeat(" ", indent) + strings.TrimLeft(line[at:], " ")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// breakAt returns the index of the blank at which a line is broken: the last one that leaves no more
// than width columns before it, else the first one at all; -1 for none behind the indent.
func breakAt(line string, width, indent int) int {
	at, column := -1, 0
	for i, r := range line {
		if column > width && at >= 0 {
			break
		}
		if r == ' ' && column > indent && strings.TrimSpace(line[:i]) != "" && strings.TrimSpace(line[i:]) != "" {
			at = i
		}
		column++
	}
	return at
}
