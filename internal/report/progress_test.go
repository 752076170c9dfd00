package report

import (
	"bytes"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/train"
)

// clock tells a time that goes on by a second at each call.
func clock() func() time.Time {
	now := time.Unix(0, 0)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

// play shows an observer a run of two epochs of 20 steps.
func play(t *testing.T, o train.Observer) {
	t.Helper()
	p := plan
	p.Epochs, p.StepsPerEpoch, p.Steps = 2, 20, 40
	if err := o.Begin(p); err != nil {
		t.Fatal(err)
	}
	for step := 1; step <= 40; step++ {
		epoch := (step-1)/20 + 1
		if err := o.Step(train.StepRecord{Epoch: epoch, Step: step, Loss: 2 / float64(epoch), LR: 0.05, Images: 128, Seconds: 0.25}); err != nil {
			t.Fatal(err)
		}
		if step == 30 {
			o.Notice("the loss stays at ln(10)")
		}
		if step%20 == 0 {
			r := train.EpochRecord{
				Epoch: epoch, TrainLoss: 2 / float64(epoch), ValLoss: 0.5, ValAccuracy: 0.75, LR: 0.05 / float64(epoch*epoch*epoch),
				ImagesPerSecond: 512, Seconds: 60.2 * float64(epoch),
			}
			if err := o.Epoch(r, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := o.End(train.Result{}); err != nil {
		t.Fatal(err)
	}
}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	l := NewLog(&out)
	l.now = clock()
	play(t, l)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	head := []string{
		"vgg11-small, 17,927,498 parameters: 60,000 images at 56x56 (/usr/share/datasets/fashion-mnist), 2 epochs of 20 steps, batch 128, 2 threads, avx512",
		"epoch 1/2  step  2/40  loss 2.0000  512 images/s  19s left",
		"epoch 1/2  step  4/40  loss 2.0000  512 images/s  18s left",
	}
	if diff := cmp.Diff(head, lines[:3]); diff != "" {
		t.Errorf("first lines (-want +got):\n%s", diff)
	}
	var epochs []string
	for _, line := range lines {
		if strings.Contains(line, "accuracy") || strings.HasPrefix(line, "notice") {
			epochs = append(epochs, line)
		}
	}
	want := []string{
		"epoch 1/2  loss 2.0000  val loss 0.5000  accuracy 0.7500    512 images/s   1m00s  best",
		"notice: the loss stays at ln(10)",
		"epoch 2/2  loss 1.0000  val loss 0.5000  accuracy 0.7500    512 images/s   2m00s",
	}
	if diff := cmp.Diff(want, epochs); diff != "" {
		t.Errorf("epochs (-want +got):\n%s", diff)
	}
	if len(lines) != 1+9+1+9+1+1 { // plan, tenths of each epoch, epochs, notice
		t.Errorf("%d lines:\n%s", len(lines), out.String())
	}
	if i := strings.IndexFunc(out.String(), func(r rune) bool { return r < ' ' && r != '\n' || r > '~' }); i >= 0 {
		t.Errorf("a control character at %d: %q", i, out.String()[i:])
	}
}

var escape = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)

func TestBar(t *testing.T) {
	var out bytes.Buffer
	b := NewBar(&out, func() int { return 100 })
	b.now = clock()
	play(t, b)
	text := out.String()
	for _, want := range []string{"\r", "epoch 1/2  step  1/40  loss 2.0000  512 images/s", "step 20/40  evaluating  50% ████"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	// What a terminal would still show: of each line, what follows its last return.
	var kept []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		line = escape.ReplaceAllString(line, "")
		kept = append(kept, strings.TrimSpace(line[strings.LastIndex(line, "\r")+1:]))
	}
	want := []string{
		"vgg11-small, 17,927,498 parameters: 60,000 images at 56x56 (/usr/share/datasets/fashion-mnist), 2 epochs of 20 steps, batch 128, 2 threads, avx512",
		"epoch 1/2  loss 2.0000  val loss 0.5000  accuracy 0.7500    512 images/s   1m00s  best",
		"notice: the loss stays at ln(10)",
		"epoch 2/2  loss 1.0000  val loss 0.5000  accuracy 0.7500    512 images/s   2m00s",
		"",
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("what stays (-want +got):\n%s", diff)
	}
}

func TestBarFitsANarrowTerminal(t *testing.T) {
	var out bytes.Buffer
	b := NewBar(&out, func() int { return 40 })
	play(t, b)
	for part := range strings.SplitSeq(out.String(), "\r") {
		part, _, _ = strings.Cut(escape.ReplaceAllString(part, ""), "\n")
		if strings.HasPrefix(part, "epoch") && strings.Contains(part, "step") && len(strings.SplitN(part, "%", 2)[0]) > 36 {
			t.Errorf("%q is too long for 40 columns", part)
		}
	}
}

func TestPaceOfAnInterruptedEpoch(t *testing.T) {
	p := plan
	p.StepsDone = 4000
	c := newPace(p, clock()) // begins at 1 s
	c.step(train.StepRecord{Epoch: 9, Step: 4001, Loss: 1, Images: 100, Seconds: 0.5})
	// One step in one second of the 690 that the run has left.
	if want := "epoch  9/10  step 4001/4690  loss 1.0000  200 images/s  11m29s left"; c.line() != want {
		t.Errorf("%q, want %q", c.line(), want)
	}
}

func TestProgressToAFileHasNoControlCharacters(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	play(t, NewProgress(f))
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if len(text) == 0 || bytes.ContainsAny(text, "\r\x1b") {
		t.Errorf("log: %q", text)
	}
}

func TestWords(t *testing.T) {
	for want, got := range map[string]string{
		"0.5s": duration(0.5), "42s": duration(42), "3m07s": duration(187), "2h05m": duration(7500), "?": duration(math.NaN()),
		"1 epoch": count(1, "epoch"), "4,690 steps": count(4690, "step"), "0 steps": count(0, "step"),
		"999": humanize.Comma(999), "1,000": humanize.Comma(1000), "-1,000": humanize.Comma(-1000), "-100": humanize.Comma(-100),
		"2.7 GB": bytesText(2.7e9), "12 MB": bytesText(12e6),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
