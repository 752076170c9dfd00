package terminal

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"vggtrain/dataset"
	"vggtrain/internal/record"
	"vggtrain/internal/train"
)

var escape = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)

// play shows an observer a run of two epochs of 20 steps of a quarter of a second, and an evaluation
// of two seconds after each. At each step the clock is set first, and then between told.
func play(t *testing.T, o train.Observer, clock *hand, between func(step int)) {
	t.Helper()
	p := plan
	p.Epochs, p.StepsPerEpoch, p.Steps, p.TrainImages = 2, 20, 40, 2560
	if err := o.Begin(p); err != nil {
		t.Fatal(err)
	}
	for step := 1; step <= 40; step++ {
		epoch := (step-1)/20 + 1
		clock.pass(0.25)
		between(step)
		if err := o.Step(record.Step{Epoch: epoch, Step: step, Loss: 2 / float64(epoch), LR: 0.05, Images: 128, Seconds: 0.25}); err != nil {
			t.Fatal(err)
		}
		if step == 30 {
			o.Notice("the loss stays at ln(10)")
		}
		if step%20 == 0 {
			clock.pass(2)
			r := record.Epoch{
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

func nothing(int) {}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	clock := &hand{time.Unix(0, 0).UTC()}
	l := NewLog(&out)
	l.now = clock.now
	play(t, l, clock, nothing)
	text := out.String()
	_, text, ok := strings.Cut(text, "run folder runs/new\nbegun      1970-01-01 00:00:00 +00:00\n")
	if !ok {
		t.Fatalf("no header:\n%s", &out)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	want := []string{
		"00:00:00  this will take about 23s",
		"00:00:00  epoch 1/2  step  2/40  loss 2.0000  lr 0.0500  512 images/s  23s left  (epoch 11s)",
		"00:00:01  epoch 1/2  step  4/40  loss 2.0000  lr 0.0500  512 images/s  22s left  (epoch 11s)",
		"00:00:01  epoch 1/2  step  6/40  loss 2.0000  lr 0.0500  512 images/s  22s left  (epoch 10s)",
		"00:00:02  epoch 1/2  step  8/40  loss 2.0000  lr 0.0500  512 images/s  21s left  (epoch 10s)",
	}
	if diff := cmp.Diff(want, lines[:len(want)]); diff != "" {
		t.Errorf("first lines (-want +got):\n%s", diff)
	}
	var epochs []string
	for _, line := range lines {
		if strings.Contains(line, "accuracy") || strings.HasPrefix(line, "notice") {
			epochs = append(epochs, line)
		}
	}
	want = []string{
		"00:00:07  epoch 1/2  train loss 2.0000  val loss 0.5000  accuracy 0.7500  lr 0.0500    512 images/s   1m00s  best",
		"notice: the loss stays at ln(10)",
		"00:00:14  epoch 2/2  train loss 1.0000  val loss 0.5000  accuracy 0.7500  lr 0.0063    512 images/s   2m00s",
	}
	if diff := cmp.Diff(want, epochs); diff != "" {
		t.Errorf("epochs (-want +got):\n%s", diff)
	}
	if len(lines) != 1+9+1+9+1+1 { // the time, tenths of each epoch, epochs, notice
		t.Errorf("%d lines:\n%s", len(lines), text)
	}
	if i := strings.IndexFunc(out.String(), func(r rune) bool { return r < ' ' && r != '\n' || r > '~' }); i >= 0 {
		t.Errorf("a control character at %d: %q", i, out.String()[i:])
	}
}

// With --quiet there are notices, and neither progress nor asides.
func TestQuiet(t *testing.T) {
	var out bytes.Buffer
	q := Quiet{Writer: &out}
	play(t, NewProgress(q), &hand{}, nothing)
	m := NewMeter(q)
	m.Progress(dataset.FetchProgress{File: "a.gz", Done: 1, Finished: true})
	m.Notice("no network")
	_, _ = io.WriteString(Asides(q), "wrote a.png\n")
	if want := "notice: the loss stays at ln(10)\nnotice: no network\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	_, _ = io.WriteString(Asides(&out), "wrote a.png\n")
	if !strings.HasSuffix(out.String(), "wrote a.png\n") {
		t.Errorf("%q", out.String())
	}
}

// What a name brings along does not move a cursor or turn the text round.
func TestNoticesAreQuiet(t *testing.T) {
	const text, want = "a\x1b[2Jb\rc\nd\u202e\u00a0\xff", "a\uFFFD[2Jb\uFFFDc\n        d\uFFFD\u00a0\uFFFD\n"
	var out bytes.Buffer
	NewLog(&out).Notice(text)
	if out.String() != "notice: "+want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out.Reset()
	NewBar(&out, func() (int, int) { return 80, 24 }).Notice(text)
	if want := "\r" + erase + "\n" + yellow + "notice: " + plain + want + "\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// A notice of two lines stands apart on a terminal, each of its lines below the other.
func TestNoticeOfTwoLines(t *testing.T) {
	const text = "Fashion-MNIST was not found: this is the built-in sample, so accuracy will be lower\nfor all of it: vggtrain data fetch, or --data DIR"
	for columns, want := range map[int][]string{
		60: {
			"", "notice: Fashion-MNIST was not found: this is the built-in", "        sample, so accuracy will be lower",
			"        for all of it: vggtrain data fetch, or --data DIR", "", "",
		},
		80: {
			"", "notice: Fashion-MNIST was not found: this is the built-in sample, so accuracy", "        will be lower",
			"        for all of it: vggtrain data fetch, or --data DIR", "", "",
		},
	} {
		b, s, _ := watched(t, columns)
		b.Notice(text)
		if diff := cmp.Diff(want, s.shown()); diff != "" || s.wrapped > 0 {
			t.Errorf("%d columns (-want +got):\n%s", columns, diff)
		}
	}
}

// A signal is told of from a goroutine of its own, as whole lines.
func TestNoticesAtAnyTime(t *testing.T) {
	for name, observer := range map[string]func(io.Writer) train.Observer{
		"log": func(w io.Writer) train.Observer { return NewLog(w) },
		"bar": func(w io.Writer) train.Observer { return NewBar(w, func() (int, int) { return 80, 24 }) },
	} {
		var out bytes.Buffer
		o := observer(&out)
		var told sync.WaitGroup
		told.Go(func() {
			for range 20 {
				o.Notice("interrupted")
			}
		})
		play(t, o, &hand{}, nothing)
		told.Wait()
		if n := strings.Count(escape.ReplaceAllString(out.String(), ""), "notice: interrupted\n"); n != 20 {
			t.Errorf("%s: %d whole notices, want 20", name, n)
		}
	}
}

// watched returns a bar on a screen of so many columns.
func watched(t *testing.T, columns int) (*Bar, *screen, *hand) {
	s, clock := newScreen(t, columns), &hand{time.Unix(0, 0)}
	b := NewBar(s, func() (int, int) { return s.columns, 24 })
	b.now, b.tick = clock.now, 0
	return b, s, clock
}

func TestBar(t *testing.T) {
	b, s, clock := watched(t, 100)
	var moving []string
	play(t, b, clock, func(int) {
		rows := s.shown()
		moving = append(moving, rows[len(rows)-1])
	})
	for step, want := range map[int]string{
		1:  " epoch 1/2   0% ░░░░░░░░░░░░  starting",
		2:  " epoch 1/2   5% ░░░░░░░░░░░░  step  1/40  loss 2.0000  lr 0.0500  512 img/s",
		11: " epoch 1/2  50% ██████░░░░░░  step 10/40  loss 2.0000  lr 0.0500  512 img/s   21s left  (epoch 9s)",
	} {
		if moving[step-1] != want {
			t.Errorf("before step %d:\n%q, want\n%q", step, moving[step-1], want)
		}
	}
	rows := s.shown()
	for i, row := range rows {
		if strings.HasPrefix(row, "run folder") {
			rows = rows[i:]
			break
		}
	}
	want := []string{
		"run folder runs/new",
		"",
		" epoch  train loss  val loss  accuracy       lr   img/s    time",
		"     1      2.0000    0.5000    0.7500   0.0500     512   1m00s  best",
		"notice: the loss stays at ln(10)",
		"     2      1.0000    0.5000    0.7500   0.0063     512   2m00s",
		"",
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("what stays (-want +got):\n%s", diff)
	}
	b.Notice("late")
	if rows := s.shown(); rows[len(rows)-2] != "notice: late" || rows[len(rows)-1] != "" {
		t.Errorf("a notice after the end: %q", rows[len(rows)-2:])
	}
	if err := b.End(train.Result{}); err != nil {
		t.Errorf("a second end: %v", err)
	}
}

func TestBarSaysThatItEvaluates(t *testing.T) {
	b, s, clock := watched(t, 100)
	p := plan
	p.StepsDone = 469
	p.Epochs, p.Steps = 2, 938
	if err := b.Begin(p); err != nil {
		t.Fatal(err)
	}
	last := func() string { rows := s.shown(); return rows[len(rows)-1] }
	if want := " epoch 1/2 100% ██████████  evaluating"; last() != want {
		t.Errorf("%q, want %q", last(), want)
	}
	clock.pass(3)
	if err := b.Epoch(record.Epoch{Epoch: 1, ValAccuracy: 0.5}, nil); err != nil {
		t.Fatal(err)
	}
	if want := " epoch 2/2   0% ░░░░░░░░░░░░░░░░░░░░░░░  starting"; last() != want {
		t.Errorf("%q, want %q", last(), want)
	}
	if err := b.End(train.Result{}); err != nil {
		t.Fatal(err)
	}
}

// The bar's line fits any terminal, and says what matters most where there is little room.
func TestLineFits(t *testing.T) {
	p := plan
	p.StepsDone = 1189
	p.History = make([]record.Epoch, 2)
	r := paced(p, 3, 0.15)
	for columns := range 220 {
		if line := barLine(r, columns); utf8.RuneCountInString(line) > columns {
			t.Errorf("%q is longer than %d columns", line, columns)
		}
	}
	for columns, want := range map[int]string{
		20:  " epoch 3/10  54%",
		30:  " epoch 3/10  54%  loss 1.0000",
		40:  " epoch 3/10  loss 1.0000  9m16s left",
		60:  " epoch 3/10  loss 1.0000  lr 0.1000  853 img/s   9m16s left",
		80:  " epoch 3/10  step 1192/4690  loss 1.0000  lr 0.1000  853 img/s   9m16s left",
		100: " epoch 3/10  54% ██░░░  step 1192/4690  loss 1.0000  lr 0.1000  853 img/s   9m16s left  (epoch 36s)",
		140: " epoch 3/10  54% ████████████████░░░░░░░░░░░░░░  step 1192/4690  loss 1.0000  lr 0.1000  853 img/s   9m16s left  (epoch 36s)",
	} {
		t.Logf("%3d: %s", columns, barLine(r, columns-1))
		if got := barLine(r, columns-1); got != want {
			t.Errorf("%d columns:\n%q, want\n%q", columns, got, want)
		}
	}
}

// Near the end the times are short: on 80 columns nothing is missing but the bar.
func TestLineNearTheEnd(t *testing.T) {
	p := plan
	p.StepsDone = 4460
	p.History = make([]record.Epoch, 9)
	r := paced(p, 3, 0.065)
	if got, want := barLine(r, 79), " epoch 10/10  51%  step 4463/4690  loss 1.0000  lr 0.1000  1969 img/s  16s left"; got != want {
		t.Errorf("%q, want\n%q", got, want)
	}
}

// A terminal that gets narrower or wider keeps nothing of the bar's old line.
func TestBarOnAResizedTerminal(t *testing.T) {
	for _, columns := range []int{200, 100, 61, 40} {
		b, s, clock := watched(t, 120)
		play(t, b, clock, func(step int) {
			switch step {
			case 5, 25:
				s.columns = columns
			case 15, 35:
				s.columns = 90
			}
		})
		s.columns = 500
		for _, row := range s.shown() {
			if strings.Contains(row, "step") && !strings.HasPrefix(row, "training") || strings.Contains(row, "█") {
				t.Errorf("120 to %d columns: the bar's line stays: %q", columns, row)
			}
		}
	}
}

func TestTableRepeatsItsHead(t *testing.T) {
	var tab table
	heads := 0
	for epoch := range 39 {
		heads += len(tab.row(record.Epoch{Epoch: epoch}, false, 80, 13)) - 1
	}
	if heads != 4 {
		t.Errorf("%d heads of 39 rows on a terminal of 13, want one every ten", heads)
	}
	for _, c := range []struct{ columns, lines int }{{81, 1}, {60, 2}, {58, 1}, {120, 2}} {
		if lines := tab.row(record.Epoch{Epoch: 40}, false, c.columns, 40); len(lines) != c.lines {
			t.Errorf("%d lines as the terminal gets %d columns, want %d", len(lines), c.columns, c.lines)
		}
	}
	for columns := range 200 {
		tab = table{}
		for _, line := range tab.row(record.Epoch{Epoch: 1}, true, columns, 20) {
			if text := escape.ReplaceAllString(line, ""); len(text) >= columns && columns > 16 {
				t.Errorf("%q is too long for %d columns", text, columns)
			}
		}
	}
}

// Where nothing happens, the time left goes down all the same, until the end.
func TestBarGoesOnByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScreen(t, 100)
		b := NewBar(s, func() (int, int) { return s.columns, 24 })
		if err := b.Begin(plan); err != nil {
			t.Fatal(err)
		}
		for step := 1; step <= 3; step++ {
			time.Sleep(time.Second)
			if err := b.Step(record.Step{Epoch: 1, Step: step, Loss: 1, Images: 128, Seconds: 1}); err != nil {
				t.Fatal(err)
			}
		}
		last := func() string {
			b.mutex.Lock()
			defer b.mutex.Unlock()
			rows := s.shown()
			return rows[len(rows)-1]
		}
		before := last()
		time.Sleep(61 * time.Second)
		after := last()
		left := regexp.MustCompile(`\d+h\d\dm left`)
		if a, b := left.FindString(before), left.FindString(after); a == "" || a == b {
			t.Errorf("a minute later %q, before %q", after, before)
		}
		if err := b.End(train.Result{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if got := last(); got != "" {
			t.Errorf("after the end: %q", got)
		}
	})
}

func TestProgressToAFileHasNoControlCharacters(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	play(t, NewProgress(f), &hand{}, nothing)
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if len(text) == 0 || bytes.ContainsAny(text, "\r\x1b") {
		t.Errorf("log: %q", text)
	}
}
