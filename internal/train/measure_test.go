package train

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/record"
)

// slow takes a time for each row of a step and of an evaluation, and for an update.
type slow struct {
	row, logits, update time.Duration

	steps, evaluations []int // their rows
}

func (s *slow) Step(_ uint64, _ []float32, _ []int32, rows int) (float64, error) {
	s.steps = append(s.steps, rows)
	time.Sleep(time.Duration(rows) * s.row)
	return 1, nil
}

func (s *slow) Logits(_ []float32, rows int) ([]float32, error) {
	s.evaluations = append(s.evaluations, rows)
	time.Sleep(time.Duration(rows) * s.logits)
	return nil, nil
}

// slowUpdate is slow as an Optimizer, whose Step is another.
type slowUpdate struct{ *slow }

func (s slowUpdate) Step(lr float64) error {
	if lr != 0 {
		return errors.New("an update at a learning rate")
	}
	time.Sleep(s.update)
	return nil
}

// Times are those of a full batch, whichever of its rows are timed.
func TestMeasureScales(t *testing.T) {
	for _, c := range []struct {
		name               string
		batch, threads     int
		row, logits        time.Duration
		steps, evaluations []int
	}{
		{"slow network", 128, 2, time.Second, 200 * time.Millisecond, []int{8, 8}, []int{8, 8}},
		{"quick network", 128, 2, time.Millisecond, time.Microsecond, []int{8, 8, 32, 32, 128, 128}, []int{8, 8, 32, 32, 50, 50}},
		{"between", 1000, 2, 8 * time.Millisecond, time.Second, []int{8, 8, 32, 32, 128, 128}, []int{8, 8}},
		{"small batch", 3, 2, time.Second, time.Second, []int{3, 3}, []int{3, 3}},
		{"many threads", 128, 48, time.Second, time.Second, []int{48, 48}, []int{48, 48}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &slow{row: c.row, logits: c.logits, update: 3 * time.Second}
				l := &loop{
					plan:    Plan{Facts: record.Facts{Steps: 25, StepsPerEpoch: 10, ValImages: 50, Threads: c.threads}},
					trainer: s, predictor: s, optimizer: slowUpdate{s},
					batches: &fakeBatches{n: 10 * c.batch, batch: c.batch}, validation: &fakeBatches{n: 50, batch: c.batch},
				}
				e, err := l.measure(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				step, eval := float64(c.batch)*c.row.Seconds()+3, 50*c.logits.Seconds()
				for _, x := range [][2]float64{{e.StepSeconds, step}, {e.EvalSeconds, eval}, {e.Seconds, 25*step + 3*eval}} {
					// The clock is synctest's, exact; what is left is a few roundings.
					if !(math.Abs(x[0]-x[1]) <= 1e-12*x[1]) {
						t.Errorf("%v s, want %v", x[0], x[1])
					}
				}
				if diff := cmp.Diff([][]int{c.steps, c.evaluations}, [][]int{s.steps, s.evaluations}); diff != "" {
					t.Errorf("rows (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestMeasureEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newFixture(1, 0)
	f.trainer.before = func(int) error { cancel(); return nil }
	if _, err := f.measure(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

// The memory is that of the full batch, of which only some rows are run.
func TestMeasurePlansFullBatches(t *testing.T) {
	workers := newWorkers(t, 2)
	planned := map[string]int64{}
	for _, batch := range []string{"1000", "2000"} {
		job := prepare(t, workers, "batch-size="+batch)
		e, err := Measure(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		planned[batch] = e.Plan.MemoryBytes - 0
	}
	// A row's activations; the rest is work space, which does not grow with the batch.
	if grown := planned["2000"] - planned["1000"]; grown < 1000*4*(4*4*4+8*2*2+16+10) {
		t.Errorf("1,000 rows more take %d bytes more", grown)
	}
}

func TestMeasureChangesNothing(t *testing.T) {
	job := prepare(t, newWorkers(t, 2), everything...)
	var before [][]float32
	for _, p := range job.Params {
		before = append(before, slices.Clone(p.Data))
	}
	e, err := Measure(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range job.Params {
		if !slices.Equal(before[i], p.Data) {
			t.Errorf("%s has changed", p.Name)
		}
	}
	if e.StepSeconds <= 0 || e.Seconds < 8*e.StepSeconds || e.Plan.Steps != 8 || e.Plan.MemoryBytes < 8*job.Params.Count() {
		t.Errorf("estimate %+v", e)
	}
	if entries, err := os.ReadDir(filepath.Dir(job.Checkpoint)); err != nil || len(entries) > 0 {
		t.Errorf("files were written: %v, %v", entries, err)
	}
}
