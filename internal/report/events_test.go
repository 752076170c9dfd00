package report

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"vggtrain/internal/record"
	"vggtrain/internal/train"
)

// points are what the event files of a folder say, file after file: "tag step value".
func points(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "events.out.tfevents.*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for len(data) > 0 {
			n := int(binary.LittleEndian.Uint64(data))
			all = append(all, eventPoints(data[12:12+n])...)
			data = data[12+n+4:]
		}
	}
	return all
}

// field returns the last field of a message with that number, its tag taken away.
func field(message []byte, number protowire.Number) (content []byte) {
	each(message, number, func(b []byte) { content = b })
	return content
}

func each(message []byte, number protowire.Number, f func([]byte)) {
	for len(message) > 0 {
		got, kind, n := protowire.ConsumeTag(message)
		size := protowire.ConsumeFieldValue(got, kind, message[n:])
		if got == number {
			f(message[n : n+size])
		}
		message = message[n+size:]
	}
}

func eventPoints(event []byte) (list []string) {
	step, _ := protowire.ConsumeVarint(field(event, 2))
	if session := field(event, 7); session != nil {
		list = append(list, fmt.Sprintf("start %d", step))
	}
	summary, _ := protowire.ConsumeBytes(field(event, 5))
	each(summary, 1, func(b []byte) {
		value, _ := protowire.ConsumeBytes(b)
		tag, _ := protowire.ConsumeBytes(field(value, 1))
		bits, _ := protowire.ConsumeFixed32(field(value, 2))
		list = append(list, fmt.Sprintf("%s %d %v", tag, step, math.Float32frombits(bits)))
	})
	return list
}

// threeSteps is a plan of epochs of three steps.
func threeSteps(done, evaluated int) train.Plan {
	return train.Plan{Facts: record.Facts{StepsPerEpoch: 3}, StepsDone: done, History: make([]record.Epoch, evaluated)}
}

// observe tells an observer of steps from first to last, of three an epoch, and of each epoch that
// ends; last may end one early.
func observe(t *testing.T, e *Events, p train.Plan, first, last int, early bool) {
	t.Helper()
	errs := []error{e.Begin(p)}
	for step := first; step <= last; step++ {
		errs = append(errs, e.Step(record.Step{Step: step, Loss: float64(step) / 4, LR: 0.5}))
		if step%3 == 0 || early && step == last {
			errs = append(errs, e.Epoch(record.Epoch{Epoch: (step + 2) / 3, ValLoss: 8, ValAccuracy: 0.75, TrainLoss: 9, LR: 7}, nil))
		}
	}
	errs = append(errs, e.End(train.Result{}))
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestEvents(t *testing.T) {
	dir := newRun(t)
	observe(t, NewEvents(dir, true), threeSteps(0, 0), 1, 4, true)
	want := []string{
		"loss/train 1 0.25", "lr 1 0.5", "loss/train 2 0.5", "lr 2 0.5", "loss/train 3 0.75", "lr 3 0.5",
		"loss/val 3 8", "accuracy/val 3 0.75",
		"loss/train 4 1", "lr 4 0.5", "loss/val 4 8", "accuracy/val 4 0.75",
	}
	if diff := cmp.Diff(want, points(t, dir.Path())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a resumed run does again is not there twice, wherever its checkpoint is.
func TestEventsGoOn(t *testing.T) {
	for _, c := range []struct {
		name            string
		last            int
		early           bool
		done, evaluated int // by the checkpoint
		want            []string
	}{
		{"killed within an epoch", 5, false, 4, 1, []string{"1", "2", "3", "val 3", "4"}},
		{"killed before the first save", 2, false, 0, 0, nil},
		{"killed after an evaluation that is not saved", 3, false, 3, 0, []string{"1", "2", "3"}},
		{"ended", 6, false, 6, 2, []string{"1", "2", "3", "val 3", "4", "5", "6", "val 6"}},
		{"goes on with an epoch that was cut", 4, true, 4, 1, []string{"1", "2", "3", "val 3", "4"}},
		{"stays at an epoch that was cut", 4, true, 4, 2, []string{"1", "2", "3", "val 3", "4", "val 4"}},
	} {
		dir := newRun(t)
		observe(t, NewEvents(dir, true), threeSteps(0, 0), 1, c.last, c.early)
		e := NewEvents(dir, true)
		if err := e.Begin(threeSteps(c.done, c.evaluated)); err != nil {
			t.Error(err)
		}
		if err := e.Epoch(record.Epoch{}, nil); err != nil { // at the checkpoint's step
			t.Error(err)
		}
		if err := e.End(train.Result{}); err != nil {
			t.Error(err)
		}
		var got []string
		for _, point := range points(t, dir.Path()) {
			if step, ok := strings.CutPrefix(point, "loss/train "); ok {
				got = append(got, strings.Fields(step)[0])
			} else if step, ok := strings.CutPrefix(point, "accuracy/val "); ok {
				got = append(got, "val "+strings.Fields(step)[0])
			} else if strings.HasPrefix(point, "start") {
				got = append(got, point)
			}
		}
		want := append(c.want, fmt.Sprintf("start %d", c.done+1), fmt.Sprintf("val %d", c.done))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
}

// A run without them that goes on with one that had them leaves none that are not true.
func TestEventsOff(t *testing.T) {
	dir := newRun(t)
	observe(t, NewEvents(dir, true), threeSteps(0, 0), 1, 6, false)
	observe(t, NewEvents(dir, false), threeSteps(2, 0), 3, 6, false)
	if diff := cmp.Diff([]string{"loss/train 1 0.25", "lr 1 0.5", "loss/train 2 0.5", "lr 2 0.5"}, points(t, dir.Path())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	empty := newRun(t)
	observe(t, NewEvents(empty, false), threeSteps(0, 0), 1, 6, false)
	if files, err := filepath.Glob(filepath.Join(empty.Path(), "*tfevents*")); len(files) > 0 || err != nil {
		t.Errorf("%v, %v", files, err)
	}
}

// Events that cannot be written are no reason to end a run, or to call it incomplete.
func TestEventsNotWritten(t *testing.T) {
	dir := newRun(t)
	if err := os.RemoveAll(dir.Path()); err != nil {
		t.Fatal(err)
	}
	var notices []string
	p := threeSteps(0, 0)
	p.Notify = func(text string) { notices = append(notices, text) }
	observe(t, NewEvents(dir, true), p, 1, 3, false)
	if len(slices.Compact(notices)) != 1 || !strings.HasPrefix(notices[0], dir.Path()+": ") || !strings.HasSuffix(notices[0], "the run goes on, TensorBoard does not see all of it") {
		t.Errorf("notices %q", notices)
	}
}
