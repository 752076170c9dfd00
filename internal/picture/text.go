package picture

import (
	"image/color"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
)

// textStyle is how a piece of text looks. Its size is in points for curves, in pixels elsewhere.
type textStyle struct {
	size  float64
	bold  bool
	color color.Color
}

var (
	titleText = textStyle{14, true, ink}
	noteText  = textStyle{11, false, pale}
	labelText = textStyle{11, false, ink}
)

// font is the style's font: Liberation Sans, which comes with the plotting library.
func (s textStyle) font() font.Font {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: font.Length(s.size)}
	if s.bold {
		f.Weight = xfont.WeightBold
	}
	return f
}

func (s textStyle) face() font.Face { return font.DefaultCache.Lookup(s.font(), font.Length(s.size)) }

func (s textStyle) vg() text.Style {
	return text.Style{Color: s.color, Font: s.font(), Handler: text.Plain{Fonts: font.DefaultCache}}
}

// width is how much room a line of text takes, in the unit of the size.
func (s textStyle) width(line string) float64 {
	face := s.face()
	return face.Width(line).Points()
}

const ellipsis = "…"

// fit returns text that can be drawn as one line and is no wider than room: what the font does
// not have is "?", and what is too long ends with an ellipsis. Where not even that has room it
// is empty.
func (s textStyle) fit(line string, room float64) string {
	line = s.legible(line)
	if s.width(line) <= room {
		return line
	}
	runes := []rune(line)
	fits := sort.Search(len(runes)-1, func(n int) bool { return s.width(string(runes[:n+1])+ellipsis) > room })
	if fits <= 0 {
		return ""
	}
	return strings.TrimRight(string(runes[:fits]), " ") + ellipsis
}

// fitNames returns the names of classes, each fit for room. If that makes another name of one of them,
// or two alike, all begin with their number, from 0, as in tables: that of numbers, nil for 0, 1, 2, …
func (s textStyle) fitNames(names []string, numbers []int, room float64) []string {
	fitted, seen, good := make([]string, len(names)), map[string]bool{}, true
	for i, name := range names {
		fitted[i] = s.fit(name, room)
		good = good && fitted[i] == spaced(name) && !seen[fitted[i]]
		seen[fitted[i]] = true
	}
	if good {
		return fitted
	}
	for i, name := range names {
		number := i
		if numbers != nil {
			number = numbers[i]
		}
		fitted[i] = s.fit(Numbered(number, name), room)
	}
	return fitted
}

// Numbered is the name of a class behind its number.
func Numbered(number int, name string) string { return strconv.Itoa(number) + " " + name }

// Drawable reports whether pictures have all letters of a name.
func Drawable(name string) bool { return bodyText.legible(name) == spaced(name) }

// unlike ends a note of a picture in which ? stands for letters.
func unlike(texts []string) string {
	lacks := func(text string) bool { return strings.Count(bodyText.legible(text), "?") > strings.Count(text, "?") }
	if !slices.ContainsFunc(texts, lacks) {
		return ""
	}
	return "; ?: a letter that pictures lack, the number is the class's"
}

// spaced has a space for white space of any kind.
func spaced(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, text)
}

// maxRunes bounds the work on a line of text: fewer characters fill the widest picture.
const maxRunes = 500

// legible returns text of characters that the font has: "?" is each other one, an emoji of several
// code points too. White space of all kinds is a space; what only joins or directs others is left out.
func (s textStyle) legible(line string) string {
	face := s.face()
	var buffer sfnt.Buffer
	var b strings.Builder
	clusters := uniseg.NewGraphemes(line)
	for n := 0; n < maxRunes && clusters.Next(); n++ {
		shown, missing := "", false
		for _, r := range clusters.Runes() {
			glyph, err := face.Face.GlyphIndex(&buffer, r)
			switch {
			case unicode.IsSpace(r):
				shown = " "
			case unicode.In(r, unicode.Cf, unicode.Variation_Selector):
			case err != nil || glyph == 0:
				missing = true
			default:
				shown += string(r)
			}
		}
		if missing {
			shown = "?"
		}
		b.WriteString(shown)
	}
	return b.String()
}
