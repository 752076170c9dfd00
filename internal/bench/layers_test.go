package bench

import (
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vggtrain/dataset"
	"vggtrain/model"
)

// Two layers, the weight gradient of the second taken by the solver: rows are means of the
// middle half of the counted steps, in the layers' order, and what no row has is "other".
func TestRows(t *testing.T) {
	layers := []model.Layer{{Name: "a", Type: "Conv2d", MACs: 1e6}, {Name: "b", Type: "Linear", MACs: 2e6}}
	w := newWatch()
	for _, ms := range []time.Duration{100, 100, 1, 3, 9, 0} { // two of the warm-up, four that count
		ms *= time.Millisecond
		w.observe(model.Timing{Layer: "b", Pass: model.Forward, Took: 10 * ms})
		w.observe(model.Timing{Layer: "a", Pass: model.WeightGradient, Algorithm: "direct", Took: 20 * ms})
		w.solving = true
		w.observe(model.Timing{Layer: "b", Pass: model.WeightGradient, Took: 2 * ms}) // once for its norm,
		w.observe(model.Timing{Layer: "b", Pass: model.WeightGradient, Took: 3 * ms}) // once for the update
		w.solving = false
		w.add(w.rest[RowSolver], ms)
		w.add(w.rest[RowLoader], 2*ms)
		w.add(w.rest[RowGorgonia], ms)
		w.step.took = append(w.step.took, 50*ms)
	}
	rows, step := w.rows(layers, 4, 1)
	want := []Row{
		{Name: "a", Type: "Conv2d", Pass: "weight gradient", Algorithm: "direct", MS: 40, Share: 0.4, GFLOPS: 0.2, PeakShare: 0.2},
		{Name: "b", Type: "Linear", Pass: "forward", MS: 20, Share: 0.2, GFLOPS: 0.8, PeakShare: 0.8},
		{Name: "b", Type: "Linear", Pass: "weight gradient, update", MS: 10, Share: 0.1, GFLOPS: 1.6, PeakShare: 1.6},
		{Name: "loader", MS: 4, Share: 0.04},
		{Name: "solver", MS: 2, Share: 0.02},
		{Name: "gorgonia", MS: 2, Share: 0.02},
		{Name: "other", MS: 22, Share: 0.22},
	}
	if step != 100 || len(rows) != len(want) {
		t.Fatalf("step %v, rows %+v", step, rows)
	}
	for i := range want {
		if rows[i] != want[i] {
			t.Errorf("row %d: %+v, want %+v", i, rows[i], want[i])
		}
	}
}

// A call's own time is what its passes leave.
func TestOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose clock only Sleep moves
		w := newWatch()
		pause := func() error { time.Sleep(10 * time.Millisecond); return nil }
		_ = w.call(RowGorgonia, func() error {
			w.observe(model.Timing{Layer: "a", Pass: model.Forward, Took: 3 * time.Millisecond})
			return pause()
		})
		_ = w.call(RowSolver, func() error {
			w.observe(model.Timing{Layer: "a", Pass: model.WeightGradient, Took: 4 * time.Millisecond})
			return pause()
		})
		w.done(0)
		graph, solver, step := w.rest[RowGorgonia].took[0], w.rest[RowSolver].took[0], w.step.took[0]
		if graph != 7*time.Millisecond || solver != 6*time.Millisecond || step != 20*time.Millisecond {
			t.Errorf("graph %v, solver %v of a step of %v", graph, solver, step)
		}
		if w.passes[pass{"a", fused}] == nil || w.passes[pass{"a", "forward"}] == nil {
			t.Errorf("passes %v", w.passes)
		}
	})
}

// slow is a source whose images take a millisecond each.
type slow struct{ dataset.Source }

func (s slow) Image(ctx context.Context, i int, p *dataset.Pixels) error {
	time.Sleep(time.Millisecond)
	return s.Source.Image(ctx, i, p)
}

// All that a training waits for is in a row: by a clock that stands still while something is computed,
// nothing is left for the last one.
func TestNoOtherWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(t)
		o.Data = &dataset.Data{Train: slow{o.Data.Train}, Classes: o.Data.Classes}
		layers, err := model.Resolve(o.Arch, o.Data.Channels(), o.Side, o.Side, len(o.Data.Classes))
		if err != nil {
			t.Fatal(err)
		}
		params, err := model.NewParams(layers)
		if err != nil {
			t.Fatal(err)
		}
		w := newWatch()
		if _, err := o.train(t.Context(), layers, params, w); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // the loader reads ahead
		rows, step := w.rows(layers, o.Batch, 1)
		for _, row := range rows {
			if want := map[string]float64{RowLoader: step}[row.Name]; row.MS != want {
				t.Errorf("%s %s: %v of %v", row.Name, row.Pass, row.MS, step)
			}
		}
		if step < 1 {
			t.Errorf("a step takes %v ms: not even an image's", step)
		}
	})
}

// Each pass of a real training has a row, and the rows add up to its step. How much is in none of them
// depends on what else the machine does: 3 % where it does nothing else.
func TestLayersAddUp(t *testing.T) {
	o := options(t)
	workers, err := model.NewWorkers(2, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Close)
	o.Arch = model.NewVGG("small", [][2]int{{1, 16}, {1, 32}}, []int{256}, 0.5)
	o.Workers, o.Side, o.Batch, o.Steps, o.Layers = workers, 32, 32, 20, true
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	var rows []string
	for _, row := range r.Layers {
		rows = append(rows, strings.TrimSpace(row.Name+" "+row.Pass))
		sum += row.MS
		if row.Name != RowOther && !(row.MS > 0) {
			t.Errorf("%+v took no time", row)
		}
	}
	want := []string{
		"features.0 forward", "features.0 weight gradient",
		"features.3 forward", "features.3 input gradient", "features.3 weight gradient",
		"classifier.0 forward", "classifier.0 input gradient", "classifier.0 weight gradient, update",
		"classifier.2 forward", "classifier.2 input gradient",
		"classifier.3 forward", "classifier.3 input gradient", "classifier.3 weight gradient, update",
		"loss forward", "loss input gradient", RowLoader, RowSolver, RowGorgonia, RowOther,
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	other := r.Layers[len(r.Layers)-1]
	if !(math.Abs(sum-r.StepMS) <= 1e-9*r.StepMS) || !(math.Abs(other.Share-other.MS/r.StepMS) <= 1e-12) {
		t.Errorf("rows add up to %v of %v, the last is %+v", sum, r.StepMS, other)
	}
	t.Logf("%.1f %% of the step in no row", 100*other.Share)
}
