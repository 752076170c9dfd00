package runstate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vggtrain/configs"
	"vggtrain/internal/rundir"
	"vggtrain/internal/trained"
)

// saved makes a run's folder with config.yaml, and a checkpoint of the run in a file of that name; "": none.
func saved(t *testing.T, name string, changed ...string) *rundir.Dir {
	t.Helper()
	run, folder := newRun(t, 3), t.TempDir()
	given := &configs.Recipe{}
	for _, pair := range append([]string{"resize=8", "dropout=0.25", "normalize=[0.25, 0.5]"}, changed...) {
		key, value, _ := strings.Cut(pair, "=")
		if err := given.Set(key, value, configs.Origin{Source: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	run.Settings = given.Over(configs.Defaults())
	run.Network.DataSpec, run.Network.DataDigest = "sample", strings.Repeat("0", 64)
	if err := run.Settings.SetNetwork("tiny.yaml", run.Network.Arch, configs.Origin{Source: "test"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "config.yaml"), run.Settings.YAML(), 0o666); err != nil {
		t.Fatal(err)
	}
	if name != "" {
		run.Checkpoint = filepath.Join(folder, name)
		mustSave(t, run.store(t, nil), &Progress{Epoch: 1, Batch: 2, Step: 2})
	}
	return rundir.At(folder)
}

func TestLoad(t *testing.T) {
	whole, unsaved, other := saved(t, "checkpoint.bin"), saved(t, ""), saved(t, "before.bin", "lr=0.5")
	for _, c := range []struct {
		dir  *rundir.Dir
		file string
		step int // of the checkpoint; 0: there is none
		lr   float64
	}{
		{whole, "", 2, 0.01},
		{whole, whole.Checkpoint(), 2, 0.01},
		{unsaved, "", 0, 0.01},
		{other, filepath.Join(other.Path(), "before.bin"), 2, 0.5},
	} {
		settings, found, err := Load(c.dir, c.file)
		if err != nil || settings.LR != c.lr || (found != nil) != (c.step > 0) {
			t.Errorf("%s, %s: %v, %v", c.dir.Path(), c.file, found, err)
		} else if found != nil && (found.Progress.Step != c.step || found.DataSpec != "sample" || len(found.Layers) == 0) {
			t.Errorf("%s, %s: %+v", c.dir.Path(), c.file, found)
		}
	}
	lost := saved(t, "")
	if err := os.WriteFile(lost.Best(), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	weights := newRun(t, 3)
	mustSave(t, weights.store(t, nil), &Progress{Epoch: 1})
	foreign := filepath.Join(unsaved.Path(), "other.bin")
	if err := os.Link(filepath.Join(other.Path(), "before.bin"), foreign); err != nil {
		t.Skip(err)
	}
	for want, c := range map[string]struct {
		dir  *rundir.Dir
		file string
	}{
		"not the folder of a run":      {rundir.At(t.TempDir()), ""},
		"shows that it was saved":      {lost, ""},
		"is in no run's folder":        {rundir.At(t.TempDir()), whole.Checkpoint()},
		"not of the run in its folder": {unsaved, foreign},
		"weights only":                 {whole, weights.Best},
	} {
		if _, _, err := Load(c.dir, c.file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestFind(t *testing.T) {
	dir := saved(t, "checkpoint.bin")
	link := filepath.Join(t.TempDir(), "link.bin")
	if err := os.Symlink(dir.Checkpoint(), link); err != nil {
		t.Skip(err)
	}
	path, err := filepath.EvalSymlinks(dir.Path())
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string][2]string{
		dir.Path():       {dir.Path(), ""},
		dir.Checkpoint(): {path, filepath.Join(path, "checkpoint.bin")},
		link:             {path, filepath.Join(path, "checkpoint.bin")},
	} {
		if folder, file, err := Find(given); err != nil || folder != want[0] || file != want[1] {
			t.Errorf("%s: %s, %s, %v; want %s", given, folder, file, err, want)
		}
	}
	unfinished := dir.Checkpoint() + ".tmp-0123abcd"
	if err := os.WriteFile(unfinished, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{unfinished: "a save that was not finished", dir.Path() + "x": "no such file or folder"} {
		if _, _, err := Find(given); err == nil || !strings.HasPrefix(err.Error(), given+": "+want) {
			t.Errorf("%s: error %v, want %q", given, err, want)
		}
	}
}

func TestContinue(t *testing.T) {
	run, _, err := Load(saved(t, ""), "")
	if err != nil {
		t.Fatal(err)
	}
	arch := filepath.Join(t.TempDir(), "mine.yaml")
	for text, want := range map[string]string{
		"epochs: 20": "", "lr: 0.5": "lr", "arch: " + arch: "",
		"arch: lenet": "arch",
	} {
		if err := os.WriteFile(arch, []byte("name: tiny\nblocks: [[1, 4], [1, 8]]\nhidden: [16]\ndropout: 0.5\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		flags := &configs.Recipe{}
		key, value, _ := strings.Cut(text, ": ")
		if err := flags.Set(key, value, configs.FromFlag); err != nil {
			t.Fatal(err)
		}
		settings, err := Continue(run, flags)
		if want == "" && (err != nil || settings.LR != run.LR) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// A resumed run knows where its settings came from at first, and so does one that resumes it.
func TestSourcesStay(t *testing.T) {
	c, err := LoadCheckpoint(saved(t, "checkpoint.bin", "lr=0.25").Checkpoint())
	if err != nil {
		t.Fatal(err)
	}
	sources := c.Settings.Sources()
	for key, want := range map[string]string{"lr": "test", "momentum": "default"} {
		if from := c.Settings.Origin(key); from.First != want || from.Source != trained.KeySettings && from.Source != "default" || sources[key] != want {
			t.Errorf("%s is from %+v, told to be from %q", key, from, sources[key])
		}
	}
	flags := &configs.Recipe{}
	if err := flags.Set("lr", "0.5", configs.FromFlag); err != nil {
		t.Fatal(err)
	}
	if from := flags.Over(c.Settings).Sources()["lr"]; from != "flag" {
		t.Errorf("given anew, lr is from %q", from)
	}
}
