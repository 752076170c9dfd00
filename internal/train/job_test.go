package train

import (
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/solver"
)

func TestPrepareCutsTheSets(t *testing.T) {
	workers := newWorkers(t, 1)
	for _, c := range []struct {
		settings   []string
		train, val int
		steps      int
	}{
		{nil, 5000, 1000, 400},
		{[]string{"val=1000"}, 4000, 1000, 320},
		{[]string{"val=1000", "limit-train=300", "limit-val=70"}, 300, 70, 30},
		{[]string{"limit-train=9999", "batch-size=9999"}, 5000, 1000, 10},
		{[]string{"max-steps=7"}, 5000, 1000, 7},
		{[]string{"max-steps=700"}, 5000, 1000, 400},
	} {
		job := prepare(t, workers, c.settings...)
		p := job.plan()
		if p.TrainImages != c.train || p.ValImages != c.val || p.Steps != c.steps {
			t.Errorf("%v: %d + %d images, %d steps; want %d + %d, %d", c.settings, p.TrainImages, p.ValImages, p.Steps, c.train, c.val, c.steps)
		}
	}
}

func TestPlanSaysWhatTheRunIs(t *testing.T) {
	job := prepare(t, newWorkers(t, 1))
	p := job.plan()
	var macs int64
	for _, l := range job.Layers {
		macs += l.MACs
	}
	if p.MACs != macs || macs == 0 || p.Settings != job.Facts.Settings || p.DataKind != dataset.Sampled || p.Folder != filepath.Dir(job.Checkpoint) {
		t.Errorf("%+v", p)
	}
	if runtime.GOOS == "linux" && p.MachineBytes < 1<<26 {
		t.Errorf("a machine of %d bytes", p.MachineBytes)
	}
}

func TestPrepareResolves(t *testing.T) {
	recipe := settings(t, "normalize=dataset", "dropout=0.1", "limit-train=200")
	data := sample(t)
	job, err := Prepare(t.Context(), recipe, small, data, newWorkers(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	scales, err := dataset.Measure(t.Context(), dataset.Head(data.Train, 200), dataset.Preparation{Channels: 1, Garments: true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	mean, deviation := scales[0].Mean, scales[0].Deviation
	if job.Facts.Settings.Normalize != configs.NormalizeBy([]float64{mean}, []float64{deviation}) {
		t.Errorf("normalisation %v, want by %v, %v", job.Facts.Settings.Normalize, mean, deviation)
	}
	if job.Arch.Dropout != 0.1 || small.Dropout != 0.25 || recipe.Normalize.Kind != "dataset" {
		t.Errorf("dropout %v; what was given has become %v, %v", job.Arch.Dropout, small.Dropout, recipe.Normalize)
	}
	// config.yaml repeats the run.
	again, err := configs.ParseRecipe("config.yaml", job.Facts.Settings.YAML())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(again.YAML()), string(job.Facts.Settings.YAML()); got != want || !strings.Contains(got, "blocks:") {
		t.Errorf("config.yaml read and written again:\n%s\nwant:\n%s", got, want)
	}
}

func TestPrepareTakesTheArchitecturesDropout(t *testing.T) {
	if job := prepare(t, newWorkers(t, 1)); job.Facts.Settings.Dropout != small.Dropout || !job.Facts.Settings.IsSet("dropout") {
		t.Errorf("dropout %v, want the architecture's %v", job.Facts.Settings.Dropout, small.Dropout)
	}
}

func TestPrepareInitFromFile(t *testing.T) {
	workers := newWorkers(t, 1)
	job := prepare(t, workers, "init=kaiming", "seed=3")
	m, err := job.assemble(time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	if err := m.writer.Save(m.progress, false); err != nil {
		t.Fatal(err)
	}
	if how, _ := m.writer.Ended(true); how.Checkpoint != nil {
		t.Fatal(how.Checkpoint)
	}
	foreign := filepath.Join(t.TempDir(), "other.bin")
	if err := checkpoint.Write(foreign, &checkpoint.State{Tensors: []checkpoint.Tensor{{Name: "fc.weight", Shape: []int{1}, Data: []float32{1}}}}); err != nil {
		t.Fatal(err)
	}
	again := prepare(t, workers, "init="+job.Checkpoint, "seed=4")
	for i, p := range job.Params {
		if !slices.Equal(p.Data, again.Params[i].Data) {
			t.Errorf("%s differs from the file's", p.Name)
		}
	}
	for _, path := range []string{foreign, job.Best} {
		_, err := Prepare(t.Context(), settings(t, "init="+path), small, sample(t), workers)
		if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("init from %s: error %v, want one line that names it", path, err)
		}
	}
}

func TestPrepareErrors(t *testing.T) {
	workers := newWorkers(t, 1)
	for name, c := range map[string]struct {
		settings []string
		data     func(*dataset.Data)
		want     string
	}{
		"too small":        {settings: []string{"resize=3"}, want: "at least 4"},
		"all held out":     {settings: []string{"val=5000"}, want: "val: cannot hold 5,000 of 5,000"},
		"nothing to score": {settings: []string{"val=test"}, data: func(d *dataset.Data) { d.Test = dataset.Head(d.Test, 0) }, want: "test set"},
		"nesterov alone":   {settings: []string{"nesterov=true"}, want: "momentum"},
		"nothing to learn": {data: func(d *dataset.Data) { d.Train = dataset.Head(d.Train, 0) }, want: "no images to train on"},
		"warm-up too long": {settings: []string{"epochs=2", "warmup-epochs=3"}, want: "warmup-epochs"},
	} {
		data := *sample(t)
		if c.data != nil {
			c.data(&data)
		}
		if _, err := Prepare(t.Context(), settings(t, c.settings...), small, &data, workers); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestScheduleOfAJob(t *testing.T) {
	job := prepare(t, newWorkers(t, 1), "schedule=cosine", "lr=0.1", "warmup-epochs=2", "epochs=5", "limit-train=1000", "batch-size=100", "max-steps=3")
	if got, want := schedule(&job.Facts), (solver.Cosine{LR: 0.1, Warmup: 20, Total: 50}); got != want {
		t.Errorf("schedule %+v, want %+v", got, want)
	}
	job = prepare(t, newWorkers(t, 1), "lr=0.1", "warmup-epochs=1", "limit-train=1000", "batch-size=300")
	if got, want := schedule(&job.Facts), (solver.Constant{LR: 0.1, Warmup: 4}); got != want {
		t.Errorf("schedule %+v, want %+v", got, want)
	}
	if lr := job.plan().Rate(1); !(math.Abs(lr-0.025) <= 1e-15) {
		t.Errorf("first step of the warm-up: %v", lr)
	}
}
