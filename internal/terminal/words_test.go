package terminal

import (
	"math"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for want, got := range map[string]string{
		"2.3026": lossText(2.302585), "23.03": lossText(23.02585), "1.5e+06": lossText(1.5e6), "NaN": lossText(math.NaN()),
		"0.0200": rateText(0.02), "4.9e-05": rateText(4.87e-5), "0": rateText(0), "50.0000": rateText(50),
		"812 images/s": speedText(812.4), "9.8 images/s": speedText(9.81), "? images/s": speedText(math.NaN()),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text          string
		width, indent int
		want          string
	}{
		{"label one two three", 13, 6, "label one two|      three"},
		{"label one two three", 12, 6, "label one|      two|      three"},
		{"label onetwothree four", 8, 6, "label onetwothree|      four"},
		{"label one", 80, 6, "label one"},
		{"label one two", 0, 6, "label one two"},
		{"one two\nthree four", 7, 2, "one two|three|  four"},
		{"größte größte", 6, 0, "größte|größte"},
		{"nothingtobreak", 5, 2, "nothingtobreak"},
	} {
		if got := strings.ReplaceAll(wrap(c.text, c.width, c.indent), "\n", "|"); got != c.want {
			t.Errorf("%q in %d columns: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}
