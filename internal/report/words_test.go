package report

import (
	"math"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"
)

func TestWords(t *testing.T) {
	for want, got := range map[string]string{
		"0.5s": Duration(0.5), "75ms": Duration(0.075), "1.23ms": Duration(0.001234), "42s": Duration(42), "3m07s": Duration(187),
		"2h05m": Duration(7500), "3d04h": Duration(76 * 3600), "10s": Duration(9.96), "1m00s": Duration(59.7), "?": Duration(math.NaN()),
		"4s": ahead(4.2), "0s": ahead(0), "12s": ahead(12.2),
		"1 epoch": count(1, "epoch"), "4,690 steps": count(4690, "step"), "0 steps": count(0, "step"),
		"1,000": humanize.Comma(1000), "-1,000": humanize.Comma(-1000),
		"2.7 GiB": Bytes(27 << 30 / 10), "412.0 MiB": Bytes(412 << 20), "512 B": Bytes(512), "1023 B": Bytes(1023), "1.0 KiB": Bytes(1024), "0 B": Bytes(0), "4194304.0 TiB": Bytes(1 << 62),
		"45.7 million": about(45653504), "1.23 billion": about(1234e6), "128 million": about(128e6), "401,728": about(401728),
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
