package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"vggtrain/internal/strictyaml"
)

// plain returns the text of an unquoted scalar, as it stands in the file, and "" for any other node.
func plain(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode:
		if t := n.GetToken(); t.Type != token.SingleQuoteType && t.Type != token.DoubleQuoteType {
			return t.Value
		}
	}
	return ""
}

// kindOf names what stands in the file where something else was wanted.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.NullNode:
		return "empty"
	}
	return quoted(n.GetToken().Value)
}

// maxShown is how many characters of a value stand in an error.
const maxShown = 60

// quoted returns a word in quotes, cut short.
func quoted(word string) string { return strconv.Quote(strictyaml.Cut(word, maxShown)) }

// suggest proposes the nearest of the known things, if it is near, or else all of them.
func suggest(word, things string, known []string) string {
	best, distance := "", 3 // farther is another word
	for _, k := range known {
		if d := edits(word, k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return "the " + things + " are " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// edits counts the insertions, deletions and replacements of a character that turn a into b
// (Levenshtein's distance), up to a length that no key reaches.
func edits(a, b string) int {
	if len(a) > 32 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = slices.Min([]int{replace, row[j] + 1, row[j+1] + 1})
		}
	}
	return row[len(b)]
}
