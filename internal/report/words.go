package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// Duration writes seconds as people read them: 75ms, 0.5s, 42s, 3m07s, 2h05m, 3d04h; ? for what is
// no time.
func Duration(seconds float64) string {
	switch {
	case math.IsNaN(seconds) || seconds < 0 || seconds > 1e9:
		return "?"
	case seconds < 0.1:
		return fmt.Sprintf("%.3gms", seconds*1000)
	case seconds < 9.95:
		return fmt.Sprintf("%.1fs", seconds)
	}
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	hours, minutes, rest := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case hours >= 48:
		return fmt.Sprintf("%dd%02dh", hours/24, hours%24)
	case hours > 0:
		return fmt.Sprintf("%dh%02dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm%02ds", minutes, rest)
	}
	return fmt.Sprintf("%ds", rest)
}

// ahead writes an estimate of seconds that are still to come, to whole seconds.
func ahead(seconds float64) string {
	if seconds >= 0 && seconds < 10 {
		return fmt.Sprintf("%.0fs", seconds)
	}
	return Duration(seconds)
}

// Bytes writes a size in powers of 1,024: 512 B, 412.0 MiB, 2.7 GiB.
func Bytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, units := float64(n)/1024, []string{"KiB", "MiB", "GiB", "TiB"}
	for value >= 1024 && len(units) > 1 {
		value, units = value/1024, units[1:]
	}
	return fmt.Sprintf("%.1f %s", value, units[0])
}

// comma writes a number with commas between thousands.
func comma(n int) string { return humanize.Comma(int64(n)) }

// count writes a number with its noun: 1 epoch, 10 epochs.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return comma(n) + " " + noun
}

// about writes a large number by its magnitude: 42.5 million.
func about(n int64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}} {
		if x := float64(n) / unit.size; x >= 1 {
			return fmt.Sprintf("%.*f %s", decimals(x), x, unit.name)
		}
	}
	return humanize.Comma(n)
}

// decimals is how many a number takes to have three digits.
func decimals(x float64) int {
	switch {
	case x >= 100:
		return 0
	case x >= 10:
		return 1
	}
	return 2
}

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
