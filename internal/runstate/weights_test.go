package runstate

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/checkpoint"
	"vggtrain/internal/record"
	"vggtrain/internal/trained"
)

func mustLoadWeights(t *testing.T, path string) *checkpoint.State {
	t.Helper()
	_, state, err := LoadWeights(path)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// Weights read from a checkpoint.bin are as a best.bin of that moment would hold them.
func TestLoadWeights(t *testing.T) {
	run := newRun(t, 2)
	store := run.store(t, momenta(run.Network.Params))
	p := &Progress{Epoch: 3, Batch: 2, Step: 6}
	p.AddEpoch(record.Epoch{Epoch: 3, ValAccuracy: 0.375}, 2)
	mustSave(t, store, p)
	want, err := checkpoint.Read(run.Best)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{run.Checkpoint, run.Best} {
		n, got, err := LoadWeights(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-best.bin +read):\n%s", path, diff)
		}
		if n.Params != nil || n.Side != 8 || len(n.Layers) != len(run.Network.Layers) {
			t.Errorf("%s: network %+v", path, n)
		}
	}
	p.Batch = 1 // of the next epoch
	mustSave(t, store, p)
	got := mustLoadWeights(t, run.Checkpoint).Metadata
	for _, key := range []string{keyProgress, keyEpoch, keyStep, keyAccuracy} {
		if text, ok := got[key]; ok {
			t.Errorf("within an epoch: %s: %s", key, text)
		}
	}
}

func TestLoadWeightsErrors(t *testing.T) {
	run := newRun(t, 3)
	store := run.store(t, nil)
	mustSave(t, store, &Progress{Epoch: 1})
	for want, change := range map[string]func(*checkpoint.State){
		"no vggtrain.arch in its metadata": func(s *checkpoint.State) { delete(s.Metadata, trained.KeyArch) },
		"vggtrain.progress: ":              func(s *checkpoint.State) { s.Metadata[keyProgress] = "[]" },
		"missing features.0.bias": func(s *checkpoint.State) {
			s.Tensor("features.0.bias").Name = "features.0.offset"
		},
		"features.0.weight is ": func(s *checkpoint.State) { s.Tensor("features.0.weight").Shape = []int{4, 1, 9, 1} },
	} {
		state, err := checkpoint.Read(run.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		change(state)
		path := filepath.Join(t.TempDir(), "changed.bin")
		if err := checkpoint.Write(path, state); err != nil {
			t.Fatal(err)
		}
		if _, _, err = LoadWeights(path); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("error %v, want one that begins with the path and has %q", err, want)
		}
	}
}
