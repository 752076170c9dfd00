package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vggtrain/configs"
	"vggtrain/internal/op"
	"vggtrain/internal/record"
	"vggtrain/internal/runstate"
	"vggtrain/internal/solver"
	"vggtrain/internal/trained"
)

func TestRunKeepsBestAndCheckpoints(t *testing.T) {
	f := newFixture(4, 0)
	f.predictor.correct = []int{5, 6, 6, 5}
	f.expect(t, t.Context(), Done,
		"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1",
		"row: epoch 2", "checkpoint: epoch 3 batch 0 step 6", "best: epoch 2",
		"row: epoch 3", "checkpoint: epoch 4 batch 0 step 9", // equal accuracy: the earlier is best
		"row: epoch 4", "checkpoint: epoch 5 batch 0 step 12")
	if want := []string{"1 from 0", "2 from 0", "3 from 0", "4 from 0"}; !slices.Equal(f.batches.starts, want) {
		t.Errorf("epochs started: %v, want %v", f.batches.starts, want)
	}
	if got := f.observer.epochs[1].ValAccuracy; got != 0.75 {
		t.Errorf("accuracy of epoch 2: %v, want 0.75", got)
	}
}

func TestRunRecords(t *testing.T) {
	f := newFixture(2, 0)
	f.trainer.losses = []float64{1, 2, 3, 4, 5, 6}
	f.expect(t, t.Context(), Done,
		"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1",
		"row: epoch 2", "checkpoint: epoch 3 batch 0 step 6")
	for i, s := range f.observer.steps {
		want := record.Step{Epoch: i/3 + 1, Step: i + 1, Loss: float64(i + 1), LR: 0.1, Images: 4, Seconds: s.Seconds}
		if i == 0 {
			want.LR = 0.05 // of the warm-up
		}
		if i%3 == 2 {
			want.Images = 2
		}
		if s != want {
			t.Errorf("step record %+v, want %+v", s, want)
		}
		if s.LR != f.optimizer.rates[i] {
			t.Errorf("step %d: recorded rate %v, used %v", i+1, s.LR, f.optimizer.rates[i])
		}
	}
	// The mean over images, not over batches: (4·1 + 4·2 + 2·3)/10.
	if got := f.observer.epochs[0].TrainLoss; !(math.Abs(got-1.8) <= 1e-15) {
		t.Errorf("train loss %v, want 1.8", got)
	}
}

func TestRunEndsAtMaxSteps(t *testing.T) {
	f := newFixture(5, 5)
	f.trainer.losses = []float64{1, 2, 3, 4, 5}
	f.expect(t, t.Context(), Done,
		"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1",
		"row: epoch 2", "checkpoint: epoch 2 batch 2 step 5")
	if got := f.observer.epochs[1].TrainLoss; got != 4.5 {
		t.Errorf("train loss of the part of an epoch: %v, want 4.5", got)
	}
}

func TestRunEndsAtMaxStepsWithAnEpoch(t *testing.T) {
	newFixture(5, 3).expect(t, t.Context(), Done,
		"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1")
}

func TestRunInterruptedInAnEpoch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newFixture(3, 0)
	f.trainer.before = func(step int) error {
		if step == 5 {
			cancel() // the step ends all the same
		}
		return nil
	}
	f.expect(t, ctx, Interrupted,
		"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1",
		"checkpoint: epoch 2 batch 2 step 5")
	if n := len(f.observer.steps); n != 5 {
		t.Errorf("%d step records, want 5", n)
	}
}

func TestRunInterruptedInAnEvaluation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newFixture(3, 0)
	f.predictor.before = func(int) { cancel() }
	f.expect(t, ctx, Interrupted, "checkpoint: epoch 1 batch 3 step 3")
}

func TestRunInterruptedBetweenEpochsSavesOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newFixture(3, 0)
	f.observer.failEpoch = nil
	f.loop.observers = newObservers(f.observer, &cancelling{cancel: cancel})
	f.expect(t, ctx, Interrupted,
		"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1")
}

// cancelling is an observer that interrupts the run at its first epoch's end.
type cancelling struct {
	recorder
	cancel func()
}

func (c *cancelling) Step(record.Step) error                        { return nil }
func (c *cancelling) Epoch(record.Epoch, *trained.Evaluation) error { c.cancel(); return nil }

func TestRunInterruptedBeforeItsFirstStep(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	newFixture(3, 0).expect(t, ctx, Interrupted, "checkpoint: epoch 1 batch 0 step 0")
}

