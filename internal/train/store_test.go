package train

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/kernel"
	"vggtrain/internal/record"
	"vggtrain/internal/trained"
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

func newPool(t *testing.T, threads int) *kernel.Workers {
	t.Helper()
	workers, err := kernel.NewWorkers(threads, kernel.Best())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Close)
	return workers
}

// prepare makes a job on the built-in sample that writes to a folder of its own.
func prepare(t *testing.T, workers *kernel.Workers, pairs ...string) *Job {
	t.Helper()
	job, err := Prepare(settings(t, pairs...), small, sample(t), workers)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	job.Checkpoint, job.Best = filepath.Join(dir, "checkpoint.bin"), filepath.Join(dir, "best.bin")
	return job
}

// buffers makes momenta of successive numbers, as a solver stores them.
func buffers(ps model.Params) [][]float32 {
	var all [][]float32
	for _, p := range ps {
		b := make([]float32, p.Len())
		for i := range b {
			b[i] = float32(i)
		}
		all = append(all, b)
	}
	return all
}

// mustSave saves the state, as the best too, and waits until it is written.
func mustSave(t *testing.T, store *files, p *Progress) {
	t.Helper()
	if err := store.Save(p, true); err != nil {
		t.Fatal(err)
	}
	if how, ended := store.Ended(true); !ended || how.checkpoint != nil || how.best != nil || !how.hasBest {
		t.Fatal(how, ended)
	}
}

func TestStoreWritesWhatLoadReads(t *testing.T) {
	job := prepare(t, newPool(t, 1), "normalize=dataset", "limit-train=100")
	momenta := buffers(job.Params)
	store, err := newFiles(job, momenta)
	if err != nil {
		t.Fatal(err)
	}
	p := &Progress{Epoch: 1}
	p.improve(record.Epoch{Epoch: 3, ValAccuracy: 0.5})
	mustSave(t, store, p)
	for _, path := range []string{job.Checkpoint, job.Best} {
		n, err := trained.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(job.Arch, n.Arch); diff != "" {
			t.Errorf("%s: architecture (-written +read):\n%s", path, diff)
		}
		if !slices.Equal(n.Classes, dataset.Classes) || n.Side != 8 || n.Normalize != job.Recipe.Normalize {
			t.Errorf("%s: classes %v, side %d, normalisation %v", path, n.Classes, n.Side, n.Normalize)
		}
		for i, p := range job.Params {
			if !slices.Equal(p.Data(), n.Params[i].Data()) {
				t.Errorf("%s: %s differs", path, p.Name)
			}
		}
	}
}

