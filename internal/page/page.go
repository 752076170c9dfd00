// Package page writes report.html: a run on one self-contained page. It takes plain data.
//
// The page works from a file and without its script, which only adds the values under the pointer and
// the reloading. Its content security policy forbids the network. Texts are untrusted: html/template
// escapes them, and their length and number are bounded.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // of the page's parts
	"encoding/base64"
	"fmt"
	"html/template"
	"time"

	"vggtrain/internal/chart"
)

// State is the state of a run: under way, or its outcome.
type State string

// The states of a run.
const (
	Running     State = "running"
	Done        State = "done"
	Diverged    State = "diverged"
	Interrupted State = "interrupted"
	Failed      State = "failed"
)

// Concluded reports whether a page is of an ended run. html is the beginning of the page.
func Concluded(html []byte) bool {
	_, rest, found := bytes.Cut(html, []byte(` data-state="`))
	return found && !bytes.HasPrefix(rest, []byte(Running+`"`))
}

// Page is the content of report.html. Empty fields are left out.
type Page struct {
	Network string // its name
	About   string // the run in a line: network and data
	Folder  string
	State   State
	Advice  string // meaning of the state, and what to do
	Notices []string
	Chosen  string   // which images chose best.bin, in a sentence
	LeftOut []string // images that could not be read: at most some of their files
	Unread  int      // how many they are
	Written time.Time

	// For a run under way: the time until the page reloads itself, and until it calls itself stale.
	Reload, Stale time.Duration

	Part      float64 // finished part of a run under way, 0 to 1
	Progress  string  // where it stands
	Headlines []Fact
	Curves    *chart.Curves // nil: none

	Score   *Score
	Filters *Filters
	Maps    *Maps

	Settings    []Setting
	Config      string // config.yaml
	Layers      []Layer
	Resources   []Fact // speed and memory
	Environment []Fact
	Commands    []Command
	// WorkingFolder is the name of the base of relative paths in the commands; "" if unknown.
	WorkingFolder string
}

// Fact is a named number or short text.
type Fact struct{ Name, Value, Note string }

// Setting is a setting of the run.
type Setting struct {
	Name, Value, Origin, Help string
	Given                     bool // by the user, not by default
}

// Layer is a row of `vggtrain summary` for one image: a layer, or the total.
type Layer struct {
	Name, Type, Output string
	Params, MACs       int // 0: not shown
}

// Command is a suggested command line.
type Command struct{ Purpose, Line string }

// The page's parts.
var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// Render returns the page as HTML.
func (p *Page) Render() ([]byte, error) {
	t, err := template.New("page").Funcs(functions).Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("report page: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p.view()); err != nil {
		return nil, fmt.Errorf("report page: %w", err)
	}
	return out.Bytes(), nil
}

// policy allows the page's own style and script, by their digests, and pictures that are part of
// the page; nothing else, and nothing from anywhere.
func policy() string {
	return fmt.Sprintf("default-src 'none'; img-src data:; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'",
		digest(pageCSS), digest(pageJS))
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
