package train

import (
	"errors"
	"slices"
	"testing"

	"vggtrain/internal/record"
)

// grumbler is an observer that says and returns the same trouble again and again.
type grumbler struct {
	Base
	notify func(string)
}

func (g *grumbler) Begin(p Plan) error {
	g.notify = p.Notify
	g.notify("full")
	return nil
}

func (g *grumbler) Step(record.Step) error { return errors.New("broken") }

func (g *grumbler) End(Result) error {
	g.notify("full")
	g.notify("broken") // was told as the error of a step
	g.notify("lost")
	return nil
}

// All observers hear what one has to say, before they begin and as they end, and each trouble once.
func TestObserversAreToldOnce(t *testing.T) {
	log := []string{}
	before, after := &recorder{log: &log}, &recorder{log: &log}
	o := newObservers(before, &grumbler{}, after)
	if err := o.begin(Plan{}); err != nil {
		t.Fatal(err)
	}
	o.step(record.Step{Step: 1})
	o.step(record.Step{Step: 2})
	o.notice("of the run itself")
	o.notice("of the run itself")
	if err := o.end(Result{}); err != nil {
		t.Fatal(err)
	}
	want := []string{"full", "broken; the run goes on", "of the run itself", "of the run itself", "lost"}
	for _, r := range []*recorder{before, after} {
		if !slices.Equal(r.notices, want) {
			t.Errorf("told %q, want %q", r.notices, want)
		}
	}
}
