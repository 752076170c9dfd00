package dataset

import (
	"strings"
	"testing"
)

func TestCheckClassName(t *testing.T) {
	for name, want := range map[string]string{
		"T-shirt/top":             "",
		"größe 40":                "",
		strings.Repeat("ß", 255):  "",
		"":                        "an empty class name",
		strings.Repeat("a", 256):  "a class name of 256 characters, more than 255",
		"\x1b[2J\nvggtrain: done": `"\x1b[2J\nvggtrain: done" is not a class name that can be printed`,
		"\u202egnp":               `"\u202egnp" is not a class name that can be printed`,
		"\xff":                    `"\xff" is not a class name that can be printed`,
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
