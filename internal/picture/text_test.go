package picture

import (
	"slices"
	"strings"
	"testing"
)

func TestFit(t *testing.T) {
	for _, c := range []struct {
		line string
		room float64
		want string
	}{
		{"Ankle boot", 200, "Ankle boot"},
		{"Ankle boot", 80, "Ankle…"}, // no space before the ellipsis
		{"Ankle boot", 50, "An…"},
		{"Ankle boot", 15, ""},
		{"", 100, ""},
		{"a\tb\nc", 200, "a b c"},
		{"Größe ñ Žluť Ωμέγα Обувь", 500, "Größe ñ Žluť Ωμέγα Обувь"},
		{"靴 boot", 200, "? boot"},
		{"\x1b[31mred\x00", 200, "?[31mred?"},
		{"bad \xff bytes", 200, "bad ? bytes"},
		{"\U0001f468\u200d\U0001f469\u200d\U0001f467 family", 200, "? family"},
		{"\u2764\ufe0f\u200d\U0001f525", 200, "?"},
		{"cafe\u0301", 200, "cafe\u0301"},
		{"a\u202eb", 200, "ab"},
	} {
		if got := bodyText.fit(c.line, c.room); got != c.want {
			t.Errorf("%q in %v: %q, want %q", c.line, c.room, got, c.want)
		}
	}
	long := bodyText.fit(strings.Repeat("W", 1<<20), 1000)
	if width := bodyText.width(long); width > 1000 || width < 970 {
		t.Errorf("a long line takes %.0f of 1000", width)
	}
}

// Names that do not come out as they are begin with their number: cut, they may be alike.
func TestFitNames(t *testing.T) {
	for _, c := range []struct{ names, want []string }{
		{[]string{"Bag", "Ankle boot"}, []string{"Bag", "Ankle boot"}},
		{[]string{"Bag", "a rather long name 1", "a rather long name 2"}, []string{"0 Bag", "1 a rathe…", "2 a rathe…"}},
		{[]string{"靴", "鞄"}, []string{"0 ?", "1 ?"}},
		{[]string{"a\u00a0b", "c"}, []string{"a b", "c"}},
		{[]string{"a\u00a0b", "a b"}, []string{"0 a b", "1 a b"}},
		{[]string{"a", "a\u200d"}, []string{"0 a", "1 a"}},
	} {
		if got := bodyText.fitNames(c.names, nil, 100); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.names, got, c.want)
		}
	}
}

func TestFitNamesByNumber(t *testing.T) {
	got := bodyText.fitNames([]string{"靴", "b"}, []int{7, 300}, 100)
	if want := []string{"7 ?", "300 b"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if Drawable("靴") || !Drawable("Größe") || !Drawable("a\u00a0b") {
		t.Error("what can be drawn")
	}
}

// A picture says what a ? in it means, unless it is one.
func TestUnlike(t *testing.T) {
	if got := unlike([]string{"Größe", "why?"}); got != "" {
		t.Errorf("%q", got)
	}
	if got := unlike([]string{"why?", "靴?"}); got != "; ?: a letter that pictures lack, the number is the class's" {
		t.Errorf("%q", got)
	}
	c := confusion(2)
	c.Classes[0] = "靴"
	if plain := confusion(2).layout(); c.layout().width <= plain.width {
		t.Error("the note is not in the picture")
	}
}
