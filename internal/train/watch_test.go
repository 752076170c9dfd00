package train

import (
	"math"
	"slices"
	"strings"
	"testing"

	"vggtrain/configs"
	"vggtrain/internal/record"
	"vggtrain/internal/runstate"
	"vggtrain/internal/trained"
)

func TestRunNoticesAPlateau(t *testing.T) {
	f := newFixture(200, 0)
	f.trainer.losses = []float64{math.Ln2 * 1.009}
	if _, err := f.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(f.observer.notices); n != 1 {
		t.Fatalf("%d notices, want one: %v", n, f.observer.notices)
	}
	for _, want := range []string{"ln(2) = 0.693", "200 steps", "--lr"} {
		if !strings.Contains(f.observer.notices[0], want) {
			t.Errorf("notice %q lacks %q", f.observer.notices[0], want)
		}
	}
}

// scored is an evaluation of 200 images, 20 a class, of which so many are right.
func scored(correct int) *trained.Evaluation {
	e := &trained.Evaluation{Images: 200, Correct: correct}
	for i := range e.Images {
		e.Labels = append(e.Labels, int32(i%10))
		e.Predictions = append(e.Predictions, trained.Prediction{Class: i % 10, Probability: float64(i) / 200})
	}
	return e
}

func TestPlateau(t *testing.T) {
	constant := func(loss float64) func(int) float64 { return func(int) float64 { return loss } }
	chapter := func(step int) float64 { return 2.3015 - 0.0064*float64(step)/200 + 0.002*math.Sin(float64(step)) }
	for _, c := range []struct {
		name    string
		steps   int
		warmup  int
		loss    func(step int) float64
		correct int  // of 200
		said    bool // by an evaluation after the steps
		end     bool // when it has ended, unless it is said
	}{
		{"stays", 200, 0, constant(2.30), 25, true, false},
		{"a step short", 199, 0, constant(2.30), 25, false, true},
		{"too short", 99, 0, constant(2.30), 25, false, false},
		{"just long enough", 100, 0, constant(2.30), 25, false, true},
		{"high steps first", 100, 0, func(step int) float64 { return 2.29 + 20*math.Exp(-float64(step)/3) }, 20, false, false},
		{"high steps long before", 400, 0, func(step int) float64 { return 2.29 + 20*math.Exp(-float64(step)/3) }, 20, true, false},
		{"rises into it", 100, 0, func(step int) float64 { return 2.28 + float64(step)/10000 }, 20, false, true},
		{"learns at last", 190, 0, func(step int) float64 { return 2.3 - float64(max(step-160, 0))/100 }, 20, false, false},
		{"in the warm-up", 20, 469, constant(2.30), 20, false, false},
		{"to the end of the warm-up", 200, 200, constant(2.30), 20, false, false},
		{"too short after it", 299, 200, constant(2.30), 20, false, false},
		{"long enough after it", 300, 200, constant(2.30), 20, false, true},
		{"only in the warm-up", 300, 200, func(step int) float64 { return 2.3 - float64(max(step-200, 0))/10 }, 20, false, false},
		{"after the warm-up", 400, 200, constant(2.30), 20, true, false},
		{"above by 1.1 %", 400, 0, constant(2.302585 * 1.011), 20, false, false},
		{"falls", 400, 0, func(step int) float64 { return 2.3 - float64(step)/1000 }, 20, false, false},
		{"the chapter's, at a window", 200, 0, chapter, 20, false, false},
		{"the chapter's, ended early", 150, 0, chapter, 20, false, false},
		{"the chapter's, ended later", 271, 0, chapter, 20, false, false},
		{"better than guesses", 271, 0, constant(2.30), 81, false, false},
		{"noise", 271, 0, func(step int) float64 { return 2.30 + 0.01*math.Sin(3*float64(step)) }, 20, true, false},
	} {
		w := watchesOf(10, &runstate.Progress{}, configs.Defaults())
		w.warmup = c.warmup
		for step := 1; step <= c.steps; step++ {
			w.step(record.Step{Step: step, Loss: c.loss(step)})
		}
		e := scored(c.correct)
		end := w.end(c.steps, e) != nil
		said := w.evaluated(e, false) != nil
		if said != c.said || end != c.end && !said {
			t.Errorf("%s: said %t by an evaluation and %t at the end, want %t and %t", c.name, said, end, c.said, c.end)
		}
	}
}

func TestExplosion(t *testing.T) {
	for _, c := range []struct {
		name   string
		losses func(step int) float64
		first  int // step of the run with which it begins
		said   int // the step at which it is said; 0: never
	}{
		{"begins high and falls", func(step int) float64 { return 6 * math.Pow(0.9, float64(step-1)) }, 1, 0},
		{"stays at its start", func(int) float64 { return 50 }, 1, 0},
		{"stays at ln K", func(int) float64 { return 2.31 }, 1, 0},
		{"noisy", func(step int) float64 { return 1 + 5*float64((step/7)%2) }, 1, 0},
		{"one bad batch of twice ln K", func(step int) float64 { return map[bool]float64{true: 20, false: 2}[step == 15] }, 1, 0},
		{"rises at once", func(step int) float64 { return math.Pow(10, float64(step)/5) }, 1, 10},
		{"rises late", func(step int) float64 { return map[bool]float64{true: 5, false: 1}[step > 40] }, 1, 50},
		{"a spike, then dead", func(step int) float64 { return map[bool]float64{true: 1000, false: 2.31}[step == 3] }, 1, 10},
		{"of a run whose start is not known", func(int) float64 { return 5 }, 8, 17},
	} {
		settings := configs.Defaults()
		settings.LR = 0.5
		p := &runstate.Progress{}
		w := watchesOf(10, p, settings)
		said := 0
		for step := c.first; step < c.first+100; step++ {
			for _, text := range w.step(record.Step{Step: step, Loss: c.losses(step), LR: 0.5}) {
				if !strings.Contains(text, "risen") {
					continue
				}
				if said > 0 {
					t.Errorf("%s: said twice", c.name)
				}
				said = step
				for _, want := range []string{"--lr (it is 0.5)", "--clip-norm", "ln(10) = 2.303"} {
					if !strings.Contains(text, want) {
						t.Errorf("%s: %q lacks %q", c.name, text, want)
					}
				}
			}
			// A checkpoint of any step goes on as if nothing had been.
			text, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if p, err = runstate.DecodeProgress(text, 10); err != nil {
				t.Fatal(err)
			}
			w = watchesOf(10, p, settings)
		}
		if said != c.said {
			t.Errorf("%s: said at step %d, want %d", c.name, said, c.said)
		}
	}
}

