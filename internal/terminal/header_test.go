package terminal

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/dataset"
	"vggtrain/internal/train"
)

func TestHeader(t *testing.T) {
	want := []string{
		"data       Fashion-MNIST: 60,000 images to train on, at 56x56, grey, resize-mode pad (/usr/share/datasets/fashion-mnist)",
		"scored     the test set: 10,000 images after each epoch",
		"network    vgg11-small: 17,927,498 parameters, 45.7 million multiply-adds (MACs) an image",
		"settings   recipe fast, seed 0",
		"training   10 epochs of 469 steps, 128 images a step, augmented by flip",
		"optimizer  SGD, lr 0.02 (cosine, 1 epoch of warm-up), Nesterov momentum 0.9, weight decay 0.0005",
		"memory     about 412.0 MiB of this machine's 16.0 GiB",
		"processor  2 threads, avx512 kernels",
		"run folder runs/new",
	}
	if diff := cmp.Diff(want, header(plan, 0, false)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHeaderOfOtherRuns(t *testing.T) {
	small := plan
	small.DataKind, small.DataOrigin, small.TrainImages, small.ValImages = dataset.Sampled, "built-in sample", 5000, 1000
	small.StepsPerEpoch, small.Steps, small.StepsDone = 40, 120, 50
	small.MachineBytes, small.Folder = 0, ""
	small.Scored, small.ScoredHow, small.TestImages, small.Channels, small.LeftOut = "val", "20 % held out of train", 500, 3, 2
	small.Settings = fast("momentum=0", "nesterov=false", "weight-decay=0", "clip-norm=1", "schedule=constant", "warmup-epochs=0",
		"augment=flip,crop", "max-time=90m", "early-stop=3", "seed=7", "dropout=0.25", "label-smoothing=0.1", "init=old.bin", "val=20%", "resize-mode=crop")
	want := []string{
		"data       only a sample of Fashion-MNIST: 5,000 images to train on, at 56x56, in colour, resize-mode crop; 2 files left out, unreadable",
		"scored     20 % held out of train: 1,000 images after each epoch; the test set once, at the end: 500 images",
		"network    vgg11-small: 17,927,498 parameters, 45.7 million multiply-adds (MACs) an image, dropout 0.25, weights from old.bin",
		"settings   the checkpoint's, seed 7; --resize-mode crop --momentum 0 --nesterov=false --weight-decay 0 --schedule constant --warmup-epochs 0 --clip-norm 1 " +
			"--label-smoothing 0.1 --dropout 0.25 --augment flip,crop --init old.bin --val '20%' --max-time 1h30m --early-stop 3",
		"training   10 epochs of 40 steps, 128 images a step, augmented by flip and crop, label smoothing 0.1, 120 steps at most; " +
			"50 done, 70 left; ends after 1h30m; ends after 3 epochs without a better accuracy",
		"optimizer  SGD, lr 0.02 (constant), clip norm 1",
		"memory     about 412.0 MiB",
		"processor  2 threads, avx512 kernels",
	}
	if diff := cmp.Diff(want, header(small, 0, false)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHeaderOnATerminal(t *testing.T) {
	odd := plan
	odd.DataKind, odd.DataOrigin, odd.Arch = dataset.Other, "a\nb\x1b[2J", "ne\rt"
	for columns := 12; columns < 130; columns++ {
		lines := strings.Split(strings.Join(header(odd, columns, true), "\n"), "\n")
		for _, line := range lines {
			text := escape.ReplaceAllString(line, "")
			if len(text) > columns && strings.Contains(strings.TrimSpace(text[labelWidth:]), " ") {
				t.Errorf("%d columns: %q is longer", columns, text)
			}
			if strings.ContainsAny(text, "\r\x1b") {
				t.Errorf("a control character in %q", text)
			}
			if label := strings.TrimRight(text[:labelWidth], " "); label != "" && !strings.HasPrefix(line, bold+label) {
				t.Errorf("the label does not stand out: %q", line)
			}
		}
		if columns >= 100 && len(lines) > 9 {
			t.Errorf("%d lines at %d columns", len(lines), columns)
		}
	}
}

func TestWriteEstimate(t *testing.T) {
	resumed, finished := plan, plan
	resumed.StepsDone, finished.StepsDone = 4000, 4690
	for _, c := range []struct {
		plan train.Plan
		want string
	}{
		{plan, "time       about 6m20s: 75ms a step, 4.2s an evaluation\n"},
		{resumed, "time       about 6m20s for what is left: 75ms a step, 4.2s an evaluation\n"},
		{finished, "time       nothing is left to train: 75ms a step, 4.2s an evaluation\n"},
	} {
		var out bytes.Buffer
		if err := WriteEstimate(&out, &train.Estimate{Plan: c.plan, StepSeconds: 0.075, EvalSeconds: 4.2, Seconds: 380}); err != nil {
			t.Fatal(err)
		}
		if want := strings.Join(header(c.plan, 0, false), "\n") + "\n" + c.want; out.String() != want {
			t.Errorf("%s\nwant:\n%s", &out, want)
		}
	}
}
