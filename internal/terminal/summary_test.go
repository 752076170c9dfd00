package terminal

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/record"
	"vggtrain/internal/train"
)

func TestWriteSummary(t *testing.T) {
	done := train.Result{
		Status: train.Done, EpochsDone: 1, StepsDone: 4690, ValLoss: 0.5, ValAccuracy: 0.9, BestValAccuracy: 0.91, BestEpoch: 9,
		ImagesPerSecond: 812.4, Seconds: 3725, PeakRSSBytes: 512 << 20,
		Checkpoint: "runs/x/checkpoint.bin", Best: "runs/x/best.bin",
	}
	elsewhere := done
	elsewhere.Status = train.Interrupted
	elsewhere.Checkpoint, elsewhere.Best = "my run/checkpoint.bin", ""
	nothing := train.Result{Status: train.Diverged, StepsDone: 1, ValAccuracy: math.NaN()}
	short := train.Result{Status: train.Done, EpochsDone: 3, StepsDone: 3 * 469, ValAccuracy: math.NaN(), BestEpoch: 1, Checkpoint: "x/checkpoint.bin", Best: "x/best.bin"}
	guesses := done
	guesses.BestValAccuracy = 0.12
	within := short
	within.StepsDone -= 9
	const numbers = "1,407 steps, 0ms (0.0 images/s, peak memory 0 B)\nrun folder x: best.bin, checkpoint.bin\nnext       vggtrain fit --resume x"
	for _, c := range []struct {
		result   train.Result
		settings []string
		want     string
	}{
		{done, nil, `done after 1 epoch, 4,690 steps, 1h02m (812 images/s, peak memory 512.0 MiB)
accuracy 0.9000, loss 0.5000; best accuracy 0.9100 in epoch 9
run folder runs/x: best.bin, checkpoint.bin
next       vggtrain eval runs/x/best.bin
           vggtrain predict runs/x/best.bin IMAGE.png
`},
		{guesses, nil, `done after 1 epoch, 4,690 steps, 1h02m (812 images/s, peak memory 512.0 MiB)
accuracy 0.9000, loss 0.5000; best accuracy 0.1200 in epoch 9, no better than a guess of one in 10
run folder runs/x: best.bin, checkpoint.bin
next       vggtrain eval runs/x/best.bin
           vggtrain fit --resume runs/x --epochs 20
`},
		{elsewhere, []string{"data=my images"}, `interrupted after 1 epoch, 4,690 steps, 1h02m (812 images/s, peak memory 512.0 MiB)
accuracy 0.9000, loss 0.5000; best accuracy 0.9100 in epoch 9
run folder my run: checkpoint.bin
next       vggtrain fit --resume 'my run'
           vggtrain eval 'my run/checkpoint.bin' --data 'my images'
`},
		{nothing, nil, "diverged after 0 epochs, 1 step, 0ms (0.0 images/s, peak memory 0 B)\n"},
		{short, []string{"early-stop=2"}, "done after 3 of 10 epochs: no better accuracy for 2 epochs (--early-stop 2)\n" +
			numbers + " --early-stop off\n           vggtrain eval x/best.bin\n"},
		{short, []string{"early-stop=3", "max-time=2s"}, "done after 3 of 10 epochs: --max-time 2s is over\n" +
			numbers + "\n           vggtrain eval x/best.bin\n"},
		{short, []string{"max-steps=1407", "early-stop=3"}, "done after 3 of 10 epochs: --max-steps 1407 are done\n" +
			numbers + " --max-steps off\n           vggtrain eval x/best.bin\n"},
		{within, []string{"epochs=3", "max-time=90m", "max-steps=9999"}, "done after 3 of 3 epochs: --max-time 1h30m is over\n" +
			strings.Replace(numbers, "1,407", "1,398", 1) + "\n           vggtrain eval x/best.bin\n"},
	} {
		var out bytes.Buffer
		c.result.Facts = factsOf(fast(c.settings...))
		c.result.Folder = filepath.Dir(c.result.Checkpoint)
		if err := WriteSummary(&out, c.result); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// factsOf are those of a run of 469 steps an epoch.
func factsOf(s *configs.Recipe) record.Facts {
	f := record.Facts{Settings: s, DataKind: dataset.Sampled, Classes: 10, ValImages: 200, Epochs: s.Epochs, StepsPerEpoch: 469, Steps: 469 * s.Epochs}
	if s.MaxSteps > 0 {
		f.Steps = min(f.Steps, s.MaxSteps)
	}
	return f
}

func TestWriteSummaryNamesTheReport(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "report.html")
	if err := os.WriteFile(page, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	facts := factsOf(fast())
	facts.Folder = dir
	if err := WriteSummary(&out, train.Result{Facts: facts, Status: train.Done, StepsDone: 4690, Best: filepath.Join(dir, "best.bin")}); err != nil {
		t.Fatal(err)
	}
	if want := "\nreport     " + page + ", for a browser\n"; !strings.Contains(out.String(), want) || strings.Count(out.String(), "\n") > 6 {
		t.Errorf("%q is not in\n%s", want, &out)
	}
}

// A test set that did not choose best.bin has its score beside the others.
func TestWriteSummaryOfATestSet(t *testing.T) {
	facts := factsOf(fast())
	facts.TestImages = 500
	for score, want := range map[float64]bool{0.875: true, math.NaN(): false} {
		var out bytes.Buffer
		if err := WriteSummary(&out, train.Result{Facts: facts, Status: train.Done, StepsDone: 4690, TestAccuracy: score, TestLoss: 0.5}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "\ntest set, once, with best.bin: accuracy 0.8750, loss 0.5000\n") != want {
			t.Errorf("%v:\n%s", score, &out)
		}
	}
}
