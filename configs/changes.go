package configs

import (
	"cmp"
	"fmt"

	"vggtrain/internal/display"
)

// Change is a difference between two recipes. Old and New are in the form of Recipe.Text; Old is ""
// for a setting that was not set.
type Change struct{ Key, Old, New string }

// Resume returns the settings of a resumed run: r (the flags) over run (from the checkpoint) over the
// defaults of settings newer than the run. Errors: *SettingError for a change that a resumed run does
// not allow.
//
// The name of a network, and normalize: dataset, are not compared: they are resolved later. Call
// Resume again after that.
func (r *Recipe) Resume(run *Recipe) (*Recipe, error) {
	run = run.Over(Defaults())
	for _, c := range r.Changed(run) {
		if k, _ := find(c.Key); k.resumed != nil && k.resumed(run, r) {
			continue
		}
		has := fmt.Sprintf("the run has %s, not %s", display.Word(cmp.Or(c.Old, "none")), display.Word(c.New))
		rule, given := "cannot change it", "setting"
		switch c.Key {
		case "arch": // the texts are names of files
			has = "not the run's network"
		case "epochs":
			rule = "cannot have fewer"
		}
		if r.Origin(c.Key) == FromFlag {
			given = "flag"
		}
		return nil, &SettingError{Key: c.Key, Origin: r.Origin(c.Key),
			What: fmt.Sprintf("%s, and a resumed run %s: leave the %s out, or begin a new run", has, rule, given)}
	}
	return r.Over(run), nil
}

// Changed lists the settings of r whose values differ from base, in the order of config.yaml. 1e-2
// and 0.01 are equal.
func (r *Recipe) Changed(base *Recipe) []Change {
	var list []Change
	for _, k := range keys {
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

// free marks a setting that leaves the steps as they are: when a process ends or saves, or where the
// images are, which their digest identifies.
func free(k *key) *key { return resumable(k, func(_, _ *Recipe) bool { return true }) }

// resumable marks a setting that may differ in a resumed run: a number that may grow, or a name that
// is resolved and compared later.
func resumable(k *key, allows func(run, now *Recipe) bool) *key {
	k.resumed = allows
	return k
}
