package display

import (
	"strings"
	"testing"
	"unicode/utf8"
)

const long = "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"

func TestForms(t *testing.T) {
	tests := []struct{ text, name, word, quote, line, clean string }{
		{"", "", `""`, `""`, "", ""},
		{"runs/größe", "runs/größe", "runs/größe", `"runs/größe"`, "runs/größe", "runs/größe"},
		{"a b", "a b", `"a b"`, `"a b"`, "a b", "a b"},
		{`a"b`, `a"b`, `"a\"b"`, `"a\"b"`, `a"b`, `a"b`},
		{"'", "'", "'", `"'"`, "'", "'"},
		{"a\n  b\r\nc", `"a\n  b\r\nc"`, `"a\n  b\r\nc"`, `"a\n  b\r\nc"`, `a\n  b\r\nc`, "a\n  b\ufffd\nc"},
		{"\x1b[31mred\x00", `"\x1b[31mred\x00"`, `"\x1b[31mred\x00"`, `"\x1b[31mred\x00"`, `\x1b[31mred\x00`, "\ufffd[31mred\ufffd"},
		{"a\u2028b", `"a\u2028b"`, `"a\u2028b"`, `"a\u2028b"`, `a\u2028b`, "a\ufffdb"},
		{"\u202egnol", `"\u202egnol"`, `"\u202egnol"`, `"\u202egnol"`, `\u202egnol`, "\ufffdgnol"},
		{"a\u00a0b", "a\u00a0b", "a\u00a0b", `"a\u00a0b"`, "a\u00a0b", "a\u00a0b"},
		{"\xff", `"\xff"`, `"\xff"`, `"\xff"`, "\ufffd", "\ufffd"},
		{long, long, long[:120] + "…", `"` + long[:120] + `…"`, long[:120] + "…", long},
	}
	for _, test := range tests {
		got := []string{Name(test.text), Word(test.text), Quote(test.text), Line(test.text, Short), Clean(test.text, "\n")}
		for i, want := range []string{test.name, test.word, test.quote, test.line, test.clean} {
			if got[i] != want || !utf8.ValidString(got[i]) {
				t.Errorf("%q: %s is %q, want %q", test.text, []string{"Name", "Word", "Quote", "Line", "Clean"}[i], got[i], want)
			}
		}
	}
}

func TestCut(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"résumé":                 "résumé",
		"résumés":                "résumé…",
		"a\x1b\xff\nbc":          "a\x1b\xff\nbc",
		"a\x1b\xff\nbc\xff":      "a\x1b\xff\nbc…",
		strings.Repeat("é", 100): strings.Repeat("é", 6) + "…",
	} {
		if got := Cut(text, 6); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
func TestShellWord(t *testing.T) {
	for word, want := range map[string]string{"runs/a-1.bin": "runs/a-1.bin", "": "''", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "größe": "'größe'",
		"q\x1b[31mRED": `$'q\033[31mRED'`, "a\nb\\'ü": `$'a\012b\\\'ü'`, "\xffé\u202e": `$'\377é\342\200\256'`, "\ufffd": "'\ufffd'"} {
		if got := ShellWord(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}
