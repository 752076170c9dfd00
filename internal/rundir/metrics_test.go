package rundir

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/record"
)

func TestMetrics(t *testing.T) {
	d := newDir(t)
	epochs := []record.Epoch{{Epoch: 1, TrainLoss: 0.5, ValLoss: 0.25, ValAccuracy: 0.9175, LR: 0.05, ImagesPerSecond: 1234.5, Seconds: 60.125}, {Epoch: 2, TrainLoss: 0.1, ValLoss: math.Inf(1), ValAccuracy: 0.1, LR: 0.01, ImagesPerSecond: 1.00000049, Seconds: 1}}
	want := `epoch,train_loss,val_loss,val_accuracy,lr,images_per_second,seconds
1,0.5,0.25,0.9175,0.05,1234.5,60.125
2,0.1,+Inf,0.1,0.01,1,1
`
	// However many of them are history: the text is the same, and no line is left of what was there.
	for n := range len(epochs) + 1 {
		mustWrite(t, d.MetricsFile(), "something else\n"+want+want)
		m, err := d.Metrics(epochs[:n])
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range epochs[n:] {
			if err := m.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(m.Sync(), m.Close()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, mustRead(t, d.MetricsFile())); diff != "" {
			t.Errorf("%d epochs of history (-want +got):\n%s", n, diff)
		}
	}
	wantTree(t, d.Path(), ".lock", "metrics.csv")
}

func TestMetricsNotAFile(t *testing.T) {
	d := newDir(t)
	mustMkdir(t, d.MetricsFile())
	_, err := d.Metrics(nil)
	if want := d.MetricsFile() + ": is there and is not a file: choose another name"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
