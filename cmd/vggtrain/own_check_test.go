package main

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// check trains on the set and holds the run to the case.
func (c *own) check(t *testing.T, dir string) {
	t.Helper()
	arch, out := filepath.Join(dir, "..", "tiny.yaml"), filepath.Join(t.TempDir(), "run")
	put(t, arch, []byte("name: tiny\nblocks: [[1, 4], [1, 8]]\nhidden: [16]\ndropout: 0.0\n"))
	data := filepath.Join(dir, filepath.FromSlash(c.data))
	args := slices.Concat([]string{"fit", "--arch", arch, "--resize", "28", "--batch-size", "8", "--epochs", "1", "--json", "--data", data, "--out", out}, c.flags)
	run := execution(args...)
	if c.refused != nil {
		if why := run.refusal(c.refused[0], 0); why != "" {
			t.Fatalf("%s\n%s", why, run.stderr)
		}
		wantParts(t, "the error", run.stderr, c.refused)
		return
	}
	if run.status != exitDone {
		t.Fatalf("exit status %d\n%s", run.status, run.stderr)
	}
	wantParts(t, "a notice", run.stderr, c.says)
	for _, part := range c.silent {
		if strings.Contains(run.stderr, part) {
			t.Errorf("the notices say %q\n%s", part, run.stderr)
		}
	}
	var record struct {
		LeftOut      int      `json:"left_out"`
		LeftOutFiles []string `json:"left_out_files"`
		TestAccuracy *float64 `json:"test_accuracy"`
	}
	fromJSON(t, run.stdout, &record)
	if record.LeftOut != len(c.left) || !slices.Equal(sorted(record.LeftOutFiles), c.left) {
		t.Errorf("%d files are left out, %q, want %q", record.LeftOut, record.LeftOutFiles, c.left)
	}
	if got := record.TestAccuracy != nil; got != (c.test > 0) {
		t.Errorf("a test set is scored at the end: %t", got)
	}
	if got := trainedOn(t, out); got != c.train {
		t.Errorf("trained on %d pictures, want %d", got, c.train)
	}
	c.scores(t, data, out)
}

// scores holds eval to the case.
func (c *own) scores(t *testing.T, data, out string) {
	t.Helper()
	split, images := c.split, c.scored
	if split == "" {
		split = "test"
		images = cmp.Or(c.test, c.scored)
	}
	var scores struct {
		Split   string
		Images  int
		Classes []struct{ Name string }
	}
	run := execution("eval", out, "--data", data, "--json")
	if run.status != exitDone {
		t.Fatalf("eval: exit status %d\n%s", run.status, run.stderr)
	}
	fromJSON(t, run.stdout, &scores)
	var names []string
	for _, class := range scores.Classes {
		names = append(names, class.Name)
	}
	if !slices.Equal(names, c.classes) {
		t.Errorf("classes %q, want %q", names, c.classes)
	}
	if scores.Split != split || scores.Images != images {
		t.Errorf("%d pictures of %s are scored, want %d of %s", scores.Images, scores.Split, images, split)
	}
}

// trainedOn is the number of pictures of a run's only epoch.
func trainedOn(t *testing.T, out string) int {
	t.Helper()
	steps, err := os.ReadFile(filepath.Join(out, "steps.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	images := 0
	for line := range strings.Lines(string(steps)) {
		var step struct{ Images int }
		fromJSON(t, line, &step)
		images += step.Images
	}
	return images
}

func fromJSON(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

func wantParts(t *testing.T, what, text string, parts []string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s does not say %q:\n%s", what, part, text)
		}
	}
}

// numbered repeats a line with 0, 1, 2 ... in place of %.
func numbered(line string, count int) []string {
	var lines []string
	for i := range count {
		lines = append(lines, strings.ReplaceAll(line, "%", strconv.Itoa(i)))
	}
	return lines
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
