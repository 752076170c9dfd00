package rundir

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
)

// Step is a line of steps.jsonl. Epoch and Step count from 1, Step over the whole run.
type Step struct {
	Epoch, Step int
	Loss        float64 // mean over the batch's images before its update; null if not finite
	LR          float64
	Images      int     // of this step
	Seconds     float64 // of this step
}

// Epoch is a line of metrics.csv.
type Epoch struct {
	Epoch           int
	TrainLoss       float64 // mean over the epoch's images
	ValLoss         float64
	ValAccuracy     float64
	LR              float64
	ImagesPerSecond float64 // of the training alone
	Seconds         float64 // wall time
}

// Steps writes steps.jsonl.
type Steps struct{ lines }

// Steps opens a new steps.jsonl.
func (d *Dir) Steps() (*Steps, error) {
	l, err := openLines(d.StepsFile())
	if err != nil {
		return nil, err
	}
	return &Steps{l}, nil
}

// Write appends a step's line.
func (s *Steps) Write(r Step) error {
	var line struct {
		Epoch   int      `json:"epoch"`
		Step    int      `json:"step"`
		Loss    *float64 `json:"loss"`
		LR      *float64 `json:"lr"`
		Images  int      `json:"images"`
		Seconds float64  `json:"seconds"`
	}
	line.Epoch, line.Step, line.Images = r.Epoch, r.Step, r.Images
	line.Loss, line.LR, line.Seconds = finite(r.Loss), finite(r.LR), round(r.Seconds)
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("%s: step %d: %w", s.path, r.Step, err)
	}
	return s.append(append(text, '\n'))
}

// finite returns nil, JSON's null, for a number that JSON does not have.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// round cuts a time or a rate to microseconds: what is below is noise.
func round(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// Metrics writes metrics.csv.
type Metrics struct{ lines }

// Metrics opens a new metrics.csv and writes its header.
func (d *Dir) Metrics() (*Metrics, error) {
	l, err := openLines(d.MetricsFile())
	if err != nil {
		return nil, err
	}
	const header = "epoch,train_loss,val_loss,val_accuracy,lr,images_per_second,seconds\n"
	if err := l.append([]byte(header)); err != nil {
		l.f.Close()
		return nil, err
	}
	return &Metrics{l}, nil
}

// Write appends an epoch's line. A number that is not finite is NaN, +Inf or -Inf.
func (m *Metrics) Write(r Epoch) error {
	line := strconv.AppendInt(nil, int64(r.Epoch), 10)
	for _, x := range []float64{r.TrainLoss, r.ValLoss, r.ValAccuracy, r.LR, round(r.ImagesPerSecond), round(r.Seconds)} {
		line = strconv.AppendFloat(append(line, ','), x, 'g', -1, 64)
	}
	return m.append(append(line, '\n'))
}

// lines is a file that grows by whole lines.
type lines struct {
	path string
	f    appendFile
	size int64 // of the lines that are there whole
}

// appendFile is what lines asks of a file; tests put one in that fails.
type appendFile interface {
	io.WriterAt
	io.Closer
	Truncate(size int64) error
}

func openLines(path string) (lines, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return lines{}, systemError(path, err)
	}
	return lines{path: path, f: f}, nil
}

// append writes a line to the system, unbuffered, so that it can be read as soon as append
// returns. If only a part of it was written, as on a full disk, that is taken away again, or the
// next line is written over it.
func (l *lines) append(line []byte) error {
	n, err := l.f.WriteAt(line, l.size)
	if err == nil {
		l.size += int64(n)
		return nil
	}
	// Also where n is 0: if the system takes a part of the line and then fails on the rest,
	// os.File does not count that part. Best effort: the first error is the one to tell.
	_ = l.f.Truncate(l.size)
	return systemError(l.path, err)
}

// Close closes the file; errors that the system kept until now come out here.
func (l *lines) Close() error {
	if err := l.f.Close(); err != nil {
		return systemError(l.path, err)
	}
	return nil
}
