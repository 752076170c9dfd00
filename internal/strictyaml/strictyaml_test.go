package strictyaml

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml/ast"

	"vggtrain/internal/memory/memorytest"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, text string
		keys       string // of the mapping
		end        int
	}{
		{"nothing", "", "", 0},
		{"comment", "# nothing\n", "", 0},
		{"mark", "---\n", "", 0},
		{"lines", "a: 1\nb: [2, 3]\nc:\n  - x\n  - y\n", "a b c", 0},
		{"flow", "{a: 1, b: {c: 2}}", "a b", 0},
		{"windows", "a: 1\r\n\r\nb: 2\r\n", "a b", 0},
		{"byte order mark", "\ufeffa: 1\n", "a", 0},
		{"marks", "---\na: 1\n...\n", "a", 3},
		{"tabs before a comment", "a: 1\t\t# one\n", "a", 0},
		{"depth 8", "a:\n b:\n  c:\n   d:\n    - - - [x]\n", "a", 0},
		{"nine keys", "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\ng: 7\nh: 8\ni: 9\n", "a b c d e f g h i", 0},
		{"nine lists", "a: [[1], [2], [3], [4], [5], [6], [7], [8], [9]]\n", "a", 0},
		{"16 empty lines", "a: 1\n" + strings.Repeat("\n", maxEmpty) + "b: 2\n", "a b", 0},
		{"the longest line", "# " + strings.Repeat("x", maxLine-2) + "\na: 1\n", "a", 0},
		{"the longest text", strings.Repeat("#\n", MaxBytes/2-3) + "a: 123", "a", 0},
		{"the most words", "a: [" + strings.Repeat("1,", (maxTokens-4)/2) + "]\n", "a", 0},
		{"other alphabets", "größe: 日本\n", "größe", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Parse([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			var keys []string
			if doc.Body != nil {
				for _, entry := range doc.Body.(*ast.MappingNode).Values {
					keys = append(keys, entry.Key.GetToken().Value)
				}
			}
			if got := strings.Join(keys, " "); got != test.keys || doc.End != test.end {
				t.Errorf("keys %q, end %d; want %q, %d", got, doc.End, test.keys, test.end)
			}
			if want := strings.TrimPrefix(test.text, "\ufeff"); string(doc.Text) != want {
				t.Errorf("text %q", doc.Text)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"anchor", "a: &x 1\n", "1:4: &: write the value out"},
		{"alias", "a: *x\n", "1:4: *: write the value out"},
		{"a billion laughs", "a: &a [x]\nb: &b [*a,*a]\n", "1:4: &: write the value out"},
		{"merge", "<<: {a: 1}\n", "1:1: <<: write the value out"},
		{"tag", "a: !!binary x\n", "1:4: !!binary: write the value out"},
		{"tag at the end", "a: {}!", "1:6: !: write the value out"},
		{"own tag", "a: !x y\n", "1:4: !x: write the value out"},
		{"directive", "%YAML 1.2\n---\na: 1\n", "1:1: %: write the value out"},
		{"marked key", "? a\n: 1\n", "1:1: ?: write the value out"},
		{"block", "a: |\n  x\n", "1:4: a block of text"},
		{"folded block", "a: >-\n  x\n", "1:4: a block of text"},
		{"second document", "a: 1\n---\nb: 2\n", "2:1: a second document"},
		{"many documents", strings.Repeat("---\n", 500), "2:1: a second document"},
		{"document after nothing", "---\n---\na: 1\n", "2:1: a second document"}, // the parser would leave it out
		{"document after an end", "a: 1\n...\nb: 2\n", "3:1: a second document"},
		{"duplicate", "a: 1\na: 2\n", `2:1: mapping key "a" already defined at [1:1]; write valid YAML`},
		{"open bracket", "a: [1\n", "1:4: "},
		{"open quote", "a: \"x\n", "1:4: could not find end character"},
		{"bytes", strings.Repeat("a: 1\n", 200000), "more than 32768 bytes"},
		{"bytes, just", strings.Repeat("#\n", MaxBytes/2) + "#", "more than 32768 bytes"},
		{"line", "a: 1\n#" + strings.Repeat("x", maxLine), "2:1: a line of 4097 bytes; use at most 4096"},
		{"empty lines", "a: 1\n" + strings.Repeat(" \r\n", maxEmpty+1), "18:1: more than 16 empty lines in a row"},
		{"words", "a: [" + strings.Repeat("1,", (maxTokens-4)/2) + "1]\n", "1:1538: more than 1536 words and signs"},
		{"brackets", "a: " + strings.Repeat("[", 100), "1:11: more than 8 levels"},
		{"braces", "a: " + strings.Repeat("{b: ", 100), "1:32: more than 8 levels"},
		{"dashes", strings.Repeat("- ", 100), "1:17: more than 8 levels"},
		{"indentation", "a:\n b:\n  c:\n   d:\n    e:\n     f:\n      g:\n       h:\n        i:\n", "9:10: more than 8 levels"},
		{"indented dashes", "-\n -\n  -\n   -\n    -\n     -\n      -\n       -\n        - x\n", "9:9: more than 8 levels"},
		{"brackets in indentation", "a:\n b:\n  c:\n   d:\n    - - - [[x]]\n", "5:12: more than 8 levels"},
		{"NUL", "a: 1\nb: é\x00\n", "2:5: the control character U+0000; take it out"},
		{"escape", "# \x1b[31m\n", "1:3: the control character U+001B"},
		{"C1", "# \u0085\n", "1:3: the control character U+0085"},
		{"old Mac", "a: 1\rb: 2\r", "1:5: the control character U+000D"},
		{"UTF-16", "\xff\xfea\x00:\x00", "not UTF-8 text"},
		{"Latin-1", "# caf\xe9\n", "not UTF-8 text"},
		{"surrogate", "# \xed\xa0\x80\n", "not UTF-8 text"},
		{"cut", "# \xe6\x97", "not UTF-8 text"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Parse([]byte(test.text))
			var place *Error
			if !errors.As(err, &place) || !strings.HasPrefix(err.Error(), test.want) {
				t.Fatalf("got %+v, %v; want an *Error, %s", doc, err, test.want)
			}
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > 1000 {
				t.Errorf("not one short line: %q", err)
			}
		})
	}
}

// The worst found of all texts of 32,000 bytes that repeat one or two of 37 words after one of 20
// beginnings, and of what the parser is slow at without the bounds.
func TestBounds(t *testing.T) {
	fill := func(start, unit string, size int) string {
		return start + strings.Repeat(unit, (size-len(start))/len(unit))
	}
	lines := func(line string) string { return fill("", line+"\n", MaxBytes) }
	texts := map[string]string{
		"empty lines in a block":    fill("a: |\n x", "\n", 1<<20),
		"some of them":              fill("a: |\n x", strings.Repeat("\n", maxEmpty)+" x", MaxBytes),
		"folded":                    fill("a: >\n", strings.Repeat(" \n", maxEmpty)+" x\n", MaxBytes),
		"tabs in quotes":            lines(fill("\"", "a\t", maxLine-1)),
		"tabs in one quoted text":   fill("\"", strings.Repeat("a\t", maxLine/2-1)+"\n", MaxBytes),
		"smaller signs":             lines(strings.Repeat("<", maxLine-1)),
		"brackets":                  fill("", "[", 1<<20),
		"brackets that are shut":    lines(fill("a: ", "[],", maxLine-1)),
		"dashes":                    fill("[", "- ", maxLine),
		"quotes":                    lines(strings.Repeat("'", maxLine-1)),
		"escapes":                   lines(fill("\"", `\z`, maxLine-1)),
		"keys of bytes":             fill("", "a: 1\n", MaxBytes),
		"long keys in long keys":    strings.Repeat("x", 4000) + ":\n " + strings.Repeat("y", 4000) + ":\n" + fill("", "  z: 1\n", 2000),
		"long keys in brackets":     "a: {" + strings.Repeat("x", 4000) + ": {" + fill("", "a: 1, ", 50) + "\n" + fill("", "b: 1, ", 2000),
		"documents":                 fill("", "---\n", maxLine),
		"carriage returns":          fill("a: |\n x", "\r\n", MaxBytes),
		"comments":                  fill("", "#\n", MaxBytes),
		"spaces":                    lines(strings.Repeat(" ", maxLine-2) + "x"),
		"a number":                  fill("a: ", "9", maxLine),
		"plain text of many lines":  fill("a: x", "\n x", MaxBytes),
		"quoted text of many lines": fill("a: \"x", "\n x", MaxBytes),
	}
	var slowest time.Duration
	for name, text := range texts {
		if got, bound := memorytest.Allocated(memoryBound(text), func() { _, _ = Parse([]byte(text)) }), memoryBound(text); got > bound {
			t.Errorf("%s, %d bytes: %d bytes allocated, more than %d", name, len(text), got, bound)
		}
		start := time.Now()
		_, _ = Parse([]byte(text))
		slowest = max(slowest, time.Since(start))
	}
	t.Logf("the slowest takes %v", slowest) // 60 ms on a machine that does nothing else
}

// memoryBound is what Parse may allocate in all.
func memoryBound(text string) int64 { return 1<<20 + 1<<10*int64(min(len(text), MaxBytes)) }

func TestErrorAt(t *testing.T) {
	if e := ErrorAt(nil, "%s", "a\nb"); e.Error() != "a b" || e.Line != 0 {
		t.Errorf("%v", e)
	}
	if e := (&Error{3, 4, "x"}); fmt.Sprint(e) != "3:4: x" {
		t.Errorf("%v", e)
	}
}
