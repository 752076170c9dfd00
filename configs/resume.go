package configs

import (
	"cmp"
	"fmt"

	"vggtrain/internal/display"
)

// Change is a setting that differs between two recipes. Old and New are what Recipe.Text returns;
// Old is "" where the setting was not set.
type Change struct{ Key, Old, New string }

// Resume returns the settings with which a run goes on: those of r, such as flags, over the run's
// own, which its checkpoint holds, over the defaults of settings that are newer than the run. To
// repeat what the run has is no change. Errors: *SettingError, for what a resumed run cannot change.
//
// A network by its name, and normalize: dataset for a run that has numbers, are taken as they are:
// what they stand for is known only when they are looked up. When it is, Resume of that recipe
// finds whether it is what the run has.
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

// Changed lists the settings that r sets otherwise than base, in the order of config.yaml. It
// compares values, not how they are written: 1e-2 is 0.01.
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

// Source is one origin of settings, and those that come from it.
type Source struct {
	Name     string   // Origin.Source: flag, default, a file's name
	Settings []string // key=value
}

// Sources lists where the settings come from, and which do, both in the order of config.yaml.
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

// resumption is the column of the table that says what a resumed run may have otherwise than the
// run that it goes on with.
type resumption struct {
	allows func(run, now *Recipe) bool
	rule   string // a resumed run ...
}

// fixed is for all that makes the run what it is.
var fixed = resumption{func(_, _ *Recipe) bool { return false }, "cannot change it"}

// free marks a setting that says when a process ends or saves, or where the images are, whose
// identity their digest tells: it leaves the steps as they are.
func free(k key) key {
	k.resumed.allows = func(_, _ *Recipe) bool { return true }
	return k
}

// growing marks a number of something that the run may have more of.
func growing(k key, field func(*Recipe) *int) key {
	k.resumed = resumption{func(run, now *Recipe) bool { return *field(now) > *field(run) }, "cannot have fewer"}
	return k
}

// named marks a setting that may name what the run has spelled out: fixed, but not to be compared yet.
func named(k key, isName func(run, now *Recipe) bool) key {
	k.resumed.allows = isName
	return k
}