func TestConstantAnswers(t *testing.T) {
	same := func(n int, p trained.Prediction) *trained.Evaluation {
		return &trained.Evaluation{Images: n, Predictions: slices.Repeat([]trained.Prediction{p}, n)}
	}
	other := same(20, trained.Prediction{Class: 3, Probability: 0.1})
	other.Predictions[19].Probability = math.Nextafter(0.1, 1)
	class := same(20, trained.Prediction{Class: 3, Probability: 0.1})
	class.Predictions[19].Class = 4
	for name, c := range map[string]struct {
		e    *trained.Evaluation
		want bool
	}{
		"dead": {same(20, trained.Prediction{Class: 3, Probability: 0.1}), true}, "few images": {same(9, trained.Prediction{Class: 3, Probability: 0.1}), false}, "none": {same(0, trained.Prediction{}), false},
		"sure of itself": {same(20, trained.Prediction{Class: 3, Probability: 1}), false}, "a last bit": {other, false}, "another class": {class, false},
	} {
		if got := constant(c.e); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

// A checkpoint of before these watches goes on with them.
func TestProgressOfBeforeTheWatches(t *testing.T) {
	p, err := runstate.DecodeProgress(`{"epoch":1,"batch":3,"step":3,"plateau":{"sum":7,"steps":3,"said":false}}`, 1)
	if err != nil || p.Plateau != (runstate.Plateau{Window: runstate.Window{Sum: 7, Steps: 3}}) || p.Explosion != (runstate.Explosion{}) || p.Dead {
		t.Errorf("%+v, %v", p, err)
	}
	// The last losses are not known before there are so many new ones.
	w := watchesOf(10, p, configs.Defaults())
	for step := 61; step <= 80; step++ {
		if got := w.end(step-1, scored(20)); len(got) > 0 {
			t.Errorf("after step %d: %q", step-1, got)
		}
		w.step(record.Step{Step: step, Loss: 2.3})
	}
	for step := 81; step <= 120; step++ {
		w.step(record.Step{Step: step, Loss: 2.3})
	}
	if got := w.end(120, scored(20)); len(got) != 1 {
		t.Errorf("of 60 steps at ln 10: %q", got)
	}
}

// What is said of an epoch that was cut is not remembered: a run that goes on with it judges anew.
func TestDeadIsSaidOnce(t *testing.T) {
	e := &trained.Evaluation{Predictions: make([]trained.Prediction, 50)}
	p := &runstate.Progress{}
	w := watchesOf(10, p, configs.Defaults())
	for i, c := range []struct {
		cut  bool
		want int
	}{{true, 1}, {false, 1}, {false, 0}, {true, 0}} {
		if got := w.evaluated(e, c.cut); len(got) != c.want {
			t.Errorf("evaluation %d: %q", i+1, got)
		}
		text, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if p, err = runstate.DecodeProgress(text, 10); err != nil {
			t.Fatal(err)
		}
		w = watchesOf(10, p, configs.Defaults())
	}
	for step := range 500 { // the plateau says nothing that is new
		if got := w.step(record.Step{Step: step + 2, Loss: 2.3}); len(got) > 0 {
			t.Error(got)
		}
	}
}

// Real runs that go wrong are noticed while they run, and those that do not are left alone.
func TestRunsAreWatched(t *testing.T) {
	const exploding, dead, stuck = "risen", "same answer", "stays at ln"
	for _, c := range []struct {
		name     string
		settings []string
		want     []string
	}{
		{"lr 5 kills it", []string{"lr=5", "epochs=3"}, []string{dead}},
		{"lr 50 explodes first", []string{"lr=50", "epochs=3"}, []string{exploding, dead}},
		{"lr 0.05", []string{"lr=0.05", "init=kaiming", "epochs=3"}, nil},
		{"as in the recipe fast", []string{"lr=0.02", "momentum=0.9", "nesterov=true", "weight-decay=0.0005", "schedule=cosine",
			"warmup-epochs=1", "init=kaiming", "augment=flip", "normalize=dataset", "epochs=3"}, nil},
		{"lr 0", []string{"lr=1e-30", "epochs=4"}, []string{stuck}},
	} {
		log := []string{}
		seen := &recorder{log: &log}
		job := prepare(t, newWorkers(t, 2), append([]string{"limit-train=1000", "limit-val=200", "batch-size=16", "resize=16"}, c.settings...)...)
		result := mustRun(t, job, seen)
		if result.Status != Done || len(seen.notices) != len(c.want) {
			t.Errorf("%s: %s, notices %q, want %q", c.name, result.Status, seen.notices, c.want)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(seen.notices[i], want) {
				t.Errorf("%s: notice %q, want %q", c.name, seen.notices[i], want)
			}
		}
	}
}