func TestRunResumed(t *testing.T) {
	// The same run, whole and in two parts, gives the same records.
	whole := newFixture(3, 0)
	whole.trainer.losses = []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}
	whole.predictor.correct = []int{3, 5, 4}
	if _, err := whole.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	first := newFixture(3, 0)
	first.trainer.losses, first.predictor.correct = whole.trainer.losses, []int{3}
	first.trainer.before = func(step int) error {
		if step == 4 {
			cancel()
		}
		return nil
	}
	if _, err := first.run(ctx); err != nil {
		t.Fatal(err)
	}
	second := newFixture(3, 0)
	second.trainer.losses, second.predictor.correct = whole.trainer.losses, []int{5, 4}
	progress, err := runstate.DecodeProgress(string(first.store.progress), 10)
	if err != nil {
		t.Fatal(err)
	}
	second.progress = progress
	second.watches = watchesOf(2, progress, configs.Defaults())
	if _, err := second.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock := func(p *runstate.Progress) {
		p.TrainSeconds, p.Seconds = 0, 0
		for i := range p.History {
			p.History[i].Seconds, p.History[i].ImagesPerSecond = 0, 0
		}
	}
	clock(whole.progress)
	clock(second.progress)
	if diff := cmp.Diff(whole.progress, second.progress); diff != "" {
		t.Errorf("progress of the whole run and of the resumed one (-whole +resumed):\n%s", diff)
	}
	if got := second.observer.steps[0].Step; got != 5 {
		t.Errorf("resumed at step %d, want 5", got)
	}
}

func TestRunDiverges(t *testing.T) {
	for name, c := range map[string]struct {
		set    func(*fixture)
		advice string
		log    []string
		steps  int
	}{
		"loss": {
			set: func(f *fixture) {
				f.trainer.before = func(step int) error {
					if step == 5 {
						return fmt.Errorf("op: %w", op.ErrNotFinite)
					}
					return nil
				}
			},
			advice: "the loss is not finite at step 5 (epoch 2)",
			log:    []string{"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1"},
			steps:  5,
		},
		"gradient": {
			set:    func(f *fixture) { f.optimizer.fail = solver.ErrNotFinite },
			advice: "the gradient is not finite at step 1 (epoch 1)",
			steps:  1,
		},
		"validation loss": {
			set:    func(f *fixture) { f.predictor.loss = float32(math.NaN()) },
			advice: "the loss is not finite at step 3 (epoch 1)",
			steps:  3,
		},
		"weight": {
			set:    func(f *fixture) { f.store.failSave = fmt.Errorf("features.0.bias: %w", runstate.ErrNotFinite) },
			advice: "a weight is not finite at step 3 (epoch 1)",
			log:    []string{"row: epoch 1"},
			steps:  3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(3, 0)
			c.set(f)
			advice := f.expect(t, t.Context(), Diverged, c.log...)
			if !strings.Contains(advice, c.advice) || !strings.Contains(advice, "--lr") {
				t.Errorf("advice %q, want one with %q and --lr", advice, c.advice)
			}
			if len(f.observer.steps) != c.steps {
				t.Fatalf("%d step records, want %d", len(f.observer.steps), c.steps)
			}
			if last := f.observer.steps[c.steps-1]; (name == "loss") != math.IsNaN(last.Loss) {
				t.Errorf("loss of the last step: %v", last.Loss)
			}
		})
	}
}

func TestRunEndsWithAnError(t *testing.T) {
	broken := errors.New("broken")
	for name, set := range map[string]func(*fixture){
		"batch":  func(f *fixture) { f.batches.fail = broken },
		"step":   func(f *fixture) { f.trainer.before = func(int) error { return broken } },
		"solver": func(f *fixture) { f.optimizer.fail = broken },
		"save":   func(f *fixture) { f.store.failSave = broken },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(3, 0)
			set(f)
			end, err := f.run(t.Context())
			if end.status != Failed || !errors.Is(err, broken) {
				t.Errorf("status %s, error %v; want %s and %v", end.status, err, Failed, broken)
			}
			if slices.ContainsFunc(f.log, func(s string) bool { return strings.HasPrefix(s, "checkpoint") }) {
				t.Errorf("a checkpoint was written after the failure: %v", f.log)
			}
		})
	}
}

