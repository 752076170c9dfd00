package display

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Duration writes seconds as people read them: 75ms, 0.5s, 42s, 3m07s, 2h05m, 3d04h, or ? for NaN
// and numbers out of reach.
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

// Remaining writes an estimate of the seconds left, short ones to whole seconds.
func Remaining(seconds float64) string {
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

// Comma writes a number with commas between thousands.
func Comma(n int) string { return humanize.Comma(int64(n)) }

// Some lists the first of total things and says how many more there are: cat, dog and 1,998 more.
func Some(first []string, total int) string {
	list := strings.Join(first, ", ")
	if more := total - len(first); more > 0 {
		list += " and " + Comma(more) + " more"
	}
	return list
}

// Count writes a number with its noun: 1 epoch, 10 epochs.
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Comma(n) + " " + noun
}

// About writes a large number by its magnitude: 42.5 million.
func About(n int64) string {
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
