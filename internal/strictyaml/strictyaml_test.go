package strictyaml

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"vggtrain/internal/memory/memorytest"
)

func TestParse(t *testing.T) {
	tests := []struct{ name, text, keys string }{
		{"nothing", "", ""},
		{"comment", "# nothing\n", ""},
		{"mark", "---\n", ""},
		{"lines", "a: 1\nb: [2, 3]\nc:\n  - x\n  - y\n", "a b c"},
		{"flow", "{a: 1, b: {c: 2}}", "a b"},
		{"windows", "a: 1\r\n\r\nb: 2\r\n", "a b"},
		{"byte order mark", "\ufeffa: 1\n", "a"},
		{"marks", "---\na: 1\n...\n", "a"},
		{"comment after an end", "a: 1\n... # b\n\n# c", "a"},
		{"an end alone", "...\n", ""},
		{"tabs before a comment", "a: 1\t\t# one\n", "a"},
		{"blanks at ends of lines", "a: \t\n  b: 1 \t\r\n \t\n  c: 2\n", "a"},
		{"depth 8", "a:\n b:\n  c:\n   d:\n    - - - [x]\n", "a"},
		{"nine keys", "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\ng: 7\nh: 8\ni: 9\n", "a b c d e f g h i"},
		{"nine lists", "a: [[1], [2], [3], [4], [5], [6], [7], [8], [9]]\n", "a"},
		{"the longest text", strings.Repeat("#\n", MaxBytes/2-3) + "a: 123", "a"},
		{"other alphabets", "größe: 日本\n", "größe"},
		{"a line separator in a comment", "# \u2028a: 1\nb: 2\n", "b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root, err := Parse("x", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			var keys []string
			if root != nil {
				for entry := range slices.Chunk(root.Content, 2) {
					keys = append(keys, entry[0].Value)
				}
			}
			if got := strings.Join(keys, " "); got != test.keys {
				t.Errorf("keys %q; want %q", got, test.keys)
			}
		})
	}
}

