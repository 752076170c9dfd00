package configs

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vggtrain/internal/display"
	"vggtrain/internal/nearest"
)

// newKey makes a line of the table from the field and how its type is read and printed. must says
// what a text has to be that parse refuses; "": parse's errors do.
func newKey[T any](group, name, values, preset, help string, kind kind, field func(*Recipe) *T, must string,
	parse func(string) (T, error), print func(T) string) *key {
	return &key{
		Key: Key{name, group, values, help, preset, kind == kindBool}, kind: kind,
		set: func(r *Recipe, text string) error {
			value, err := parse(text)
			switch {
			case err == nil:
				*field(r) = value
			case must != "":
				err = mustBe(must, text)
			}
			return err
		},
		text: func(r *Recipe) string { return print(*field(r)) },
		copy: func(dst, src *Recipe) { *field(dst) = *field(src) },
	}
}

func asIs(s string) string { return s }

func mustBe(what, text string) error {
	return fmt.Errorf("must be %s, not %s", what, display.Word(text))
}

// within returns err, or an error if a value is not within its bounds.
func within(err error, ok bool) error {
	if err == nil && !ok {
		return strconv.ErrRange
	}
	return err
}

func integer(group, name, preset, help string, lo, hi int, field func(*Recipe) *int) *key {
	return newKey(group, name, "N", preset, help, kindNumber, field, fmt.Sprintf("a whole number from %d to %d", lo, hi), func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		return n, within(err, n >= lo && n <= hi)
	}, strconv.Itoa)
}

// count is a number from 1, or a word that stands for 0.
func count(group, name, zero, help string, field func(*Recipe) *int) *key {
	const hi = 1_000_000_000
	must := fmt.Sprintf("%s or a whole number from 1 to %d", zero, hi)
	return newKey(group, name, zero+"|N", zero, help, kindMixed, field, must, func(s string) (int, error) {
		if s == zero {
			return 0, nil
		}
		n, err := strconv.Atoi(s)
		return n, within(err, n >= 1 && n <= hi)
	}, func(n int) string {
		if n == 0 {
			return zero
		}
		return strconv.Itoa(n)
	})
}

// maxTime is the longest max-time: a year.
const maxTime = 8760 * time.Hour

var mustBeTime = "off or a time above 0, at most " + formatMaxTime(maxTime) + ", such as 90m or 1h30m"

// parseMaxTime reads off, which is 0, or a time in Go's form: 90m, 1h30m.
func parseMaxTime(s string) (time.Duration, error) {
	if s == "off" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	return d, within(err, d > 0 && d <= maxTime)
}

// formatMaxTime prints a time as parseMaxTime reads it, without Go's zeros: 1h30m, not 1h30m0s.
func formatMaxTime(d time.Duration) string {
	if d == 0 {
		return "off"
	}
	return strings.TrimSuffix(strings.NewReplacer("h0m0s.", "h", "m0s.", "m").Replace(d.String()+"."), ".")
}

// interval is a range of numbers, ends included, and in words.
type interval struct {
	words  string
	lo, hi float64
}

var (
	below1       = interval{"from 0, below 1", 0, math.Nextafter(1, 0)}
	upTo1        = interval{"from 0 to 1", 0, 1}
	upToMillion  = interval{"from 0 to 1e+06", 0, 1e6}
	upToThousand = interval{"above 0, at most 1000", math.SmallestNonzeroFloat64, 1000}
)

func float(group, name, preset, help string, in interval, field func(*Recipe) *float64) *key {
	return newKey(group, name, "X", preset, help, kindNumber, field, "a number "+in.words, func(s string) (float64, error) {
		x, err := strconv.ParseFloat(s, 64)
		return x + 0, within(err, x >= in.lo && x <= in.hi) // -0 becomes 0
	}, formatFloat)
}

