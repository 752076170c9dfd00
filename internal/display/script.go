package display

import (
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/bidi"
)

// Width is the number of columns that a text takes on a terminal: of Chinese letters and emoji two
// each, of accents none.
func Width(text string) int { return uniseg.StringWidth(text) }

// RightToLeft reports whether a text has letters that are written from right to left.
func RightToLeft(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		p, _ := bidi.LookupRune(r)
		return p.Class() == bidi.R || p.Class() == bidi.AL
	})
}

// Isolate returns a text for the middle of a line: numbers behind one that is written from right to
// left stay behind it.
func Isolate(text string) string {
	if !RightToLeft(text) {
		return text
	}
	return "\u2068" + text + "\u2069" // first strong isolate, pop directional isolate
}

// Label is a name of anybody's for the middle of a line: Clean and Isolate.
func Label(name string) string { return Isolate(Clean(name, "")) }