// A text has all characters, also those at which YAML 1.1 ends a line, with quotes or without.
func TestParseQuoted(t *testing.T) {
	for _, want := range []string{"a \u2028 b", "\u2029", "\ufeffx", "\ufffe\uffff", "\U0001f600", `\L`, "\ufdd0", "\ufdd0L", "/a\u2028b"} {
		for _, text := range []string{`"` + strings.ReplaceAll(want, `\`, `\\`) + `"`, "'" + want + "'", want} {
			if n, err := Parse("x", []byte("a: "+text)); err != nil || n.Content[1].Value != want {
				t.Errorf("%q is %+v, %v", text, n, err)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"anchor", "a: &x 1\n", "1:4: &: write the value out"},
		{"anchor of nothing", "&x", "1:1: &: write the value out"},
		{"alias", "a: *x\n", "1:4: *: write the value out"},
		{"a billion laughs", "a: &a [x]\nb: &b [*a,*a]\n", "1:4: &: write the value out"},
		{"merge", "<<: {a: 1}\n", "1:1: <<: write the value out"},
		{"tag", "a: !!binary x\n", "1:4: !!binary: write the value out"},
		{"tag at the end", "a: {}!", "1:6: did not find expected key while parsing a block mapping that begins at 1:1; write valid YAML"},
		{"own tag", "a: !x y\n", "1:4: !x: write the value out"},
		{"directive", "%YAML 1.2\n---\na: 1\n", "1:1: %: write the value out"},
		{"marked key", "? a\n: 1\n", "1:1: ?: write the value out"},
		{"block", "a: |\n  x\n", "1:4: a block of text"},
		{"folded block", "a: >-\n  x\n", "1:4: a block of text"},
		{"second document", "a: 1\n---\nb: 2\n", "2:1: a second document"},
		{"many documents", strings.Repeat("---\n", 500), "2:1: a second document"},
		{"document after nothing", "---\n---\na: 1\n", "2:1: a second document"}, // the parser would leave it out
		{"document after an end alone", "# a\n... # b\n\n# c\nb: 2\n", "5:1: a second document"},
		{"two ends", "a: 1\n...\n...\n", "3:1: a second document"},
		{"document after an end", "a: 1\n...\nb: 2\n", "3:1: a second document"},
		{"duplicate", "a: 1\na: 2\n", `2:1: mapping key "a" already defined at [1:1]; write valid YAML`},
		{"open bracket", "a: [1\n", "1:4: did not find expected ',' or ']' while parsing a flow sequence that begins at 1:4; write valid YAML"},
		{"open quote", "a: \"x\n", "1:4: found unexpected end of stream while scanning a quoted scalar that begins at 1:4; write valid YAML"},
		{"open bracket before a key", "a: [1\nb: 2\n", "2:2: did not find expected ',' or ']' while parsing a flow sequence that begins at 1:4; write"},
		{"tab", "a:\n\tb: 1\n", "2:1: a tab, or a sign that begins no value; indent with spaces"},
		{"bytes", strings.Repeat("a: 1\n", 200000), "1:1: more than 32768 bytes"},
		{"bytes, just", strings.Repeat("#\n", MaxBytes/2) + "#", "1:1: more than 32768 bytes"},
		{"bytes of Windows", strings.Repeat("#\r\n", MaxBytes/3+1), "1:1: more than 32768 bytes"},
		{"DEL", "a: é\x7f\n", "1:5: the control character U+007F"},
		{"own directive", "# c\n%x\n---\na: 1\n", "2:1: %: write the value out"},
		{"later marked key", "a: 1\n? b\n: 1\n", "2:1: ?: write the value out"},
		{"list as a key", "[a]: 1\n", "1:1: a list as a key; give a word"},
		{"brackets", "a: " + strings.Repeat("[", 100), "1:12: more than 8 levels"},
		{"braces", "a: " + strings.Repeat("{b: ", 100), "1:36: more than 8 levels"},
		{"dashes", strings.Repeat("- ", 100), "1:17: more than 8 levels"},
		{"indentation", "a:\n b:\n  c:\n   d:\n    e:\n     f:\n      g:\n       h:\n        i:\n", "9:10: more than 8 levels"},
		{"indented dashes", "-\n -\n  -\n   -\n    -\n     -\n      -\n       -\n        - x\n", "9:9: more than 8 levels"},
		{"NUL", "a: 1\nb: é\x00\n", "2:5: the control character U+0000; take it out"},
		{"escape", "# \x1b[31m\n", "1:3: the control character U+001B"},
		{"C1", "# \u0085\n", "1:3: the control character U+0085"},
		{"old Mac", "a: 1\rb: 2\r", "1:5: the control character U+000D"},
		{"UTF-16", "\xff\xfea\x00:\x00", "1:1: not UTF-8 text"},
		{"Latin-1", "# caf\xe9\n", "1:1: not UTF-8 text"},
		{"surrogate", "# \xed\xa0\x80\n", "1:1: not UTF-8 text"},
		{"cut", "# \xe6\x97", "1:1: not UTF-8 text"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root, err := Parse("x", []byte(test.text))
			var place *Error
			if !errors.As(err, &place) || !strings.HasPrefix(err.Error(), "x:"+test.want) {
				t.Fatalf("got %+v, %v; want an *Error, %s", root, err, test.want)
			}
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > 1000 {
				t.Errorf("not one short line: %q", err)
			}
		})
	}
}

// Texts on which parsers are slow or greedy: the worst of all texts of 32,000 bytes that repeat one
// or two of 50 words after one of 22 beginnings, and what other parsers take quadratic time for.
func TestBounds(t *testing.T) {
	fill := func(start, unit string) string {
		return start + strings.Repeat(unit, (MaxBytes-len(start))/len(unit))
	}
	texts := map[string]string{
		"keys and values of nothing": fill("[", ":,"),
		"pairs in brackets":          fill("{a: [", "a: 1\n,"),
		"empty lines in a block":     fill("a: |\n x", "\n"),
		"folded":                     fill("a: >\n", strings.Repeat(" \n", 16)+" x\n"),
		"tabs in quotes":             fill("", `"`+strings.Repeat("a\t", 2000)+"\n"),
		"smaller signs":              fill("", "<"),
		"brackets":                   fill("", "["),
		"brackets that are shut":     fill("a: ", "[],"),
		"deep brackets":              fill("", strings.Repeat("[", maxDepth)+strings.Repeat("]", maxDepth)+","),
		"dashes":                     fill("", "-\n"),
		"dashes in brackets":         fill("[", "- "),
		"quotes":                     fill("", "'"),
		"escapes":                    fill(`"`, `\z`),
		"escapes that are known":     fill(`"`, `\L`),
		"the same key":               fill("", "a: 1\n"),
		"long keys in long keys":     strings.Repeat("x", 4000) + ":\n " + fill(strings.Repeat("y", 4000)+":\n", "  z: 1\n")[:20000],
		"documents":                  fill("", "---\n"),
		"carriage returns":           fill("a: |\n x", "\r\n"),
		"comments":                   fill("", "#\n"),
		"comments on keys":           fill("", "#\na: #x\n"),
		"spaces":                     fill("", " "),
		"a number":                   fill("a: ", "9"),
		"plain text of many lines":   fill("a: x", "\n x"),
		"quoted text of many lines":  fill("a: \"x", "\n x"),
		"ends":                       fill("", "...\n"),
		"hidden characters":          fill("a: ", "\u2028"),
		"1 MiB of empty lines":       "a: |\n x" + strings.Repeat("\n", 1<<20),
		"1 MiB of brackets":          strings.Repeat("[", 1<<20),
	}
	for name, text := range texts {
		bound := int64(1 << 20)
		if len(text) <= MaxBytes {
			bound += 2 << 10 * int64(len(text))
		}
		start := time.Now()
		if got := memorytest.Allocated(bound, func() { _, _ = Parse("x", []byte(text)) }); got > bound {
			t.Errorf("%s, %d bytes: %d bytes allocated, more than %d", name, len(text), got, bound)
		}
		t.Logf("%s, %d bytes: %v", name, len(text), time.Since(start))
	}
}

func TestErrorf(t *testing.T) {
	if err := Errorf("x", &yaml.Node{}, "%s", "a\nb"); err.Error() != `x:1:1: a\nb` {
		t.Error(err)
	}
}

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"a": "a", "runs/a,b.c+d": "runs/a,b.c+d", "No": `"No"`, "off": `"off"`, ".5": `".5"`, "11": `"11"`, "": `""`, `a\"b`: `"a\\\"b"`, "größe": `"größe"`, "-": `"-"`,
	} {
		if got := Quote(text); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}