// formatFloat prints the shortest decimal that reads back as x, without an exponent, which some
// YAML readers take for text.
func formatFloat(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func boolean(group, name, preset, help string, field func(*Recipe) *bool) *key {
	return newKey(group, name, "", preset, help, kindBool, field, "true or false", func(s string) (bool, error) {
		return s == "true", within(nil, s == "true" || s == "false")
	}, strconv.FormatBool)
}

func word(group, name, preset, help string, field func(*Recipe) *string, words ...string) *key {
	return newKey(group, name, strings.Join(words, "|"), preset, help, kindText, field, "", func(s string) (string, error) {
		return s, oneOf(words, s)
	}, asIs)
}

// oneOf returns an error unless s is one of the words.
func oneOf(words []string, s string) error {
	if slices.Contains(words, s) {
		return nil
	}
	must := mustBe(strings.Join(words, " or "), s)
	if near := nearest.Name(s, words); near != "" {
		return fmt.Errorf("%w: did you mean %s?", must, near)
	}
	return must
}

// line is a text of one line, such as a file's name.
func line(group, name, values, preset, help string, field func(*Recipe) *string) *key {
	return newKey(group, name, values, preset, help, kindText, field, "", parseLine, asIs)
}

// maxText is the longest text, in bytes: a line of YAML has room for it, all of it escaped.
const maxText = 2000

func parseLine(s string) (string, error) {
	switch {
	case s == "":
		return "", errors.New("must not be empty")
	case len(s) > maxText:
		return "", fmt.Errorf("must be at most %d bytes long, not %d", maxText, len(s))
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "", mustBe("one line of plain text", s)
	}
	return s, nil
}

func parseArch(s string) (Network, error) {
	name, err := parseLine(s)
	return Network{Name: name}, err
}

// parseChannels reads auto, which is 0, 1 or 3.
func parseChannels(s string) (int, error) {
	at := slices.Index([]string{"auto", "1", "", "3"}, s)
	return at, within(nil, at >= 0 && s != "")
}

func formatChannels(n int) string {
	if n == 0 {
		return "auto"
	}
	return strconv.Itoa(n)
}

// parseAugment reads auto, none, or a list of flip and crop, and puts it in one order.
func parseAugment(s string) (string, error) {
	alone, words := []string{"auto", "none"}, []string{"flip", "crop"}
	if slices.Contains(alone, s) {
		return s, nil
	}
	has := map[string]bool{}
	for w := range strings.SplitSeq(unbracket(s), ",") {
		w = strings.TrimSpace(w)
		switch {
		case w == "" && len(s) > 1:
			return "", fmt.Errorf("must have a name beside each comma, not %s", display.Word(s))
		case slices.Contains(alone, w):
			return "", fmt.Errorf("must be %s alone, or a list without it, not %s", w, display.Word(s))
		case !slices.Contains(words, w):
			return "", oneOf(slices.Concat(alone, words), w)
		case has[w]:
			return "", fmt.Errorf("must have %s only once", w)
		}
		has[w] = true
	}
	words = slices.DeleteFunc(words, func(w string) bool { return !has[w] })
	return strings.Join(words, ","), nil
}

// leastDeviation is what dataset can divide by.
const leastDeviation = 1e-9

// parseNormalize reads a word, [mean, deviation], or a list of means and one of deviations.
func parseNormalize(s string) (Normalize, error) {
	switch s {
	case "none", "dataset":
		return Normalize{Kind: s}, nil
	case "imagenet":
		return imagenet, nil
	}
	mean, deviation, _ := strings.Cut(unbracket(s), ",")
	if means, rest, three := strings.Cut(unbracket(s), "],"); three {
		mean, deviation = unbracket(means+"]"), unbracket(strings.TrimSpace(rest))
	}
	m, err1 := parseFloats(mean, -1, 1)
	d, err2 := parseFloats(deviation, leastDeviation, 1)
	if err := within(errors.Join(err1, err2), len(m) == len(d) && (len(m) == 1 || len(m) == 3)); err != nil {
		return Normalize{}, err
	}
	return NormalizeBy(m, d), nil
}

// parseFloats reads numbers between commas, each from lo to hi.
func parseFloats(s string, lo, hi float64) ([]float64, error) {
	var list []float64
	for text := range strings.SplitSeq(s, ",") {
		x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err = within(err, x >= lo && x <= hi); err != nil {
			return nil, err
		}
		list = append(list, x+0) // -0 becomes 0
	}
	return list, nil
}

// String returns the setting in YAML, the form that Set takes.
func (n Normalize) String() string {
	switch {
	case n.Kind != "given":
		return n.Kind
	case n.N == 1:
		return formatFloats(n.Mean[0], n.Deviation[0])
	}
	return "[" + formatFloats(n.Mean[:]...) + ", " + formatFloats(n.Deviation[:]...) + "]"
}

// Short is like String, with four significant digits a number.
func (n Normalize) Short() string {
	for c := range n.N {
		n.Mean[c], n.Deviation[c] = fourDigits(n.Mean[c]), fourDigits(n.Deviation[c])
	}
	return n.String()
}

func fourDigits(x float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	if err != nil {
		return x // not finite
	}
	return rounded
}

func formatFloats(list ...float64) string {
	var texts []string
	for _, x := range list {
		texts = append(texts, formatFloat(x))
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// unbracket takes the brackets of a YAML list away.
func unbracket(s string) string {
	if len(s) > 1 && s[0] == '[' && s[len(s)-1] == ']' {
		return s[1 : len(s)-1]
	}
	return s
}
