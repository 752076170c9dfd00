package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
)

var plan = train.Plan{Facts: record.Facts{
	Arch: "vgg11-small", Params: 17927498, MACs: 45653504, TrainImages: 60000, ValImages: 10000, Scored: "test", ScoredHow: "the test set", BatchSize: 128, Channels: 1, Side: 56,
	Epochs: 10, StepsPerEpoch: 469, Steps: 4690, Settings: configs.Defaults(), MemoryBytes: 412 << 20, MachineBytes: 16 << 30,
	DataOrigin: "/usr/share/datasets/fashion-mnist", DataKind: dataset.Published, Folder: "runs/new", Threads: 2, Kernel: "avx512",
}}

// play shows an observer a run of two epochs of 20 steps.
func play(t *testing.T, o train.Observer) {
	t.Helper()
	errs := []error{o.Begin(plan)}
	for step := 1; step <= 40; step++ {
		epoch := (step-1)/20 + 1
		errs = append(errs, o.Step(record.Step{Epoch: epoch, Step: step, Loss: 2 / float64(epoch), LR: 0.05, Images: 128, Seconds: 0.25}))
		if step%20 == 0 {
			errs = append(errs, o.Epoch(record.Epoch{
				Epoch: epoch, TrainLoss: 2 / float64(epoch), ValLoss: 0.5, ValAccuracy: 0.75, LR: 0.05 / float64(epoch*epoch*epoch),
				ImagesPerSecond: 512, Seconds: 60.2 * float64(epoch),
			}, nil))
		}
	}
	if err := errors.Join(append(errs, o.End(train.Result{}))...); err != nil {
		t.Fatal(err)
	}
}

func TestFiles(t *testing.T) {
	dir, err := rundir.Create(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	play(t, NewFiles(dir, nil))
	steps, err := os.ReadFile(dir.StepsFile())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(steps), "\n")
	if want := `{"epoch":2,"step":21,"loss":1,"lr":0.05,"images":128,"seconds":0.25}`; len(lines) != 41 || lines[20] != want {
		t.Errorf("steps.jsonl: %d lines, line 21 is %s, want %s", len(lines)-1, lines[20], want)
	}
	metrics, err := os.ReadFile(dir.MetricsFile())
	if err != nil {
		t.Fatal(err)
	}
	want := `epoch,train_loss,val_loss,val_accuracy,lr,images_per_second,seconds
1,2,0.5,0.75,0.05,512,60.2
2,1,0.5,0.75,0.00625,512,120.4
`
	if diff := cmp.Diff(want, string(metrics)); diff != "" {
		t.Errorf("metrics.csv (-want +got):\n%s", diff)
	}
}

// A resumed run cuts what its checkpoint does not know, and says which steps are missing.
func TestFilesGoOn(t *testing.T) {
	dir, err := rundir.Create(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	play(t, NewFiles(dir, nil))
	resumed := plan
	resumed.StepsDone = 25
	resumed.History = []record.Epoch{{Epoch: 1, TrainLoss: 2, ValLoss: 0.5, ValAccuracy: 0.75, LR: 0.05, ImagesPerSecond: 512, Seconds: 60.2}}
	var notices []string
	resumed.Notify = func(text string) { notices = append(notices, text) }
	for _, c := range []struct{ done, lines, notices int }{{25, 25, 0}, {30, 25, 1}} {
		resumed.StepsDone = c.done
		f := NewFiles(dir, nil)
		if err := f.Begin(resumed); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Flush(), f.End(train.Result{})); err != nil {
			t.Fatal(err)
		}
		steps, err := os.ReadFile(dir.StepsFile())
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := os.ReadFile(dir.MetricsFile())
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(steps), "\n"); n != c.lines || strings.Count(string(metrics), "\n") != 2 || len(notices) != c.notices {
			t.Errorf("after step %d: %d steps, notices %q, metrics:\n%s", c.done, n, notices, metrics)
		}
	}
	if want := "the lines of steps 26 to 30 are not there"; !strings.Contains(notices[0], want) {
		t.Errorf("notice %q, want %q", notices[0], want)
	}
}

func TestFilesOfAFolderThatIsGone(t *testing.T) {
	dir, err := rundir.Create(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir.Path()); err != nil {
		t.Fatal(err)
	}
	f := NewFiles(dir, nil)
	if err := f.Begin(plan); err == nil || !strings.Contains(err.Error(), dir.Path()) {
		t.Errorf("error %v, want one that names %s", err, dir.Path())
	}
	if err := f.End(train.Result{}); err != nil {
		t.Errorf("nothing was open: %v", err)
	}
}

func TestNewRecord(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		result train.Result
		want   string
	}{
		"done": {
			train.Result{
				Facts:  record.Facts{Arch: "vgg11-small", Params: 17927498, Scored: "test", DataOrigin: "built-in sample", Threads: 2, Kernel: "avx2"},
				Status: train.Done, EpochsDone: 10, StepsDone: 4690,
				TrainLoss: 0.25, ValLoss: 0.5, ValAccuracy: 0.9, BestValAccuracy: 0.91, BestEpoch: 9,
				ImagesPerSecond: 800, Seconds: 750.5, PeakRSSBytes: 1 << 30,
				Checkpoint: "runs/<x>/checkpoint.bin", Best: "runs/<x>/best.bin",
				TestLoss: 0.625, TestAccuracy: 0.875, Notices: []string{"the loss stays"},
			},
			`{
  "status": "done",
  "arch": "vgg11-small",
  "params": 17927498,
  "epochs": 10,
  "steps": 4690,
  "train_loss": 0.25,
  "val_loss": 0.5,
  "val_accuracy": 0.9,
  "best_val_accuracy": 0.91,
  "best_epoch": 9,
  "scored": "test",
  "test_loss": 0.625,
  "test_accuracy": 0.875,
  "images_per_second": 800,
  "seconds": 750.5,
  "peak_rss_bytes": 1073741824,
  "data": "built-in sample",
  "left_out": 0,
  "left_out_files": [],
  "threads": 2,
  "kernel": "avx2",
  "checkpoint": "runs/<x>/checkpoint.bin",
  "best": "runs/<x>/best.bin",
  "notices": [
    "the loss stays"
  ]
}
`},
		"diverged at once": {
			train.Result{
				Facts:  record.Facts{Arch: "vgg11", DataOrigin: "d", LeftOut: 12, LeftOutFiles: []string{"train/cat/a.png"}, Threads: 1, Kernel: "generic"},
				Status: train.Diverged, StepsDone: 1, TrainLoss: nan, ValLoss: nan, ValAccuracy: nan,
				BestValAccuracy: nan, TestLoss: nan, TestAccuracy: nan, Advice: "lower --lr",
			},
			`{
  "status": "diverged",
  "arch": "vgg11",
  "params": 0,
  "epochs": 0,
  "steps": 1,
  "train_loss": null,
  "val_loss": null,
  "val_accuracy": null,
  "best_val_accuracy": null,
  "best_epoch": null,
  "scored": "",
  "test_loss": null,
  "test_accuracy": null,
  "images_per_second": 0,
  "seconds": 0,
  "peak_rss_bytes": 0,
  "data": "d",
  "left_out": 12,
  "left_out_files": [
    "train/cat/a.png"
  ],
  "threads": 1,
  "kernel": "generic",
  "checkpoint": null,
  "best": null,
  "notices": []
}
`},
	} {
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(NewRecord(c.result)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if !json.Valid(out.Bytes()) {
			t.Errorf("%s: not JSON", name)
		}
	}
}
