package bench

import (
	"cmp"
	"slices"
	"time"

	"vggtrain/model"
)

// Row is a part of a training step's time: one pass of one layer or, in later rows, something else.
//
// Times are means over the middle half of the counted steps, by how long they took: as little
// moved by a slow step as medians are, and unlike medians they add up: to the step's.
type Row struct {
	Name      string  `json:"name"`                // of the layer, as summary has it: features.0; else see the constants
	Type      string  `json:"type,omitempty"`      // of the layer: Conv2d
	Pass      string  `json:"pass,omitempty"`      // forward, input gradient, weight gradient; see fused
	Algorithm string  `json:"algorithm,omitempty"` // where there is a choice
	MS        float64 `json:"ms"`
	Share     float64 `json:"share"`            // of the step
	GFLOPS    float64 `json:"gflops,omitempty"` // 2·MACs of the definition, however they are computed
	PeakShare float64 `json:"peak_share,omitempty"`
}

// Names of the rows without a layer.
const (
	RowLoader   = "loader"   // loading the batch
	RowSolver   = "solver"   // the update of the weights, less its part in layers' rows
	RowGorgonia = "gorgonia" // running the graph, less its operations
	RowOther    = "other"    // the step less all other rows
)

// fused is the pass of a weight gradient that is taken as the solver asks for it.
const fused = "weight gradient, update"

// watch gathers a training's times, step by step.
type watch struct {
	passes  map[pass]*series
	rest    map[string]*series
	step    series
	solving bool
	inner   time.Duration // of passes, in this call of the graph or the solver
	end     time.Time     // of the step before
}

type pass struct{ layer, name string }

// series is how long something took, step by step.
type series struct {
	took      []time.Duration
	algorithm string
}

func newWatch() *watch {
	w := &watch{passes: map[pass]*series{}, rest: map[string]*series{}, end: time.Now()}
	for _, name := range []string{RowLoader, RowSolver, RowGorgonia} {
		w.rest[name] = &series{}
	}
	return w
}

// observe is for model.Trainer.Observe.
func (w *watch) observe(t model.Timing) {
	key := pass{t.Layer, t.Pass}
	if w.solving {
		key.name = fused
	}
	if w.passes[key] == nil {
		w.passes[key] = &series{}
	}
	w.add(w.passes[key], t.Took)
	w.passes[key].algorithm = t.Algorithm
	w.inner += t.Took
}

// add adds to what the series took in this step.
func (w *watch) add(s *series, d time.Duration) {
	for len(s.took) <= len(w.step.took) {
		s.took = append(s.took, 0)
	}
	s.took[len(w.step.took)] += d
}

// call runs the graph or updates the weights, f; its own time is what its passes leave.
func (w *watch) call(row string, f func() error) error {
	w.solving, w.inner = row == RowSolver, 0
	start := time.Now()
	err := f()
	w.add(w.rest[row], time.Since(start)-w.inner)
	return err
}

// done ends a step. loaded is the time to load its batch.
func (w *watch) done(loaded time.Duration) {
	w.add(w.rest[RowLoader], loaded)
	now := time.Now()
	w.step.took = append(w.step.took, now.Sub(w.end))
	w.end = now
}

// typical is the indices of the middle half of the counted steps.
func (w *watch) typical() []int {
	var steps []int
	for i := WarmupSteps; i < len(w.step.took); i++ {
		steps = append(steps, i)
	}
	slices.SortStableFunc(steps, func(i, j int) int { return cmp.Compare(w.step.took[i], w.step.took[j]) })
	quarter := len(steps) / 4
	return steps[quarter : len(steps)-quarter]
}

// mean is the mean over the given steps, in milliseconds.
func (s *series) mean(steps []int) float64 {
	var sum time.Duration
	for _, i := range steps {
		if i < len(s.took) {
			sum += s.took[i]
		}
	}
	return float64(sum) / float64(len(steps)) / float64(time.Millisecond)
}

// rows lists the layers' passes in the layers' order, then the rest; images is those of a step,
// peak the machine's GFLOP/s.
func (w *watch) rows(layers []model.Layer, images int, peak float64) (rows []Row, step float64) {
	steps := w.typical()
	step = w.step.mean(steps)
	add := func(r Row, s *series) {
		r.MS, r.Algorithm = s.mean(steps), s.algorithm
		rows = append(rows, r)
	}
	layers = append(slices.Clone(layers), model.Layer{Name: model.LossLayer})
	for _, l := range layers {
		for _, name := range []string{model.Forward, model.InputGradient, model.WeightGradient, fused} {
			s := w.passes[pass{l.Name, name}]
			if s == nil {
				continue
			}
			add(Row{Name: l.Name, Type: l.Type, Pass: name}, s)
			if r := &rows[len(rows)-1]; r.MS > 0 {
				r.GFLOPS = 2 * float64(l.MACs) * float64(images) / r.MS / 1e6
				r.PeakShare = r.GFLOPS / peak
			}
		}
	}
	for _, name := range []string{RowLoader, RowSolver, RowGorgonia} {
		add(Row{Name: name}, w.rest[name])
	}
	other := step
	for i := range rows {
		other -= rows[i].MS
		rows[i].Share = rows[i].MS / step
	}
	return append(rows, Row{Name: RowOther, MS: other, Share: other / step}), step
}
