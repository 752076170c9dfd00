package picture

import "testing"

// Hebrew stands from right to left, the numbers in it and the rest from left to right.
func TestVisual(t *testing.T) {
	for line, want := range map[string]string{
		"Ankle boot":                               "Ankle boot",
		"\u05d0\u05d1\u05d2":                       "\u05d2\u05d1\u05d0",
		"3 \u05d0\u05d1 cat":                       "3 \u05d1\u05d0 cat",
		"\u05d0\u05d1 12 \u05d2":                   "\u05d2 12 \u05d1\u05d0",
		"cat, \u05d0\u05d1 and \u05d2\u05d3: many": "cat, \u05d1\u05d0 and \u05d3\u05d2: many", "1 \u05d0\u05d1 23": "1 23 \u05d1\u05d0",
		"": "", "(\u05d0\u05d1) x": "(\u05d1\u05d0) x", "\u05d0 (12) \u05d1": "\u05d1 (12) \u05d0", "\u05d0\u05b8\u05d1": "\u05d1\u05d0\u05b8",
	} {
		if got := visual(line); got != want {
			t.Errorf("%+q: %+q, want %+q", line, got, want)
		}
	}
}
