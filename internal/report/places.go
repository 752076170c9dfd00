package report

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"vggtrain/internal/page"
)

// places hides where things lie on this machine, since a page may be sent to others: paths in the
// working folder become relative, of other absolute ones …/ and the last name are left.
type places struct{ replacer *strings.Replacer }

const elsewhere = "…/"

// newPlaces knows the working folder, "" if there is none, and the paths that the run's texts may name.
func newPlaces(working string, paths ...string) places {
	shown := map[string]string{}
	below := strings.TrimRight(working, string(filepath.Separator)) + string(filepath.Separator)
	if working != "" && below != working { // else it is the root
		shown[below], shown[working] = "", "."
	}
	for _, path := range paths {
		path = filepath.Clean(path)
		if !filepath.IsAbs(path) || shown[working] != "" && strings.HasPrefix(path, below) {
			continue
		}
		switch folder := filepath.Dir(path); {
		case folder == path: // the root
		case folder == filepath.Dir(folder):
			shown[path] = elsewhere + filepath.Base(path)
		default:
			shown[folder+string(filepath.Separator)] = elsewhere
		}
	}
	var folders []string
	for folder := range shown {
		folders = append(folders, folder)
	}
	slices.SortFunc(folders, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, folder := range folders {
		pairs = append(pairs, folder, shown[folder])
	}
	return places{strings.NewReplacer(pairs...)}
}

func (p places) hide(text string) string { return p.replacer.Replace(text) }

// page returns the page with all its texts hidden so.
func (p places) page(shown page.Page) *page.Page {
	for _, text := range []*string{&shown.About, &shown.Folder, &shown.Advice, &shown.Config} {
		*text = p.hide(*text)
	}
	shown.Notices = slices.Clone(shown.Notices)
	for i := range shown.Notices {
		shown.Notices[i] = p.hide(shown.Notices[i])
	}
	shown.LeftOut = slices.Clone(shown.LeftOut)
	for i := range shown.LeftOut {
		shown.LeftOut[i] = p.hide(shown.LeftOut[i])
	}
	shown.Settings = slices.Clone(shown.Settings)
	for i := range shown.Settings {
		s := &shown.Settings[i]
		s.Value, s.Origin = p.hide(s.Value), p.hide(s.Origin)
	}
	shown.Environment = slices.Clone(shown.Environment)
	for i := range shown.Environment {
		shown.Environment[i].Value = p.hide(shown.Environment[i].Value)
	}
	shown.Commands = slices.Clone(shown.Commands)
	for i := range shown.Commands {
		shown.Commands[i].Line = p.hide(shown.Commands[i].Line)
	}
	return &shown
}
