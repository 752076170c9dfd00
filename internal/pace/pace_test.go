package pace

import (
	"math"
	"testing"
	"time"

	"vggtrain/configs"
	"vggtrain/internal/record"
	"vggtrain/internal/train"
)

// hand is a clock that is set by hand.
type hand struct{ time time.Time }

func (h *hand) now() time.Time { return h.time }

func (h *hand) pass(seconds float64) {
	h.time = h.time.Add(time.Duration(seconds * float64(time.Second)))
}

// runner lets a pace see steps that take the time that they say.
type runner struct {
	hand
	*Pace
	at int
}

func newRunner(p train.Plan) *runner {
	r := &runner{hand: hand{time.Unix(1e9, 0)}, at: p.StepsDone}
	begun := New(p, r.hand.now)
	r.Pace = &begun
	return r
}

func (r *runner) run(steps int, seconds float64) {
	for range steps {
		r.pass(seconds)
		r.at++
		first := (r.at - 1) % r.Plan.StepsPerEpoch * r.Plan.BatchSize
		r.AddStep(record.Step{
			Epoch: (r.at-1)/r.Plan.StepsPerEpoch + 1, Step: r.at, Loss: 1, LR: 0.1,
			Images: min(r.Plan.BatchSize, r.Plan.TrainImages-first), Seconds: seconds,
		})
	}
}

// three is a run of three epochs of ten steps, the last one of 5 images, others of 10.
var three = train.Plan{Facts: record.Facts{TrainImages: 95, ValImages: 30, BatchSize: 10, Epochs: 3, StepsPerEpoch: 10, Steps: 30, Settings: &configs.Recipe{}}}

func wantLeft(t *testing.T, when string, p *Pace, epoch, run float64) {
	t.Helper()
	gotEpoch, gotRun := p.Left()
	if same := func(a, b float64) bool { return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) < 1e-6 }; !same(gotEpoch, epoch) || !same(gotRun, run) {
		t.Errorf("%s: %.9gs of the epoch and %.9gs of the run are left, want %g and %g", when, gotEpoch, gotRun, epoch, run)
	}
}

func TestTimeLeft(t *testing.T) {
	r := newRunner(three)
	nan := math.NaN()
	wantLeft(t, "at the start", r.Pace, nan, nan)
	r.run(1, 100) // a slow one, which does not count
	wantLeft(t, "after a step", r.Pace, nan, nan)
	r.run(4, 1)
	// 10 images a second; an evaluation of 30 is taken for 10 images of training.
	wantLeft(t, "in the first epoch", r.Pace, 4.5+1, 4.5+1+2*(9.5+1))
	r.pass(2)
	wantLeft(t, "two seconds later", r.Pace, 3.5, 24.5)
	r.pass(90)
	wantLeft(t, "long after", r.Pace, 0, 0)
	r.pass(-92)
	r.run(4, 1)
	r.run(1, 0.5)
	if !r.Evaluating() || r.Over() {
		t.Error("the evaluation goes unnoticed")
	}
	wantLeft(t, "before the evaluation", r.Pace, 1, 1+2*(9.5+1))
	r.pass(6)
	r.AddEpoch(record.Epoch{Epoch: 1})
	wantLeft(t, "after it", r.Pace, 9.5+6, 2*(9.5+6))
	r.pass(2) // a save
	r.run(1, 1)
	wantLeft(t, "after a save", r.Pace, 8.5+8, 8.5+8+9.5+8)
	if epoch, done := r.Place(); epoch != 2 || done != 1 {
		t.Errorf("epoch %d, step %d of it", epoch, done)
	}
	r.run(8, 1)
	r.run(1, 0.5)
	r.pass(8)
	r.AddEpoch(record.Epoch{Epoch: 2})
	r.run(9, 1)
	r.run(1, 0.5)
	wantLeft(t, "before the last evaluation", r.Pace, 8, 8)
	r.AddEpoch(record.Epoch{Epoch: 3})
	if epoch, done := r.Place(); !r.Over() || epoch != 3 || done != 10 {
		t.Errorf("at the end: epoch %d, step %d of it, over: %t", epoch, done, r.Over())
	}
}

func TestTimeLeftOfOtherRuns(t *testing.T) {
	cut := three
	cut.Steps = 25
	r := newRunner(cut)
	r.run(2, 1)
	wantLeft(t, "cut by max-steps", r.Pace, 7.5+1, 7.5+1+9.5+1+5+1)

	resumed := three
	resumed.StepsDone, resumed.History = 14, []record.Epoch{{Epoch: 1, ValAccuracy: 0.8}}
	r = newRunner(resumed)
	if epoch, done := r.Place(); epoch != 2 || done != 4 {
		t.Errorf("goes on in epoch %d after step %d of it", epoch, done)
	}
	r.run(2, 1)
	wantLeft(t, "resumed", r.Pace, 3.5+1, 3.5+1+9.5+1)
	if r.AddEpoch(record.Epoch{Epoch: 2, ValAccuracy: 0.8}) || !r.AddEpoch(record.Epoch{Epoch: 3, ValAccuracy: 0.81}) {
		t.Error("the best epoch is not told from the others")
	}

	unevaluated := three
	unevaluated.StepsDone = 10
	r = newRunner(unevaluated)
	if epoch, done := r.Place(); !r.Evaluating() || epoch != 1 || done != 10 {
		t.Errorf("goes on in epoch %d after step %d of it, evaluating: %t", epoch, done, r.Evaluating())
	}

	limited := three
	limited.Settings = &configs.Recipe{MaxTime: 8 * time.Second}
	r = newRunner(limited)
	r.run(5, 1)
	wantLeft(t, "ended by max-time", r.Pace, 3+1, 3+1)
}

// The speed shown is that of the last seconds, not of the whole run.
func TestSpeed(t *testing.T) {
	long := three
	long.StepsPerEpoch, long.Steps, long.TrainImages = 1000, 3000, 10000
	r := newRunner(long)
	r.run(100, 0.1)
	if got := r.recent.value(); !(math.Abs(got-100) <= 1e-6) {
		t.Errorf("%g images/s, want 100", got)
	}
	r.run(40, 1)
	if got := r.recent.value(); got < 10 || got > 12 {
		t.Errorf("%g images/s after 40 s at 10", got)
	}
	if got := r.lasting.value(); got < 15 || got > 40 {
		t.Errorf("%g images/s to reckon with after 40 s at 10", got)
	}
}

func TestMean(t *testing.T) {
	var m fading
	if !math.IsNaN(m.value()) {
		t.Errorf("mean %g of nothing", m.value())
	}
	m.add(0.9, 5, 1)
	if got := m.value(); !(math.Abs(got-5) <= 1e-12) {
		t.Errorf("mean %g of 5", got)
	}
	m.add(0.9, 7, 1) // (0.9·0.1·5 + 0.1·7) / (1 - 0.9²)
	if got := m.value(); !(math.Abs(got-1.15/0.19) <= 1e-12) {
		t.Errorf("mean %g of 5 and 7", got)
	}
	m = fading{}
	m.add(0.5, 15, 3)
	m.add(0.5, 7, 1) // as if 5 had come three times: (0.5·0.5·15 + 0.5·7) / (0.5·0.5·3 + 0.5)
	if got := m.value(); !(math.Abs(got-5.8) <= 1e-12) {
		t.Errorf("mean %g of 5 for three images and 7 for one", got)
	}
	for range 200 {
		m.add(0.5, 100, 100)
	}
	if got := m.value(); !(math.Abs(got-1) <= 1e-6) {
		t.Errorf("mean %g after many 1", got)
	}
}
