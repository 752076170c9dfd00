package runstate

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"vggtrain/checkpoint"
	"vggtrain/internal/record"
	"vggtrain/internal/trained"
)

// The best weights of complete epochs come back when a partial epoch, which is better, goes on.
func TestWriterKeepsTheBestWholeEpoch(t *testing.T) {
	run := newRun(t, 3)
	store := run.store(t, nil)
	weight := &run.Network.Params[0].Data[0]
	p := &Progress{Epoch: 1, Batch: 3}
	p.AddEpoch(record.Epoch{Epoch: 1, ValAccuracy: 0.5}, 3)
	*weight = 1
	mustSave(t, store, p)
	p.Batch = 2
	if best := p.AddEpoch(record.Epoch{Epoch: 2, ValAccuracy: 0.75}, 3); !best || !p.Partial {
		t.Fatalf("best: %t, partial: %t", best, p.Partial)
	}
	*weight = 2
	mustSave(t, store, p)
	for _, want := range []float32{2, 1} {
		if there, err := store.MendBest(p); !there || err != nil {
			t.Errorf("there: %t, %v", there, err)
		}
		best, err := trained.Load(run.Best)
		if err != nil {
			t.Fatal(err)
		}
		if got := best.Params[0].Data[0]; got != want {
			t.Errorf("weights of epoch %d: %v, want %v", p.BestEpoch, got, want)
		}
		if p.Partial {
			p.Reopen()
		}
	}
}

// bestRun is a store of a run of 3 steps an epoch, of which weight is a number to tell its weights by.
func bestRun(t *testing.T) (store *Writer, weight *float32) {
	t.Helper()
	run := newRun(t, 3)
	store = run.store(t, nil)
	return store, &run.Network.Params[0].Data[0]
}

// bestWeight reads the number out of a file of best weights.
func bestWeight(t *testing.T, path string) float32 {
	t.Helper()
	n, err := trained.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return n.Params[0].Data[0]
}

// partialAt is an epoch 1 that is evaluated after a step.
func partialAt(step int, accuracy float64) *Progress {
	p := &Progress{Epoch: 1, Batch: step, Step: step}
	p.AddEpoch(record.Epoch{Epoch: 1, ValAccuracy: accuracy}, 3)
	return p
}

func wantNoWhole(t *testing.T, store *Writer) {
	t.Helper()
	if _, err := os.Stat(store.bestWhole()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v, want none", store.bestWhole(), err)
	}
}

// best.bin is there, whatever becomes of its successor.
func TestBestStaysWhereItsSuccessorFails(t *testing.T) {
	store, weight := bestRun(t)
	p := partialAt(3, 0.5)
	*weight = 1
	mustSave(t, store, p)
	broken := &checkpoint.State{Tensors: []checkpoint.Tensor{{Name: "a", Shape: []int{2}}}}
	if err := store.writeBest(broken, true); err == nil {
		t.Fatal("no error")
	}
	for _, path := range []string{store.Best, store.bestWhole()} {
		if got := bestWeight(t, path); got != 1 {
			t.Errorf("%s: %v", path, got)
		}
	}
	if there, err := store.MendBest(p); !there || err != nil {
		t.Errorf("there: %t, %v", there, err)
	}
	wantNoWhole(t, store)
}

// best.bin.whole is of a complete epoch: not of one that is evaluated within it twice.
func TestNoPartialEpochIsKept(t *testing.T) {
	store, weight := bestRun(t)
	for step, accuracy := range []float64{0.25, 0.5} {
		*weight = float32(step + 1)
		mustSave(t, store, partialAt(step+1, accuracy))
		wantNoWhole(t, store)
	}
	if got := bestWeight(t, store.Best); got != 2 {
		t.Errorf("the second evaluation: %v", got)
	}
}

// best.bin.whole is gone as soon as a complete epoch is better.
func TestWholeEndsWithTheNextEpoch(t *testing.T) {
	store, weight := bestRun(t)
	p := partialAt(3, 0.25)
	*weight = 1
	mustSave(t, store, p)
	p.Batch, p.Step = 1, 4
	p.AddEpoch(record.Epoch{Epoch: 2, ValAccuracy: 0.5}, 3)
	*weight = 2
	mustSave(t, store, p)
	if got := bestWeight(t, store.bestWhole()); got != 1 {
		t.Errorf("whole: %v", got)
	}
	p.Reopen()
	p.Batch, p.Step = 3, 6
	p.AddEpoch(record.Epoch{Epoch: 2, ValAccuracy: 0.75}, 3)
	*weight = 3
	mustSave(t, store, p)
	if got := bestWeight(t, store.Best); got != 3 {
		t.Errorf("best: %v", got)
	}
	wantNoWhole(t, store)
}

// A partial epoch went on, and came to the same accuracy. The process was killed before it wrote
// best.bin: what is there has the right epoch and accuracy, but is not of its end.
func TestMendBestKnowsTheStep(t *testing.T) {
	store, weight := bestRun(t)
	p := partialAt(1, 0.5)
	*weight = 1
	mustSave(t, store, p)
	p.Reopen()
	if there, err := store.MendBest(p); there || err != nil {
		t.Errorf("of a run without a best epoch: %t, %v", there, err)
	}
	if got := bestWeight(t, store.Best); got != 1 {
		t.Errorf("before the epoch ends: %v", got)
	}
	p.Batch, p.Step = 3, 3
	p.AddEpoch(record.Epoch{Epoch: 1, ValAccuracy: 0.5}, 3)
	*weight = 2
	if err := store.copy(); err != nil {
		t.Fatal(err)
	}
	if there, err := store.MendBest(p); !there || err != nil {
		t.Errorf("there: %t, %v", there, err)
	}
	if got := bestWeight(t, store.Best); got != 2 {
		t.Errorf("best: %v", got)
	}
	wantNoWhole(t, store)
}
