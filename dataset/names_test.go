package dataset

import (
	"strings"
	"testing"
)

func TestCheckClassName(t *testing.T) {
	for name, want := range map[string]string{
		"T-shirt/top":                "",
		"größe 40":                   "",
		"big\u00a0cat":               "",
		"\U0001f469\u200d\U0001f52c": "",
		strings.Repeat("ß", 255):     "",
		"":                           "an empty class name",
		strings.Repeat("a", 256):     `"` + strings.Repeat("a", 60) + `…": a class name of 256 characters: no more than 255 are read`,
		"\x1b[2J\nvggtrain: done":    `"\x1b[2J\nvggtrain: done": a class name with a control character: rename it`,
		"a\u0085b":                   `"a\u0085b": a class name with a control character: rename it`,
		"\xff":                       `"\xff": a class name that is not UTF-8: rename it`,
	} {
		got := ""
		if err := CheckClassName(name); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
