package runstate

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
	"vggtrain/internal/record"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// testRun is a run of a network of a few thousand parameters for images of 8×8, in a folder of its own.
type testRun struct {
	Run
	Place
}

func newRun(t *testing.T, stepsPerEpoch int, hidden ...int) testRun {
	t.Helper()
	workers, err := model.NewWorkers(1, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Close)
	arch := model.NewVGG("tiny", [][2]int{{1, 4}, {1, 8}}, append(hidden, 16), 0.25)
	layers, err := model.Resolve(arch, 1, 8, 8, 10)
	if err != nil {
		t.Fatal(err)
	}
	params, err := model.NewParams(layers)
	if err == nil {
		err = params.Init("xavier", 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	network := &trained.Network{Arch: arch, Layers: layers, Params: params, Classes: dataset.Classes, Preparation: dataset.Preparation{Channels: 1, Side: 8, Mode: dataset.Pad, Garments: true}, Normalize: configs.NormalizeBy([]float64{0.25}, []float64{0.5})}
	dir := t.TempDir()
	return testRun{
		Run{Network: network, Scored: params, Settings: configs.Defaults(), Workers: workers, StepsPerEpoch: stepsPerEpoch},
		Place{Checkpoint: filepath.Join(dir, "checkpoint.bin"), Best: filepath.Join(dir, "best.bin")},
	}
}

// store returns the store of the run.
func (r testRun) store(t *testing.T, slots []model.Slot) *Writer {
	t.Helper()
	store, err := NewWriter(r.Run, r.Place, slots, nil)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// momenta is a slot of successive numbers.
func momenta(ps model.Params) []model.Slot {
	slot := model.Slot{Name: "momentum"}
	for _, p := range ps {
		data := make([]float32, p.Len())
		for i := range data {
			data[i] = float32(i)
		}
		slot.Values = append(slot.Values, &model.Param{ParamSpec: p.ParamSpec, Data: data})
	}
	return []model.Slot{slot}
}

// mustSave saves the state, as the best too, and waits until it is written.
func mustSave(t *testing.T, store *Writer, p *Progress) {
	t.Helper()
	if err := store.Save(p, true); err != nil {
		t.Fatal(err)
	}
	if how, ended := store.Ended(true); !ended || how.Checkpoint != nil || how.Best != nil || !how.HasBest {
		t.Fatal(how, ended)
	}
}

func TestWriterWritesWhatLoadReads(t *testing.T) {
	run := newRun(t, 3)
	store := run.store(t, momenta(run.Network.Params))
	p := &Progress{Epoch: 1}
	p.improve(record.Epoch{Epoch: 3, ValAccuracy: 0.5})
	mustSave(t, store, p)
	for _, path := range []string{run.Checkpoint, run.Best} {
		n, err := trained.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(run.Network.Arch, n.Arch); diff != "" {
			t.Errorf("%s: architecture (-written +read):\n%s", path, diff)
		}
		if !slices.Equal(n.Classes, dataset.Classes) || n.Side != 8 || n.Normalize != run.Network.Normalize {
			t.Errorf("%s: classes %v, side %d, normalisation %v", path, n.Classes, n.Side, n.Normalize)
		}
		for i, p := range run.Network.Params {
			if !slices.Equal(p.Data, n.Params[i].Data) {
				t.Errorf("%s: %s differs", path, p.Name)
			}
		}
	}
}

func TestWriterNamesAndLayouts(t *testing.T) {
	run := newRun(t, 3)
	store := run.store(t, momenta(run.Network.Params))
	p := &Progress{Epoch: 1}
	p.improve(record.Epoch{Epoch: 3, ValAccuracy: 0.5})
	mustSave(t, store, p)
	best, err := checkpoint.Read(run.Best)
	if err != nil {
		t.Fatal(err)
	}
	if len(best.Tensors) != len(run.Network.Params) || best.Metadata[keyEpoch] != "3" || best.Metadata[keyAccuracy] != "0.5" {
		t.Errorf("best.bin: %d tensors, epoch %q, accuracy %q", len(best.Tensors), best.Metadata[keyEpoch], best.Metadata[keyAccuracy])
	}
	whole, err := checkpoint.Read(run.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if len(whole.Tensors) != 2*len(run.Network.Params) || len(whole.Weights()) != len(run.Network.Params) {
		t.Errorf("checkpoint.bin: %d tensors, %d weights; want %d and %d",
			len(whole.Tensors), len(whole.Weights()), 2*len(run.Network.Params), len(run.Network.Params))
	}
	for i, p := range run.Network.Params {
		saved := whole.Tensor("optimizer/momentum/" + p.Name)
		if saved == nil || !slices.Equal(saved.Shape, p.Shape) {
			t.Fatalf("momentum of %s: %+v, want shape %v", p.Name, saved, p.Shape)
		}
		back := &model.Param{ParamSpec: p.ParamSpec, Data: make([]float32, p.Len())}
		back.Import(saved.Data)
		if !slices.Equal(back.Data, momenta(run.Network.Params)[0].Values[i].Data) {
			t.Errorf("momentum of %s does not read back", p.Name)
		}
	}
	if _, err := DecodeProgress(whole.Metadata[keyProgress], 10); err != nil {
		t.Error(err)
	}
	if _, err := configs.ParseRecipe("settings", []byte(whole.Metadata[trained.KeySettings])); err != nil {
		t.Error(err)
	}
}

func TestWriterKeepsTheFileOfFiniteWeights(t *testing.T) {
	run := newRun(t, 3)
	store := run.store(t, nil)
	p := &Progress{Epoch: 1}
	mustSave(t, store, p)
	before, err := os.ReadFile(run.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		run.Network.Params[2].Data[1] = float32(bad)
		if err := store.Save(p, true); !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), run.Network.Params[2].Name) {
			t.Errorf("weight %v: error %v", bad, err)
		}
	}
	if after, err := os.ReadFile(run.Checkpoint); err != nil || !slices.Equal(before, after) {
		t.Errorf("checkpoint.bin has changed (%v)", err)
	}
}

// The header of a checkpoint has room for the history of as many epochs as a run may have.
func TestWriterLongestHistory(t *testing.T) {
	longest := 1
	for r := configs.Defaults(); r.Set("epochs", strconv.Itoa(10*longest), configs.FromFlag) == nil; longest *= 10 {
	}
	run := newRun(t, 3)
	store := run.store(t, momenta(run.Network.Params))
	p := &Progress{Epoch: 1}
	for range longest {
		const wide = -2.2250738585072014e-308 // no float64 has more digits
		p.History = append(p.History, record.Epoch{Epoch: longest, TrainLoss: wide, ValLoss: wide, ValAccuracy: wide, LR: wide, ImagesPerSecond: wide, Seconds: wide})
	}
	mustSave(t, store, p)
	if _, err := trained.Load(run.Checkpoint); err != nil {
		t.Error(err)
	}
}

// A save holds one copy of the state: the first one makes room for it, and those after it take no
// more than the buffer of what is being written.
func TestWriterHoldsOneCopy(t *testing.T) {
	run := newRun(t, 3, 2000, 2000)
	store := run.store(t, momenta(run.Network.Params))
	state := uint64(2 * 4 * run.Network.Params.Count()) // 33 MB
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

// The weights that are scored may be a slot of the optimiser: best.bin has them by the parameters' names.
func TestBestOfASlot(t *testing.T) {
	r := newRun(t, 1)
	slots := momenta(r.Network.Params)
	r.Scored = slots[0].Values
	store := r.store(t, slots)
	if err := store.Save(&Progress{Epoch: 1, Step: 1, BestEpoch: 1}, true); err != nil {
		t.Fatal(err)
	}
	store.Ended(true)
	best, err := checkpoint.Read(r.Best)
	if err != nil {
		t.Fatal(err)
	}
	want, err := r.Scored.Tensors(r.Workers)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		if diff := cmp.Diff(&w, best.Tensor(w.Name)); diff != "" {
			t.Error(diff)
		}
	}
	if len(best.Tensors) != len(want) {
		t.Errorf("%d tensors, want %d", len(best.Tensors), len(want))
	}
}
