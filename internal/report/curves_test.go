package report

import (
	"bytes"
	"errors"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
)

// course plays a run of three epochs of 20 steps into a folder from one step to another: begun
// anew, or resumed there. It ends as told. It returns the last steps in the pictures that were there
// as epochs ended, and in the end.
func course(t *testing.T, dir *rundir.Dir, c *Curves, from, to int, end train.Status) (shown []int) {
	t.Helper()
	p := plan
	p.Epochs, p.StepsPerEpoch, p.StepsDone = 3, 20, from
	p.Notify = func(text string) { t.Error(text) }
	epoch := func(step int) record.Epoch {
		return record.Epoch{Epoch: step / 20, TrainLoss: 2, ValLoss: 40 / float64(step), ValAccuracy: float64(step) / 60}
	}
	for step := 20; step <= from; step += 20 {
		p.History = append(p.History, epoch(step))
	}
	all := []train.Observer{NewFiles(dir, nil), c}
	do := func(call func(train.Observer) error) {
		t.Helper()
		for _, o := range all {
			if err := call(o); err != nil {
				t.Fatal(err)
			}
		}
	}
	do(func(o train.Observer) error { return o.Begin(p) })
	for step := from + 1; step <= to; step++ {
		r := record.Step{Epoch: (step + 19) / 20, Step: step, Loss: 2 / math.Sqrt(float64(step)), LR: 0.01, Images: 128}
		if end == train.Diverged && step == to {
			r.Loss = math.NaN()
		}
		do(func(o train.Observer) error { return o.Step(r) })
		if step%20 == 0 {
			do(func(o train.Observer) error { return o.Epoch(epoch(step), nil) })
			shown = append(shown, c.shown)
		}
	}
	do(func(o train.Observer) error { return o.End(train.Result{Status: end, StepsDone: to}) })
	return append(shown, c.shown)
}

func newRun(t *testing.T) *rundir.Dir {
	t.Helper()
	dir, err := rundir.Create(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	return dir
}

// curvesOf reads a run's picture, which must be one.
func curvesOf(t *testing.T, dir *rundir.Dir) []byte {
	t.Helper()
	text, err := os.ReadFile(dir.Curves())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return text
}

// Runs that were interrupted at the end of an epoch or within one have, once they are finished,
// the picture of one that was not; how a run ends, and what it has done, is seen.
func TestCurvesOfResumedRuns(t *testing.T) {
	pictures := map[string][]byte{}
	for name, stops := range map[string][]int{"whole": {60}, "at an epoch's end": {40, 60}, "within an epoch": {25, 50, 60}, "not finished": {50}} {
		dir, from := newRun(t), 0
		for _, to := range stops {
			status := train.Interrupted
			if to == 60 {
				status = train.Done
			}
			course(t, dir, NewCurves(dir), from, to, status)
			from = to
		}
		pictures[name] = curvesOf(t, dir)
	}
	for _, name := range []string{"at an epoch's end", "within an epoch"} {
		if !bytes.Equal(pictures[name], pictures["whole"]) {
			t.Errorf("resumed %s: another picture than the whole run's", name)
		}
	}
	if bytes.Equal(pictures["not finished"], pictures["whole"]) {
		t.Error("a run that ended early has the picture of the whole one")
	}
	dir := newRun(t)
	c := NewCurves(dir)
	course(t, dir, c, 0, 60, train.Diverged)
	if drawn := c.picture(); drawn.Broken != 60 || !strings.HasSuffix(drawn.Note, "epoch 3 of 3: diverged in step 60") {
		t.Errorf("drawn as broken in step %d, with the note %s", drawn.Broken, drawn.Note)
	}
	if bytes.Equal(curvesOf(t, dir), pictures["whole"]) {
		t.Error("a run that diverged has the picture of one that did not")
	}
}

// Each epoch's end draws, and the run's end what is missing; but no more often than what it costs
// allows.
func TestCurvesAreDrawnWhenDue(t *testing.T) {
	for _, c := range []struct {
		name  string
		tick  time.Duration // that passes whenever the time is asked for
		steps int
		want  []int // the last steps in the pictures as the epochs end and at the end
	}{
		{"at once", 0, 60, []int{20, 40, 60, 60}},
		{"a second a drawing", time.Second, 60, []int{20, 20, 20, 60}},
		{"the end", 0, 50, []int{20, 40, 50}},
	} {
		dir := newRun(t)
		curves := NewCurves(dir)
		var clock time.Time
		curves.now = func() time.Time {
			clock = clock.Add(c.tick)
			return clock
		}
		if got := course(t, dir, curves, 0, c.steps, train.Done); !slices.Equal(got, c.want) {
			t.Errorf("%s: pictures until steps %d, want %d", c.name, got, c.want)
		}
	}
}

// What is in the picture already is not drawn again at the end.
func TestCurvesAreDrawnOnce(t *testing.T) {
	dir := newRun(t)
	c := NewCurves(dir)
	err := errors.Join(c.Begin(plan), c.Step(record.Step{Epoch: 1, Step: 1, Loss: 1}), c.Epoch(record.Epoch{Epoch: 1}, nil))
	if err := errors.Join(err, os.Remove(dir.Curves()), c.End(train.Result{StepsDone: 1})); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir.Curves()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the same picture is written twice: %v", err)
	}
}

// A picture that cannot be written is a notice, and no error at the end; a run that did nothing has
// none.
func TestCurvesThatCannotBeWritten(t *testing.T) {
	dir := newRun(t)
	if err := os.Mkdir(dir.Curves(), 0o777); err != nil {
		t.Fatal(err)
	}
	var notices []string
	c := NewCurves(dir)
	p := plan
	p.StepsPerEpoch = 1
	p.Notify = func(text string) { notices = append(notices, text) }
	if err := errors.Join(c.Begin(p), c.Step(record.Step{Epoch: 1, Step: 1, Loss: 1})); err != nil {
		t.Fatal(err)
	}
	failure := c.Epoch(record.Epoch{Epoch: 1}, nil)
	if failure == nil || !strings.Contains(failure.Error(), dir.Curves()) {
		t.Fatalf("error %v", failure)
	}
	if err := c.End(train.Result{}); err != nil || len(notices) != 1 || notices[0] != failure.Error() {
		t.Errorf("at the end: %v, %q", err, notices)
	}

	empty := newRun(t)
	c = NewCurves(empty)
	if err := errors.Join(c.End(train.Result{}), c.Begin(p), c.End(train.Result{})); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(empty.Curves()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a run without steps has a picture: %v", err)
	}
}
