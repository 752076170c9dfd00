package page

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"vggtrain/internal/display"
	"vggtrain/internal/record"
)

// Filters has the filters of the first convolution.
type Filters struct {
	Layer  string // features.0
	Shape  string // 16 filters of 3×3
	Limit  float32
	Colour bool // Images are patches of colour, for images in RGB
	Images []Image
}

// Maps has the feature maps of one image, block by block.
type Maps struct {
	Image   string // which one, and what it is
	Shape   string // 1×56×56
	Input   Image  // the network's input
	Blocks  []Block
	Guesses []Guess // the most probable first
	Single  bool    // a block has channels of one number each
}

// Block has the feature maps of a block of layers.
type Block struct {
	Layers   string // features.0 to features.2
	Shape    string // 16×28×28
	Channels []Image
	Silent   string // the number of all-zero channels, in words; "" for 0
}

// Guess is a class with its probability.
type Guess struct {
	Class       string
	Probability float64
}

// view is a Page as the template shows it.
type view struct {
	*Page
	Policy    string
	CSS       template.CSS
	JS        template.JS
	Title     string
	Mark      string // of the state
	Time      string
	WrittenMs int64
	ReloadS   int
	StaleS    int
	Charts    []chartView
	Rows      []record.Epoch
	Omitted   int  // how many epochs Rows leave out
	Best      int  // epoch; 0: none
	Given     bool // some setting was given
	Unlisted  bool // some images that could not be read are not in LeftOut
	Elsewhere bool // some command names a folder outside of the working folder, as …/NAME
}

// maxRows bounds the table of epochs.
const maxRows = 100

func (p *Page) view() *view {
	v := &view{
		Page: p, Charts: p.charts(),
		Policy: policy(), CSS: template.CSS(pageCSS), JS: template.JS(pageJS), // both our own
		Title: fmt.Sprintf("%s – %s", label(p.Network), p.State),
		Time:  p.Written.Format("2006-01-02 15:04:05 -07:00"), WrittenMs: p.Written.UnixMilli(),
		Mark: marks[p.State], Given: slices.ContainsFunc(p.Settings, func(s Setting) bool { return s.Given }),
		Unlisted:  p.Unread > len(p.LeftOut),
		Elsewhere: slices.ContainsFunc(p.Commands, func(c Command) bool { return strings.Contains(c.Line, "…/") }),
	}
	if p.State == Running {
		v.ReloadS, v.StaleS = int(p.Reload/time.Second), int(p.Stale/time.Second)
	}
	if c := p.Curves; c != nil {
		v.Omitted = max(0, len(c.Epochs)-maxRows)
		v.Rows = c.Epochs[v.Omitted:]
		if best := c.Best(); best != nil {
			v.Best = best.Epoch
		}
	}
	return v
}

// marks stand beside the words for states, for who does not see colours.
var marks = map[State]string{Running: "◐", Done: "✓", Diverged: "✕", Interrupted: "‖", Failed: "✕"}

// Bounds of texts, in characters.
const (
	maxLabel = 32 // names in tables and pictures
	maxText  = 1000
	maxLine  = 32_000 // commands, which would be others if they were cut: room for two paths
)

// label is a name as it is shown: without characters that do not print, which could also turn the
// direction of the text, and not too long. One that is written from right to left is isolated: the
// numbers behind it stay behind it.
func label(name string) string {
	if name == "" {
		return "(no name)"
	}
	return display.Label(display.Cut(name, maxLabel))
}

// clean returns at most most characters of text, without such as do not print.
func clean(text string, most int) string { return display.Clean(display.Cut(text, most), "") }

// functions are the template's. The first are for what may be anybody's text.
var functions = template.FuncMap{
	"class": label,
	"label": func(s string) string { return clean(s, 2*maxLabel) },
	"text":  func(s string) string { return clean(s, maxText) },
	"line":  func(s string) string { return clean(s, maxLine) },
	"lines": func(s string) string {
		lines := strings.Split(s, "\n")
		for i := range lines {
			lines[i] = clean(lines[i], maxText)
		}
		return strings.Join(lines, "\n")
	},
	"bar": bar, "chance": chance, "comma": display.Comma, "number": orDash, "trim": trim,
}

// bar is the width of a bar for a part of 1.
func bar(part float64) string {
	if !(part > 0) { // also if it is NaN
		return percent(0)
	}
	return percent(min(part, 1))
}

// chance writes a probability or a part in percent. What is not certain is not 100.
func chance(p float64) string {
	if p < 1 && p > 0.9999 {
		return "> 99.99\u00a0%"
	}
	if p > 0.99 && p < 1 {
		return orDash("%.2f\u00a0%%", 100*p)
	}
	return orDash("%.1f\u00a0%%", 100*p)
}
