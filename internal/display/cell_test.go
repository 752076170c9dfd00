package display

import "testing"

func TestCell(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "cat": "cat", "T-shirt/top": "T-shirt/top", "a=b": "a=b", "'": "'",
		"-1": "-1", "+1.5e3": "+1.5e3", "-Inf": "-Inf",
		`=HYPERLINK("http://x")`: `'=HYPERLINK("http://x")`, "+1+cmd|' /C calc'!A0": "'+1+cmd|' /C calc'!A0",
		"-cat": "'-cat", "@SUM(1)": "'@SUM(1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "-1\n": "'-1\n",
		"＝1+1": "'＝1+1", "\xff": "\xff",
	} {
		if got := Cell(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
