// Package page writes report.html: all there is to see of a run as one page that needs nothing
// from outside. It takes plain data and knows nothing of where they are from.
//
// The page works from a file, without the network, which its content security policy forbids, and
// without its script, which only adds the values under the pointer and the reloading. Texts may be
// anybody's: html/template escapes them, and their length and number are bounded.
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

// State says whether a run is on, or how it has ended.
type State string

// The states of a run.
const (
	Running     State = "running"
	Done        State = "done"
	Diverged    State = "diverged"
	Interrupted State = "interrupted"
	Failed      State = "failed"
)

// Concluded reports whether the beginning of a page says that its run has ended.
func Concluded(html []byte) bool {
	_, rest, found := bytes.Cut(html, []byte(` data-state="`))
	return found && !bytes.HasPrefix(rest, []byte(Running+`"`))
}

// Page is all that report.html shows. Empty fields are left out.
type Page struct {
	Network string // its name
	About   string // the run in a line: what is trained, on what
	Folder  string
	State   State
	Advice  string // what the state means, and what to do about it
	Notices []string
	Written time.Time

	// Of a run that is on: when the page reloads itself, and when to say that it has not been
	// written for too long.
	Reload, Stale time.Duration

	Part      float64 // of the run that is done, of a run that is on
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
	// WorkingFolder is what relative paths in the commands begin at; "" if it is not known.
	WorkingFolder string
}

// Fact is a number, or a short text, with its name.
type Fact struct{ Name, Value, Note string }

// Setting is a setting of the run.
type Setting struct {
	Name, Value, Origin, Help string
	Given                     bool // by the user, and not by default
}

// Layer is a layer of the network, as `vggtrain summary` has it for one image, or their sum.
type Layer struct {
	Name, Type, Output string
	Params, MACs       int // 0: not shown
}

// Command is what a user can type next.
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

// Render returns the page.
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
