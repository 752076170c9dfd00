// Package nearest corrects misspelt names.
package nearest

import (
	"strings"
	"unicode/utf8"
)

// Name returns the known name nearest to name, or "" if none is near. A known name is near if it
// begins with name, or if at most one edit for each three letters of name, and at least one, makes
// the two equal. An edit changes, adds or drops a letter, or swaps two neighbours.
func Name(name string, known []string) string {
	const longest = 64
	length := utf8.RuneCountInString(name)
	if length == 0 || length > longest {
		return ""
	}
	limit := max(1, length/3)
	nearest, best := "", limit+1
	for _, k := range known {
		d := distance(strings.ToLower(name), strings.ToLower(k))
		if length >= 3 && strings.HasPrefix(strings.ToLower(k), strings.ToLower(name)) {
			d = min(d, 1)
		}
		if d < best {
			nearest, best = k, d
		}
	}
	return nearest
}

// distance is the number of edits between two words (optimal string alignment: Levenshtein's,
// and the swap of neighbours).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := last[j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
