package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"vggtrain/internal/display"
	"vggtrain/internal/predict"
	"vggtrain/internal/terminal"
)

// predictionWriter writes what the network sees, an image at a time, in the form that suits what the
// results go to.
type predictionWriter struct {
	w       io.Writer
	classes []string
	write   func(predict.Result) error
	begun   bool // the list of JSON
	columns int  // of the terminal
	longest int  // class's name, in columns
	bold    bool // the terminal knows how
}

func newPredictionWriter(o *predictOptions, classes []string) *predictionWriter {
	w := &predictionWriter{w: o.Out, classes: classes}
	f := terminalOf(o.Out)
	switch {
	case o.JSON:
		w.write = w.item
	case f == nil:
		w.write = w.line
	default:
		w.write = w.bars
		w.columns, _ = terminal.Size(f)
		w.bold = terminal.Live(f)
		for _, name := range classes {
			w.longest = max(w.longest, display.Width(display.Label(name)))
		}
	}
	return w
}

// terminalOf returns the terminal that w writes to, or nil.
func terminalOf(w io.Writer) *os.File {
	if sticky, ok := w.(*stickyWriter); ok {
		w = sticky.to
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// predictionRecord is an item of predict --json.
type predictionRecord struct {
	Image string        `json:"image"`
	Top   []guessRecord `json:"top"`             // best first
	Error string        `json:"error,omitempty"` // why it could not be read; then top is empty

	// Of networks of Fashion-MNIST's own files:
	Background *byte      `json:"background,omitempty"` // its grey, 0 to 255
	Inverted   *bool      `json:"inverted,omitempty"`
	Trimmed    *boxRecord `json:"trimmed,omitempty"` // what is left of the image; not there: all of it
}

// boxRecord is a part of an image in pixels.
type boxRecord struct {
	Left   int `json:"left"`
	Top    int `json:"top"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

type guessRecord struct {
	Class       int     `json:"class"`
	Name        string  `json:"name"`
	Probability float64 `json:"probability"`
}

// item adds to the JSON document: a list, written as it grows.
func (w *predictionWriter) item(r predict.Result) error {
	item := predictionRecord{Image: r.Photo.Name, Top: []guessRecord{}}
	if r.Err != nil {
		item.Error = r.Err.Error()
	}
	if g := r.Garment; g != nil {
		item.Background, item.Inverted = &g.Grey, &g.Inverted
		if box := g.Trimmed; !box.Empty() {
			item.Trimmed = &boxRecord{box.Min.X, box.Min.Y, box.Dx(), box.Dy()}
		}
	}
	for _, g := range r.Guesses {
		item.Top = append(item.Top, guessRecord{g.Class, w.classes[g.Class], g.Probability})
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("  ", "  ")
	if err := encoder.Encode(item); err != nil {
		return err
	}
	before := ",\n  "
	if !w.begun {
		before = "[\n  "
	}
	w.begun = true
	_, err := fmt.Fprint(w.w, before, strings.TrimSuffix(text.String(), "\n"))
	return err
}

// endList ends the list, so that it is one whatever happened before.
func (w *predictionWriter) endList() error {
	text := "\n]\n"
	if !w.begun {
		text = "[]\n"
	}
	_, err := io.WriteString(w.w, text)
	return err
}

// line writes a line an image: for a pipe or a file.
func (w *predictionWriter) line(r predict.Result) error {
	var guesses []string
	for _, g := range r.Guesses {
		guesses = append(guesses, fmt.Sprintf("%s %.4f", display.Clean(w.classes[g.Class], ""), g.Probability))
	}
	_, err := fmt.Fprintf(w.w, "%s: %s\n", r.Photo.Title, listed(guesses))
	return err
}

const (
	widestBar  = 40              // columns
	percentage = len(" 100.0 %") // likewise
)

// bars draws a bar for each probability: for a terminal.
func (w *predictionWriter) bars(r predict.Result) error {
	title := r.Photo.Title
	if w.bold {
		title = terminal.Strong(title)
	}
	lines := []string{title}
	widest := max(0, min(widestBar, w.columns-len("  ")-w.longest-percentage-len("  ")))
	for _, g := range r.Guesses {
		name := display.Label(w.classes[g.Class])
		blanks := strings.Repeat(" ", w.longest-display.Width(name))
		lines = append(lines, strings.TrimRight(fmt.Sprintf("  %s%s %5.1f %%  %s", name, blanks, 100*g.Probability, bar(g.Probability, widest)), " "))
	}
	_, err := io.WriteString(w.w, strings.Join(lines, "\n")+"\n")
	return err
}

// bar is a share of the widest, to half a column.
func bar(share float64, widest int) string {
	halves := int(share*2*float64(widest) + 0.5)
	return strings.Repeat("█", halves/2) + strings.Repeat("▌", halves%2)
}

// assumptions are what was taken for granted of photos of garments, over all images.
type assumptions struct {
	invert                             bool // of what is light and transparent, too: the user has not decided
	images                             int
	light, dark, white, black, trimmed tally
}

// tally counts images of one kind and knows the first ones' names.
type tally struct {
	count int
	names []string
}

func (t *tally) add(name string) {
	const most = 5
	t.count++
	if len(t.names) < most {
		t.names = append(t.names, name)
	}
}

// of says which of all images they are: nothing where there is but one.
func (t *tally) of(images int) string {
	switch {
	case images == 1:
		return ""
	case t.count == images && images == 2:
		return " in both images"
	case t.count == images:
		return fmt.Sprintf(" in all %s images", display.Comma(images))
	}
	return fmt.Sprintf(" in %s of %s images (%s)", display.Comma(t.count), display.Comma(images), display.Some(t.names, t.count))
}

func (a *assumptions) add(r predict.Result) {
	a.images++
	g := r.Garment
	if g == nil {
		return
	}
	if !g.Trimmed.Empty() {
		a.trimmed.add(r.Photo.Title)
	}
	if !a.invert {
		return
	}
	kind := &a.dark
	if g.Inverted {
		kind = &a.light
	}
	kind.add(r.Photo.Title)
	if g.Transparent {
		kind = &a.black
		if g.Behind != 0 {
			kind = &a.white
		}
		kind.add(r.Photo.Title)
	}
}

// lines are what has to be said: nothing of what the user has decided.
func (a *assumptions) lines() []string {
	var lines []string
	for _, kind := range []struct {
		tally     *tally
		what, end string
	}{
		{&a.white, "transparent parts", "white put behind them"},
		{&a.black, "transparent parts", "black put behind them"},
		{&a.light, "light background", "inverted, since Fashion-MNIST is bright on black (--invert no: as it is)"},
		{&a.dark, "dark background", "taken as it is, like Fashion-MNIST (--invert yes: inverted)"},
		{&a.trimmed, "a margin", "cut off, since Fashion-MNIST's garments fill the picture (--crop no: as it is)"},
	} {
		if kind.tally.count > 0 {
			lines = append(lines, kind.what+kind.tally.of(a.images)+": "+kind.end)
		}
	}
	return lines
}
