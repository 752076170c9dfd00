package display

import "testing"

const (
	family = "\U0001f468\u200d\U0001f469\u200d\U0001f467" // one picture of three
	hebrew = "\u05de\u05e2\u05d9\u05dc"
	arabic = "\u0642\u0645\u064a\u0635 2"
)

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "cat": 3, "größe": 5, "gro\u0308ße": 5, "\u732b": 2, family: 2, "caf\u00a0e": 5, hebrew: 4, Isolate(hebrew): 4} {
		if got := Width(text); got != want {
			t.Errorf("%+q takes %d columns, want %d", text, got, want)
		}
	}
}

func TestLabel(t *testing.T) {
	for name, want := range map[string]string{
		"cat": "cat", "caf\u00a0e": "caf\u00a0e", family: family, hebrew: "\u2068" + hebrew + "\u2069", arabic: "\u2068" + arabic + "\u2069",
		"a\u202eb": "a\ufffdb", "a\x1b[2J": "a\ufffd[2J", "\u0646\u200c\u0645": "\u2068\u0646\u200c\u0645\u2069",
	} {
		if got := Label(name); got != want {
			t.Errorf("%+q is %+q, want %+q", name, got, want)
		}
	}
	if !Printable(family) || !Printable("caf\u00a0e") || Printable("a\u202eb") || Printable("a\u2028b") {
		t.Error("what is printable")
	}
}
