package rundir

import (
	"os"
	"strconv"

	"vggtrain/internal/record"
)

// Metrics writes metrics.csv.
type Metrics struct{ lines }

const metricsHeader = "epoch,train_loss,val_loss,val_accuracy,lr,images_per_second,seconds\n"

// Metrics rewrites metrics.csv atomically with the header and the epochs in history.
func (d *Dir) Metrics(history []record.Epoch) (*Metrics, error) {
	text := []byte(metricsHeader)
	for _, r := range history {
		text = appendEpoch(text, r)
	}
	path := d.MetricsFile()
	if err := d.Write(path, text); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, systemError(path, err, adviceAgain)
	}
	return &Metrics{lines{path: path, contested: d.contested, f: f, size: int64(len(text))}}, nil
}

// Write appends an epoch's line. Numbers that are not finite are NaN, +Inf or -Inf. On an error the
// line is kept and retried before the next one.
func (m *Metrics) Write(r record.Epoch) error { return m.append(appendEpoch(nil, r)) }

func appendEpoch(text []byte, r record.Epoch) []byte {
	text = strconv.AppendInt(text, int64(r.Epoch), 10)
	for _, x := range []float64{r.TrainLoss, r.ValLoss, r.ValAccuracy, r.LR, round(r.ImagesPerSecond), round(r.Seconds)} {
		text = strconv.AppendFloat(append(text, ','), x, 'g', -1, 64)
	}
	return append(text, '\n')
}
