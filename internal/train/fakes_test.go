package train

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/record"
	"vggtrain/internal/runstate"
	"vggtrain/internal/solver"
	"vggtrain/internal/trained"
)

// fakeBatches streams images of labels 0, 1, 2 …, two classes, without pixels.
type fakeBatches struct {
	n, batch int
	epoch    int
	next     int
	starts   []string
	fail     error
}

func (f *fakeBatches) Start(epoch, from int) {
	f.epoch, f.next = epoch, from
	f.starts = append(f.starts, fmt.Sprintf("%d from %d", epoch, from))
}

func (f *fakeBatches) Next(ctx context.Context) (*dataset.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.fail != nil {
		return nil, f.fail
	}
	first := f.next * f.batch
	if first >= f.n {
		return nil, io.EOF
	}
	f.next++
	b := &dataset.Batch{Labels: make([]int32, f.batch), Rows: min(f.batch, f.n-first)}
	for i := range b.Rows {
		b.Labels[i] = int32((first + i) % 2)
	}
	return b, nil
}

// fakeTrainer has the losses of a list, by step; after its end the last one.
type fakeTrainer struct {
	losses []float64
	before func(step int) error
}

func (f *fakeTrainer) Step(step uint64, _ []float32, _ []int32, _ int) (float64, error) {
	if f.before != nil {
		if err := f.before(int(step)); err != nil {
			return 0, err
		}
	}
	return f.losses[min(int(step), len(f.losses))-1], nil
}

// fakePredictor is right about as many of the first images of a set as the list says, by
// evaluation; it sees labels 0, 1, 0, 1 …
type fakePredictor struct {
	correct []int
	calls   int
	loss    float32 // added to each logit: NaN makes the loss NaN
	before  func(call int)
}

func (f *fakePredictor) Logits(_ []float32, rows int) ([]float32, error) {
	right := f.correct[min(f.calls, len(f.correct)-1)]
	f.calls++
	if f.before != nil {
		f.before(f.calls)
	}
	logits := make([]float32, 2*rows)
	for i := range rows {
		guess := i % 2
		if i >= right {
			guess = 1 - guess
		}
		logits[2*i], logits[2*i+1] = f.loss, f.loss
		logits[2*i+guess]++
	}
	return logits, nil
}

type fakeOptimizer struct {
	rates []float64
	fail  error
}

func (f *fakeOptimizer) Step(lr float64) error {
	f.rates = append(f.rates, lr)
	return f.fail
}

// fakeStore remembers what it was asked to keep. A save takes as many looks at it as slow says.
type fakeStore struct {
	log            *[]string
	failSave       error // at once
	failCheckpoint error // as it is written
	failBest       error
	slow           int

	progress []byte
	result   runstate.Saved
	looks    int
}

func (f *fakeStore) Save(p *runstate.Progress, best bool) error {
	if f.failSave != nil {
		return f.failSave
	}
	text, err := p.Encode()
	f.progress = []byte(text)
	*f.log = append(*f.log, fmt.Sprintf("checkpoint: epoch %d batch %d step %d", p.Epoch, p.Batch, p.Step))
	if best {
		*f.log = append(*f.log, fmt.Sprintf("best: epoch %d", p.BestEpoch))
	}
	f.result, f.looks = runstate.Saved{Checkpoint: f.failCheckpoint, Best: f.failBest, HasBest: best}, 0
	return err
}

func (f *fakeStore) Ended(wait bool) (runstate.Saved, bool) {
	f.looks++
	return f.result, wait || f.looks > f.slow
}

// recorder is an observer that remembers.
type recorder struct {
	log     *[]string
	steps   []record.Step
	epochs  []record.Epoch
	notices []string
	ended   []Result

	failBegin, failStep, failEpoch error
}

func (r *recorder) Begin(Plan) error { return r.failBegin }

func (r *recorder) Step(s record.Step) error {
	r.steps = append(r.steps, s)
	return r.failStep
}

func (r *recorder) Epoch(e record.Epoch, _ *trained.Evaluation) error {
	r.epochs = append(r.epochs, e)
	*r.log = append(*r.log, fmt.Sprintf("row: epoch %d", e.Epoch))
	return r.failEpoch
}

func (r *recorder) Notice(text string) { r.notices = append(r.notices, text) }

func (r *recorder) End(result Result) error {
	r.ended = append(r.ended, result)
	return nil
}

// fixture is a run of fakes: 10 images in batches of 4 (4, 4, 2), 8 to evaluate.
type fixture struct {
	*loop
	log       []string // what the store and the observers were told, in order
	trainer   *fakeTrainer
	predictor *fakePredictor
	optimizer *fakeOptimizer
	batches   *fakeBatches
	store     *fakeStore
	observer  *recorder
}

// watchesOf are the watches of a run with these settings, without warm-up.
func watchesOf(classes int, p *runstate.Progress, s *configs.Recipe) watches {
	return newWatches(&record.Facts{Settings: s}, classes, p)
}

func newFixture(epochs, maxSteps int) *fixture {
	f := &fixture{
		trainer:   &fakeTrainer{losses: []float64{0.5}},
		predictor: &fakePredictor{correct: []int{4}},
		optimizer: &fakeOptimizer{},
		batches:   &fakeBatches{n: 10, batch: 4},
	}
	f.store = &fakeStore{log: &f.log}
	f.observer = &recorder{log: &f.log}
	steps := 3 * epochs
	if maxSteps > 0 {
		steps = min(steps, maxSteps)
	}
	progress := &runstate.Progress{Epoch: 1}
	f.loop = &loop{
		plan: Plan{
			Facts: record.Facts{Epochs: epochs, StepsPerEpoch: 3, Steps: steps, Settings: configs.Defaults()},
			Rate:  solver.Constant{LR: 0.1, Warmup: 2}.At,
		},
		classes:    2,
		trainer:    f.trainer,
		predictor:  f.predictor,
		optimizer:  f.optimizer,
		batches:    f.batches,
		validation: &fakeBatches{n: 8, batch: 8},
		observers:  newObservers(f.observer),
		watches:    watchesOf(2, progress, configs.Defaults()),
		progress:   progress,
		start:      time.Now(),
	}
	f.saves = runstate.NewSaves(f.store, f.observers.notice, 0, false)
	return f
}

func (f *fixture) expect(t *testing.T, ctx context.Context, want Status, wantLog ...string) string {
	t.Helper()
	end, err := f.run(ctx)
	if err != nil || end.incomplete != nil {
		t.Fatal(err, end.incomplete)
	}
	if end.status != want {
		t.Errorf("status %s, want %s", end.status, want)
	}
	if diff := cmp.Diff(wantLog, f.log); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	return end.advice
}
