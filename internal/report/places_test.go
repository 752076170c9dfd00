package report

import "testing"

func TestPlaces(t *testing.T) {
	p := newPlaces("/home/x/work", "/home/x/work/runs/a", "/mnt/big/photos", "/photos", "/", "runs/b", "/home/x/my recipes/a.yaml")
	for text, want := range map[string]string{
		"/home/x/work/runs/a/config.yaml":      "runs/a/config.yaml",
		"in /home/x/work: nothing":             "in .: nothing",
		"/mnt/big/photos/cat/1.jpg: no photo":  "…/photos/cat/1.jpg: no photo",
		"data: /mnt/big/photos\nlr: 0.1":       "data: …/photos\nlr: 0.1",
		"/photos: empty":                       "…/photos: empty",
		"'/home/x/my recipes/a.yaml'":          "'…/a.yaml'",
		"runs/b and 1/2, images/s":             "runs/b and 1/2, images/s",
		"/mnt/big/photos2 beside it":           "…/photos2 beside it",
		"3 of 4, /home/x/work/photos is below": "3 of 4, photos is below",
	} {
		if got := p.hide(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := newPlaces("").hide("/a/b"); got != "/a/b" {
		t.Errorf("without places: %q", got)
	}
}