func TestStoreNamesAndLayouts(t *testing.T) {
	job := prepare(t, newPool(t, 1))
	momenta := buffers(job.Params)
	store, err := newFiles(job, momenta)
	if err != nil {
		t.Fatal(err)
	}
	p := &Progress{Epoch: 1}
	p.improve(record.Epoch{Epoch: 3, ValAccuracy: 0.5})
	mustSave(t, store, p)
	best, err := checkpoint.Read(job.Best)
	if err != nil {
		t.Fatal(err)
	}
	if len(best.Tensors) != len(job.Params) || best.Metadata[keyEpoch] != "3" || best.Metadata[keyAccuracy] != "0.5" {
		t.Errorf("best.bin: %d tensors, epoch %q, accuracy %q", len(best.Tensors), best.Metadata[keyEpoch], best.Metadata[keyAccuracy])
	}
	whole, err := checkpoint.Read(job.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if len(whole.Tensors) != 2*len(job.Params) || len(whole.Weights()) != len(job.Params) {
		t.Errorf("checkpoint.bin: %d tensors, %d weights; want %d and %d",
			len(whole.Tensors), len(whole.Weights()), 2*len(job.Params), len(job.Params))
	}
	for i, p := range job.Params {
		saved := whole.Tensor("optimizer/" + p.Name)
		if saved == nil || !slices.Equal(saved.Shape, p.Shape) {
			t.Fatalf("momentum of %s: %+v, want shape %v", p.Name, saved, p.Shape)
		}
		back := withValue(p, make([]float32, p.Len()))
		back.Import(saved.Data)
		if !slices.Equal(back.Data(), momenta[i]) {
			t.Errorf("momentum of %s does not read back", p.Name)
		}
	}
	if _, err := decodeProgress(whole.Metadata[keyProgress], 10); err != nil {
		t.Error(err)
	}
	if _, err := configs.ParseRecipe("settings", []byte(whole.Metadata[keySettings])); err != nil {
		t.Error(err)
	}
}

func TestStoreKeepsTheFileOfFiniteWeights(t *testing.T) {
	job := prepare(t, newPool(t, 1))
	store, err := newFiles(job, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &Progress{Epoch: 1}
	mustSave(t, store, p)
	before, err := os.ReadFile(job.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		job.Params[2].Data()[1] = float32(bad)
		if err := store.Save(p, true); !errors.Is(err, errWeights) || !strings.Contains(err.Error(), job.Params[2].Name) {
			t.Errorf("weight %v: error %v", bad, err)
		}
	}
	if after, err := os.ReadFile(job.Checkpoint); err != nil || !slices.Equal(before, after) {
		t.Errorf("checkpoint.bin has changed (%v)", err)
	}
}

// The header of a checkpoint has room for the history of as many epochs as a run may have.
func TestStoreLongestHistory(t *testing.T) {
	longest := 1
	for r := settings(t); r.Set("epochs", strconv.Itoa(10*longest), configs.FromFlag) == nil; longest *= 10 {
	}
	job := prepare(t, newPool(t, 1))
	store, err := newFiles(job, buffers(job.Params))
	if err != nil {
		t.Fatal(err)
	}
	p := &Progress{Epoch: 1}
	for range longest {
		const wide = -2.2250738585072014e-308 // no float64 has more digits
		p.History = append(p.History, record.Epoch{Epoch: longest, TrainLoss: wide, ValLoss: wide, ValAccuracy: wide, LR: wide, ImagesPerSecond: wide, Seconds: wide})
	}
	mustSave(t, store, p)
	if _, err := trained.Load(job.Checkpoint); err != nil {
		t.Error(err)
	}
}

// A save holds one copy of the state: the first one makes room for it, and those after it take no
// more than the buffer of what is being written.
func TestStoreHoldsOneCopy(t *testing.T) {
	wide := model.NewVGG("wide", small.Blocks, []int{2000, 2000}, small.Dropout)
	job, err := Prepare(settings(t), wide, sample(t), newPool(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	job.Checkpoint, job.Best = filepath.Join(dir, "checkpoint.bin"), filepath.Join(dir, "best.bin")
	momenta := buffers(job.Params)
	store, err := newFiles(job, momenta)
	if err != nil {
		t.Fatal(err)
	}
	state := uint64(2 * 4 * job.Params.Count()) // 33 MB
	const slack = 8 << 20
	for i, most := range []uint64{state + slack, slack, slack} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		mustSave(t, store, &Progress{Epoch: 1})
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > most {
			t.Errorf("save %d: %d bytes allocated, for a state of %d", i+1, got, state)
		}
	}
}

// An epoch that was cut is no epoch without a better accuracy.
func TestPatienceCountsWholeEpochs(t *testing.T) {
	p := &Progress{Epoch: 1, Batch: 3}
	p.evaluated(record.Epoch{Epoch: 1, ValAccuracy: 0.5}, 3)
	p.Batch = 1
	p.evaluated(record.Epoch{Epoch: 2, ValAccuracy: 0.25}, 3)
	if p.outOfPatience(1) {
		t.Error("after a cut epoch")
	}
	p.reopen()
	p.Batch = 3
	p.evaluated(record.Epoch{Epoch: 2, ValAccuracy: 0.25}, 3)
	if !p.outOfPatience(1) || p.outOfPatience(2) || p.outOfPatience(0) {
		t.Error("after a whole epoch")
	}
}
