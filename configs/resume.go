package configs

import (
	"cmp"
	"fmt"

	"vggtrain/internal/display"
)

// Change is a setting that differs between two recipes. Old and New are as Recipe.Text returns
// them; Old is "" for a setting that was not set.
type Change struct{ Key, Old, New string }

// Resume returns the settings of a run that goes on: those of r, such as flags, over the run's own,
// which its checkpoint holds, over the defaults of settings newer than the run. Errors:
// *SettingError for a change that a resumed run cannot have.
//
// The name of a network, and normalize: dataset, pass: what they stand for is not known here. Call
// Resume again when they have been looked up.
func (r *Recipe) Resume(run *Recipe) (*Recipe, error) {
	run = run.Over(Defaults())
	for _, c := range r.Changed(run) {
		k := find(c.Key)
		if k.resumed.allows(run, r) {
			continue
		}
		has := fmt.Sprintf("the run has %s, not %s", display.Word(cmp.Or(c.Old, "none")), display.Word(c.New))
		if c.Key == "arch" { // the texts are names of files
			has = "not the run's network"
		}
		given := "setting"
		if r.Origin(c.Key) == FromFlag {
			given = "flag"
		}
		return nil, &SettingError{Key: c.Key, Origin: r.Origin(c.Key),
			What: fmt.Sprintf("%s, and a resumed run %s: leave the %s out, or begin a new run", has, k.resumed.rule, given)}
	}
	return r.Over(run), nil
}

// Changed lists the settings of r with other values than in base, in the order of config.yaml.
// 1e-2 and 0.01 are one value.
func (r *Recipe) Changed(base *Recipe) []Change {
	var list []Change
	for i := range keys {
		k := &keys[i]
		switch {
		case !r.IsSet(k.Name):
		case !base.IsSet(k.Name):
			list = append(list, Change{Key: k.Name, New: r.Text(k.Name)})
		case k.text(r) != k.text(base):
			list = append(list, Change{k.Name, base.Text(k.Name), r.Text(k.Name)})
		}
	}
	return list
}

// Source is the settings of one origin.
type Source struct {
	Name     string   // Origin.Source
	Settings []string // key=value
}

// Sources groups the settings that are set by origin, in the order of config.yaml.
func (r *Recipe) Sources() []Source {
	var list []Source
	place := map[string]int{}
	for i := range keys {
		k := &keys[i]
		if !r.IsSet(k.Name) {
			continue
		}
		name := r.Origin(k.Name).Source
		at, ok := place[name]
		if !ok {
			at = len(list)
			place[name] = at
			list = append(list, Source{Name: name})
		}
		list[at].Settings = append(list[at].Settings, k.Name+"="+display.Word(r.Text(k.Name)))
	}
	return list
}

// resumeRule is how a setting may differ between a run and its resumed run.
type resumeRule struct {
	allows func(run, now *Recipe) bool
	rule   string // completes "a resumed run"
}

// fixed is for settings that decide what the steps compute.
var fixed = resumeRule{func(_, _ *Recipe) bool { return false }, "cannot change it"}

// free marks a setting that leaves the steps as they are: when a process ends or saves, or where the
// images are, which their digest identifies.
func free(k key) key {
	k.resumed.allows = func(_, _ *Recipe) bool { return true }
	return k
}

// growing marks a number that may become larger.
func growing(k key, field func(*Recipe) *int) key {
	k.resumed = resumeRule{func(run, now *Recipe) bool { return *field(now) > *field(run) }, "cannot have fewer"}
	return k
}

// named marks a fixed setting that a flag may give by a name, resolved and compared later.
func named(k key, isName func(run, now *Recipe) bool) key {
	k.resumed.allows = isName
	return k
}
