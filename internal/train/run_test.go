package train

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vggtrain/checkpoint"
	"vggtrain/internal/record"
	"vggtrain/internal/runstate"
	"vggtrain/internal/trained"
)

// everything is a recipe that uses each part of a run once.
var everything = []string{
	"epochs=2", "limit-train=100", "limit-val=50", "batch-size=32", "lr=0.05", "momentum=0.9", "nesterov=true",
	"weight-decay=0.001", "schedule=cosine", "warmup-epochs=1", "label-smoothing=0.1", "clip-norm=1",
	"augment=flip,crop", "normalize=dataset", "init=kaiming", "seed=7", "val=200",
}

func mustRun(t *testing.T, job *Job, obs ...Observer) Result {
	t.Helper()
	result, err := Run(t.Context(), job, obs...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestRunGivesTheSameBitsForEveryThreadCount(t *testing.T) {
	var want *checkpoint.State
	for _, threads := range []int{1, 2, 3} {
		job := prepare(t, newWorkers(t, threads), everything...)
		result := mustRun(t, job)
		if result.Status != Done || result.StepsDone != 8 || result.EpochsDone != 2 {
			t.Fatalf("%s after %d steps, %d epochs; want done after 8, 2", result.Status, result.StepsDone, result.EpochsDone)
		}
		got, err := checkpoint.Read(result.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
			continue
		}
		for i, tensor := range got.Tensors {
			if !slices.Equal(tensor.Data, want.Tensors[i].Data) {
				t.Errorf("%d threads: %s differs from 1 thread's", threads, tensor.Name)
			}
		}
	}
}

func TestRunLearns(t *testing.T) {
	log := []string{}
	seen := &recorder{log: &log}
	job := prepare(t, newWorkers(t, 2), "epochs=3", "limit-train=2000", "limit-val=500", "batch-size=50", "lr=0.05", "momentum=0.9", "init=kaiming", "dropout=0", "resize=16")
	result := mustRun(t, job, seen)
	first, last := seen.epochs[0], seen.epochs[2]
	if last.TrainLoss > 0.9*first.TrainLoss || result.BestValAccuracy < 0.6 {
		t.Errorf("train loss from %.3f to %.3f, best accuracy %.3f", first.TrainLoss, last.TrainLoss, result.BestValAccuracy)
	}
	if len(seen.steps) != 120 || len(seen.ended) != 1 {
		t.Errorf("%d steps seen and %d ends, want 120 and 1", len(seen.steps), len(seen.ended))
	}
	if result.PeakRSSBytes < 1<<20 || result.ImagesPerSecond <= 0 || result.DataOrigin != "built-in sample" {
		t.Errorf("result %+v", result)
	}

	// What best.bin holds is what was scored best.
	network, err := trained.Load(result.Best)
	if err != nil {
		t.Fatal(err)
	}
	var done []int
	e, err := network.Evaluate(t.Context(), job.Workers, job.Val, 64, func(images int) { done = append(done, images) })
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{0, 64, 128, 192, 256, 320, 384, 448, 500}; !slices.Equal(done, want) {
		t.Errorf("told of %v images, want %v", done, want)
	}
	if network.DataSpec != "sample" || network.DataDigest != job.DataDigest {
		t.Errorf("trained on %s, %s", network.DataSpec, network.DataDigest)
	}
	if e.Accuracy() != result.BestValAccuracy || e.Images != 500 {
		t.Errorf("best.bin: accuracy %v of %d images, the run said %v", e.Accuracy(), e.Images, result.BestValAccuracy)
	}
	var total int64
	for _, c := range e.Classes(network.Classes) {
		total += c.Support
	}
	if total != 500 {
		t.Errorf("the classes have %d images, want 500", total)
	}
}

func TestRunDivergesAndKeepsTheCheckpoint(t *testing.T) {
	log := []string{}
	seen := &recorder{log: &log}
	job := prepare(t, newWorkers(t, 1), "epochs=3", "limit-train=400", "limit-val=50", "batch-size=50", "lr=1000", "weight-decay=1") // each step multiplies the weights by -999
	result := mustRun(t, job, seen)
	if result.Status != Diverged || !strings.Contains(result.Advice, "lower --lr") {
		t.Fatalf("%s, advice %q", result.Status, result.Advice)
	}
	if last := seen.steps[len(seen.steps)-1]; !math.IsNaN(last.Loss) || last.Step != result.StepsDone {
		t.Errorf("the last record is %+v, the result has %d steps", last, result.StepsDone)
	}
	if _, err := os.Stat(job.Checkpoint); !errors.Is(err, fs.ErrNotExist) || result.Checkpoint != "" {
		t.Errorf("a checkpoint of a run that diverged in its first epoch: %v, %q", err, result.Checkpoint)
	}
}

// stopper is an observer that interrupts the run at a step.
type stopper struct {
	recorder
	at     int
	cancel func()
}

func (s *stopper) Step(r record.Step) error {
	if r.Step == s.at {
		s.cancel()
	}
	return nil
}

func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	job := prepare(t, newWorkers(t, 2), everything...)
	log := []string{}
	result, err := Run(ctx, job, &stopper{recorder{log: &log}, 6, cancel})
	if err != nil {
		t.Fatal(err)
	}
	if result.Status != Interrupted || result.StepsDone != 6 || result.EpochsDone != 1 {
		t.Errorf("%s after %d steps, %d epochs; want interrupted after 6, 1", result.Status, result.StepsDone, result.EpochsDone)
	}
	state, err := checkpoint.Read(result.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	p, err := runstate.DecodeProgress(state.Metadata[keyProgress], 10)
	if err != nil {
		t.Fatal(err)
	}
	if p.Epoch != 2 || p.Batch != 2 || p.Step != 6 || len(p.History) != 1 {
		t.Errorf("the checkpoint is at epoch %d, batch %d, step %d with %d epochs evaluated", p.Epoch, p.Batch, p.Step, len(p.History))
	}
}

func TestRunInAFolderThatIsGone(t *testing.T) {
	job := prepare(t, newWorkers(t, 1), everything...)
	job.Best = filepath.Join(t.TempDir(), "gone", "best.bin")
	log := []string{}
	seen := &recorder{log: &log}
	result := mustRun(t, job, seen)
	if err := result.Incomplete; err == nil || !strings.Contains(err.Error(), job.Best) || strings.Contains(err.Error(), "\n") {
		t.Errorf("incomplete: %v, want one line that names %s", err, job.Best)
	}
	if result.Status != Done || result.Best != "" || result.Checkpoint != job.Checkpoint || len(seen.steps) != 8 || len(seen.ended) != 1 {
		t.Errorf("%s, best %q, checkpoint %q, %d steps, %d ends", result.Status, result.Best, result.Checkpoint, len(seen.steps), len(seen.ended))
	}
}

// A run whose records cannot be flushed saves its state all the same, and says so once.
func TestRunWithoutItsRecords(t *testing.T) {
	job := prepare(t, newWorkers(t, 1), everything...)
	job.Flush = func() error { return errors.New("steps.jsonl: no space left on device") }
	log := []string{}
	seen := &recorder{log: &log}
	if result := mustRun(t, job, seen); result.Incomplete != nil || result.Checkpoint == "" || result.Best == "" {
		t.Errorf("incomplete: %v, checkpoint %q, best %q", result.Incomplete, result.Checkpoint, result.Best)
	}
	if len(seen.notices) != 1 || !strings.Contains(seen.notices[0], "steps.jsonl: no space") {
		t.Errorf("notices %q", seen.notices)
	}
}

func TestRunObserverThatCannotBegin(t *testing.T) {
	broken := errors.New("steps.jsonl: no space left on device")
	log := []string{}
	seen := &recorder{log: &log, failBegin: broken}
	never := &recorder{log: &log}
	result, err := Run(t.Context(), prepare(t, newWorkers(t, 1), everything...), seen, never)
	if !errors.Is(err, broken) || result.Status != Failed {
		t.Errorf("%s, error %v", result.Status, err)
	}
	if len(seen.ended) != 1 || len(never.ended) != 0 || len(seen.steps) != 0 {
		t.Errorf("ends %d and %d, steps %d; want 1, 0, 0", len(seen.ended), len(never.ended), len(seen.steps))
	}
}
