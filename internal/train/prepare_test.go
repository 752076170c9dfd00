package train

import (
	"path/filepath"
	"strings"
	"testing"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/model"
)

// small is a network of a few thousand parameters for images of 8×8.
var small = model.NewVGG("tiny", [][2]int{{1, 4}, {1, 8}}, []int{16}, 0.25)

// settings returns defaults under the settings given as key=value.
func settings(t *testing.T, pairs ...string) *configs.Recipe {
	t.Helper()
	var r configs.Recipe
	for _, pair := range append([]string{"resize=8"}, pairs...) {
		key, value, _ := strings.Cut(pair, "=")
		if err := r.Set(key, value, configs.FromFlag); err != nil {
			t.Fatal(err)
		}
	}
	return r.Over(configs.Defaults())
}

func sample(t *testing.T) *dataset.Data {
	t.Helper()
	data, err := dataset.Sample()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func newWorkers(t *testing.T, threads int) *model.Workers {
	t.Helper()
	workers, err := model.NewWorkers(threads, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Close)
	return workers
}

// prepare makes a job on the built-in sample that writes to a folder of its own.
func prepare(t *testing.T, workers *model.Workers, pairs ...string) *Job {
	t.Helper()
	job, err := Prepare(t.Context(), settings(t, pairs...), small, sample(t), workers)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	job.Checkpoint, job.Best = filepath.Join(dir, "checkpoint.bin"), filepath.Join(dir, "best.bin")
	return job
}