// What cannot be written does not end the training; it is told once, and the result is
// incomplete if it is still so at the end.
func TestRunGoesOnWithoutItsFiles(t *testing.T) {
	full := errors.New("runs/x/some.file: not written: no space left on device")
	for name, c := range map[string]struct {
		set        func(*fixture)
		incomplete bool
		log        []string
	}{
		"step record": {set: func(f *fixture) { f.observer.failStep = full }},
		"epoch row":   {set: func(f *fixture) { f.observer.failEpoch = full }},
		"checkpoint": {set: func(f *fixture) { f.store.failCheckpoint = full }, incomplete: true,
			log: []string{"checkpoint: epoch 4 batch 0 step 9"}}, // the last once more
		"best": {set: func(f *fixture) { f.store.failBest = full }, incomplete: true},
		"checkpoint for a while": {set: func(f *fixture) {
			f.store.failCheckpoint = full
			f.trainer.before = func(step int) error {
				if step == 7 {
					f.store.failCheckpoint = nil
				}
				return nil
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(3, 0)
			c.set(f)
			end, err := f.run(t.Context())
			if end.status != Done || err != nil || len(f.observer.steps) != 9 {
				t.Errorf("%s after %d steps, error %v; want done after 9", end.status, len(f.observer.steps), err)
			}
			if errors.Is(end.incomplete, full) != c.incomplete {
				t.Errorf("incomplete: %v", end.incomplete)
			}
			if n := len(f.observer.notices); n != 1 || !strings.HasPrefix(f.observer.notices[0], full.Error()) {
				t.Errorf("notices %q, want one of %q", f.observer.notices, full)
			}
			want := append([]string{
				"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1",
				"row: epoch 2", "checkpoint: epoch 3 batch 0 step 6",
				"row: epoch 3", "checkpoint: epoch 4 batch 0 step 9"}, c.log...)
			if diff := cmp.Diff(want, f.log); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
		})
	}
}

// The best weights that could not be written at the run's end are tried once more.
func TestRunTriesTheBestAgain(t *testing.T) {
	f := newFixture(1, 0)
	f.store.failBest = errors.New("full")
	if end, err := f.run(t.Context()); err != nil || end.incomplete == nil {
		t.Errorf("incomplete %v, error %v", end.incomplete, err)
	}
	want := []string{"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1"}
	if diff := cmp.Diff(want, f.log); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
}

func TestRunSavesBetweenEpochs(t *testing.T) {
	f := newFixture(3, 0)
	f.plan.Settings.CheckpointEvery = 2 // 3 steps an epoch: step 6 is an epoch's end
	f.expect(t, t.Context(), Done,
		"checkpoint: epoch 1 batch 2 step 2",
		"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1",
		"checkpoint: epoch 2 batch 1 step 4",
		"row: epoch 2", "checkpoint: epoch 3 batch 0 step 6",
		"checkpoint: epoch 3 batch 2 step 8",
		"row: epoch 3", "checkpoint: epoch 4 batch 0 step 9")
}

// A save that comes due while another is being written waits for it, and the training does not.
func TestRunSavesWhenTheWriterIsFree(t *testing.T) {
	f := newFixture(2, 0)
	f.batches.n, f.plan.StepsPerEpoch, f.plan.Steps = 80, 20, 40
	f.store.slow = 3
	f.plan.Settings.CheckpointEvery = 2
	f.expect(t, t.Context(), Done,
		"checkpoint: epoch 1 batch 2 step 2", "checkpoint: epoch 1 batch 6 step 6", "checkpoint: epoch 1 batch 10 step 10",
		"checkpoint: epoch 1 batch 14 step 14", "checkpoint: epoch 1 batch 18 step 18",
		"row: epoch 1", "checkpoint: epoch 2 batch 0 step 20", "best: epoch 1",
		"checkpoint: epoch 2 batch 4 step 24", "checkpoint: epoch 2 batch 8 step 28", "checkpoint: epoch 2 batch 12 step 32",
		"checkpoint: epoch 2 batch 16 step 36",
		"row: epoch 2", "checkpoint: epoch 3 batch 0 step 40")
}

func TestRunStopsEarly(t *testing.T) {
	f := newFixture(9, 0)
	f.predictor.correct = []int{5, 6, 6, 4, 8}
	f.plan.Settings.EarlyStop = 2
	f.expect(t, t.Context(), Done,
		"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1",
		"row: epoch 2", "checkpoint: epoch 3 batch 0 step 6", "best: epoch 2",
		"row: epoch 3", "checkpoint: epoch 4 batch 0 step 9",
		"row: epoch 4", "checkpoint: epoch 5 batch 0 step 12")
}

// max-time is of each process: what the runs before took counts for the run's seconds only.
func TestRunHasItsOwnTime(t *testing.T) {
	f := newFixture(2, 0)
	f.progress.Seconds = 1e6
	f.plan.Settings.MaxTime = time.Hour
	f.expect(t, t.Context(), Done,
		"row: epoch 1", "checkpoint: epoch 2 batch 0 step 3", "best: epoch 1",
		"row: epoch 2", "checkpoint: epoch 3 batch 0 step 6")
	if f.progress.Seconds <= 1e6 {
		t.Errorf("%v seconds, after 1e6 in the runs before", f.progress.Seconds)
	}
}

func TestRunEndsWhenItsTimeIsUp(t *testing.T) {
	f := newFixture(9, 0)
	f.plan.Settings.MaxTime = time.Nanosecond // over after the first step
	f.expect(t, t.Context(), Done, "row: epoch 1", "checkpoint: epoch 1 batch 1 step 1", "best: epoch 1")
	if !f.progress.Partial {
		t.Error("the epoch is not said to be cut")
	}
	f.progress.Reopen()
	if len(f.progress.History) != 0 || f.progress.BestEpoch != 0 {
		t.Errorf("opened again: %+v", f.progress)
	}
}
