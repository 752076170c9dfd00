package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"vggtrain/configs"
)

// The help of fit names the settings that a resumed run takes anew, all of them and no other.
func TestHelpNamesResumable(t *testing.T) {
	_, text, _ := strings.Cut(newFitCommand(nil).Long, "given anew:")
	text = regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(text, "")
	told := strings.FieldsFunc(text, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r == '-') })
	told = slices.DeleteFunc(told, func(word string) bool { return word == "and" })
	taken := []string{"threads"} // which is no setting
	for _, key := range configs.Keys() {
		if key.Name != "arch" && key.Name != "normalize" && takenAnew(t, key.Name) { // which must stay what they are, under another name
			taken = append(taken, key.Name)
		}
	}
	slices.Sort(told)
	slices.Sort(taken)
	if !slices.Equal(told, taken) {
		t.Errorf("told: %q, taken: %q", told, taken)
	}
}

// takenAnew reports whether a resumed run takes another value of a setting.
func takenAnew(t *testing.T, name string) bool {
	t.Helper()
	run := configs.Defaults()
	for _, text := range []string{"17", "0.5", "true", "false", "1h", "flip", "cosine", "kaiming", "3", "pad"} {
		flags := &configs.Recipe{}
		if flags.Set(name, text, configs.FromFlag) != nil || len(flags.Changed(run)) == 0 {
			continue
		}
		_, err := flags.Resume(run)
		return err == nil
	}
	if name != "optimizer" { // which has no other
		t.Errorf("%s: no value of this test changes it", name)
	}
	return false
}
