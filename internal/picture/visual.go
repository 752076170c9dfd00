package picture

import (
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/bidi"
)

// visual returns a line in the order in which its letters stand, from the left: words from right to
// left the other way round, but numbers among them as they are. It is Unicode's bidirectional algorithm
// (UAX 9) for what names have; bidi's own Paragraph puts blanks and numbers in other places.
func visual(line string) string {
	var clusters []string
	var classes []bidi.Class
	for all := uniseg.NewGraphemes(line); all.Next(); {
		p, _ := bidi.LookupRune(all.Runes()[0])
		clusters, classes = append(clusters, all.Str()), append(classes, p.Class())
	}
	var b strings.Builder
	for i := 0; i < len(clusters); {
		end := i + turned(classes[i:])
		if end == i {
			b.WriteString(clusters[i])
			i++
			continue
		}
		turn(&b, clusters[i:end], classes[i:end])
		i = end
	}
	return b.String()
}

func rightToLeft(c bidi.Class) bool { return c == bidi.R || c == bidi.AL }

func number(c bidi.Class) bool { return c == bidi.EN || c == bidi.AN }

// turned is the length of a run from right to left at the beginning: to the last such letter, or number
// behind one, before a letter from left to right. It is 0 if the first is none.
func turned(classes []bidi.Class) int {
	end := 0
	for i, c := range classes {
		if c == bidi.L || i == 0 && !rightToLeft(c) {
			break
		}
		if rightToLeft(c) || number(c) {
			end = i + 1
		}
	}
	return end
}

var mirrored = strings.NewReplacer("(", ")", ")", "(", "[", "]", "]", "[", "{", "}", "}", "{", "<", ">", ">", "<", "«", "»", "»", "«")

// turn writes a run from its end.
func turn(b *strings.Builder, clusters []string, classes []bidi.Class) {
	for i := len(clusters) - 1; i >= 0; i-- {
		first := i
		for number(classes[i]) && first > 0 && number(classes[first-1]) {
			first--
		}
		b.WriteString(mirrored.Replace(strings.Join(clusters[first:i+1], "")))
		i = first
	}
}
