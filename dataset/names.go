package dataset

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shown is a path that stands in a message as it is, or quoted where a line break or anything else
// that does not print could make another message of it.
func shown(path string) string {
	if !printable(path) {
		return strconv.Quote(path)
	}
	return path
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
