package display

import (
	"math"
	"testing"
)

func TestUnits(t *testing.T) {
	for want, got := range map[string]string{
		"0.5s": Duration(0.5), "75ms": Duration(0.075), "1.23ms": Duration(0.001234), "42s": Duration(42), "3m07s": Duration(187),
		"2h05m": Duration(7500), "3d04h": Duration(76 * 3600), "10s": Duration(9.96), "1m00s": Duration(59.7), "?": Duration(math.NaN()),
		"4s": Remaining(4.2), "0s": Remaining(0), "12s": Remaining(12.2),
		"1 epoch": Count(1, "epoch"), "4,690 steps": Count(4690, "step"), "0 steps": Count(0, "step"),
		"1,000": Comma(1000), "-1,000": Comma(-1000),
		"2.7 GiB": Bytes(27 << 30 / 10), "412.0 MiB": Bytes(412 << 20), "512 B": Bytes(512), "1023 B": Bytes(1023), "1.0 KiB": Bytes(1024), "0 B": Bytes(0), "4194304.0 TiB": Bytes(1 << 62),
		"45.7 million": About(45653504), "1.23 billion": About(1234e6), "128 million": About(128e6), "401,728": About(401728),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestSome(t *testing.T) {
	for _, test := range []struct {
		first []string
		total int
		want  string
	}{
		{nil, 0, ""},
		{[]string{"cat"}, 1, "cat"},
		{[]string{"cat", "dog"}, 2, "cat, dog"},
		{[]string{"cat", "dog"}, 2000, "cat, dog and 1,998 more"},
	} {
		if got := Some(test.first, test.total); got != test.want {
			t.Errorf("Some(%q, %d) is %q, want %q", test.first, test.total, got, test.want)
		}
	}
}
