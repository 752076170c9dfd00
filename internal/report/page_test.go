package report

import (
	"context"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// pageRun is a small real job in a folder, and what a page of it is told.
type pageRun struct {
	t       *testing.T
	dir     *rundir.Dir
	job     *train.Job
	plan    train.Plan
	now     time.Time
	notices []string
}

func newPageRun(t *testing.T) *pageRun {
	t.Helper()
	data, err := dataset.Open(context.Background(), dataset.OpenOptions{Spec: "sample"})
	if err != nil {
		t.Fatal(err)
	}
	workers, err := model.NewWorkers(2, "generic")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Close)
	flags := &configs.Recipe{}
	for key, value := range map[string]string{"resize": "28", "limit-train": "64", "limit-val": "20", "lr": "0.08", "epochs": "3"} {
		if err := flags.Set(key, value, configs.FromFlag); err != nil {
			t.Fatal(err)
		}
	}
	arch := model.NewVGG("tiny", [][2]int{{1, 8}, {2, 80}}, []int{16}, 0.5)
	job, err := train.Prepare(t.Context(), flags.Over(configs.Defaults()), arch, data, workers)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := rundir.Create(filepath.Join(t.TempDir(), "a run"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	p := plan
	p.Arch, p.TrainImages, p.ValImages, p.BatchSize, p.Side, p.Epochs, p.StepsPerEpoch, p.Steps, p.DataKind = "tiny", 64, 20, 16, 28, 3, 4, 12, dataset.Sampled
	p.Settings = job.Facts.Settings
	return &pageRun{t: t, dir: dir, job: job, plan: p, now: time.Unix(1e9, 0)}
}

// observer is a page that has begun.
func (r *pageRun) observer() *Page {
	r.t.Helper()
	o := NewPage(r.dir, &r.job.Network, r.job.Val, r.job.Workers, "v1.2.3")
	o.now = func() time.Time { return r.now }
	r.plan.Notify = func(text string) { r.notices = append(r.notices, text) }
	if err := o.Begin(r.plan); err != nil {
		r.t.Fatal(err)
	}
	return o
}

// steps tells of steps up to the last, which take a second each.
func (r *pageRun) steps(o *Page, first, last int) {
	r.t.Helper()
	for step := first; step <= last; step++ {
		r.now = r.now.Add(time.Second)
		err := o.Step(record.Step{Epoch: (step-1)/4 + 1, Step: step, Loss: 3 / float64(step), LR: 0.08, Images: 16, Seconds: 1})
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// epoch tells of an epoch after which all of class 4 are taken for class 6, the others recognised.
func (r *pageRun) epoch(o *Page, number int) {
	r.t.Helper()
	e := &trained.Evaluation{Images: r.job.Val.Len(), Confusion: make([][]int64, 10)}
	for k := range e.Confusion {
		e.Confusion[k] = make([]int64, 10)
	}
	for i := range r.job.Val.Len() {
		label := r.job.Val.Label(i)
		said := int(label)
		if said == 4 {
			said = 6
		} else {
			e.Correct++
		}
		e.Confusion[label][said]++
		e.Labels = append(e.Labels, label)
		e.Predictions = append(e.Predictions, trained.Prediction{Class: said, Probability: 0.5 + float64(i)/100})
	}
	r.now = r.now.Add(2 * time.Second)
	concluded := record.Epoch{Epoch: number, TrainLoss: 0.5, ValLoss: 0.25, ValAccuracy: 0.8 + 0.01*float64(number%2), LR: 0.08, ImagesPerSecond: 16, Seconds: 6}
	if err := o.Epoch(concluded, e); err != nil {
		r.t.Fatal(err)
	}
}

func (r *pageRun) page() string {
	r.t.Helper()
	text, err := os.ReadFile(r.dir.Report())
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

var anyTag = regexp.MustCompile(`<[^>]*>`)

// want checks the page's text, without tags and with single blanks.
func (r *pageRun) want(when string, parts ...string) {
	r.t.Helper()
	_, body, _ := strings.Cut(r.page(), "<body>")
	body, _, _ = strings.Cut(body, "<script>")
	text := strings.Join(strings.Fields(html.UnescapeString(anyTag.ReplaceAllString(body, " "))), " ")
	for _, part := range parts {
		if part, not := strings.CutPrefix(part, "! "); strings.Contains(text, part) == not {
			r.t.Errorf("%s: %q on the page is %t:\n%s", when, part, !not, text)
		}
	}
}

func TestPageOverARun(t *testing.T) {
	r := newPageRun(t)
	r.job.Facts.Settings.Arch.File = "configs/tiny.yaml"
	r.job.Facts.Settings.Normalize = configs.NormalizeBy([]float64{0.28604058176279068}, []float64{0.35302424407100677})
	o := r.observer()
	working, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	r.want("at the beginning", "folder "+filepath.Base(working), "What to type next In the folder "+filepath.Base(working)+"; … stands for a folder outside of it: Repeat the run",
		// 8 filters of 3×3 and a bias each, at 28×28 places; 80 channels of 7×7 to 16 units.
		"parameters MACs features.0 Conv2d 8×28×28 80 56,448 features.1 ReLU 8×28×28 features.2 MaxPool2d 8×14×14",
		"flatten Flatten 3920 classifier.0 Linear 16 62,736 62,720 classifier.1 ReLU 16", "total "+display.Comma(int(r.plan.Params))+" "+display.Comma(int(r.plan.MACs)))
	r.want("at the beginning", "tiny ◐ running", "epoch 1 of 3, step 0 of 12", "On the built-in sample of Fashion-MNIST: 64 images to train on, 20 images of the test set to score, 28×28 pixels.",
		"arch tiny default", "normalize [0.286, 0.353] default", "lr 0.08 flag", "momentum 0 default", "vggtrain v1.2.3", "no epoch is evaluated", "Not known yet", "! Curves", "! Filters")
	if !strings.Contains(r.page(), `data-reload="5" data-stale="600"`) {
		t.Error("it does not reload itself")
	}

	o.Notice("the loss stays at ln(10)")
	r.steps(o, 1, 4)
	r.want("in the first epoch, a moment later", "epoch 1 of 3, step 0 of 12")
	r.epoch(o, 1)
	coats := 0
	for i := range r.job.Val.Len() {
		if r.job.Val.Label(i) == 4 {
			coats++
			if !strings.Contains(r.page(), fmt.Sprintf(`alt="image #%d"`, i)) {
				t.Errorf("the error of image %d is not there by its index", i)
			}
		}
	}
	r.want("after an epoch", "epoch 2 of 3, step 4 of 12, about 12s left", "Noticed the loss stays at ln(10)", "best accuracy 0.8100 epoch 1", "16 images a second", "1000 ms",
		"after epoch 1, 20 images of the test set", "Coat taken for Shirt", "Coat 0.000 0.000 0.000", "Coat → Shirt",
		"features.0, 8 filters of 3×3", "8×14×14 features.0 to features.2", "80×7×7 features.3 to features.7", "1×28×28 the input", "5 likeliest")
	// Errors, filters, the input, 8 and 16 channels.
	if n := strings.Count(r.page(), "<img "); n != coats+8+1+8+16 || coats == 0 {
		t.Errorf("%d pictures, %d errors", n, coats)
	}

	r.steps(o, 5, 6)
	r.now = r.now.Add(renewEvery)
	r.steps(o, 7, 7)
	r.want("a minute later", "epoch 2 of 3, step 7 of 12", "after epoch 1, 20 images of the test set")
	r.steps(o, 8, 8)
	r.epoch(o, 2)
	r.want("after the second epoch", "best accuracy 0.8100 epoch 1 last accuracy 0.8000 epoch 2", "after epoch 2")
	if err := o.End(train.Result{Status: train.Done, StepsDone: 8}); err != nil {
		t.Fatal(err)
	}
	r.want("at the end", "tiny ✓ done", "2 of 3", "Go on with it vggtrain fit --resume '…/a run' Score", "! running")
	r.want("at the end", "best.bin has the weights of the epoch with the best accuracy on the test set, which", "! test accuracy", "! Left out")
	if strings.Contains(r.page(), "data-reload") || strings.Contains(r.page(), "http:") || strings.Contains(r.page(), "https:") {
		t.Error("the page of a run that has ended reloads itself, or refers to the network")
	}
	for _, place := range []string{working, filepath.Dir(r.dir.Path()), filepath.Dir(r.plan.DataOrigin)} {
		if strings.Contains(r.page(), place) {
			t.Errorf("the page has %s", place)
		}
	}
	if len(r.notices) > 0 {
		t.Errorf("notices %q", r.notices)
	}
}

// The page says of the run's place and time what the terminal says: an epoch whose evaluation is
// not done is not over, and --max-time ends the run.
func TestPageSaysThePlaceThatTheTerminalSays(t *testing.T) {
	r := newPageRun(t)
	r.plan.Settings.MaxTime = 10 * time.Second
	o := r.observer()
	r.steps(o, 1, 3)
	r.now = r.now.Add(renewEvery)
	o.pace.Begun = o.pace.Begun.Add(renewEvery) // as if the minute had not been
	r.steps(o, 4, 4)
	// 6 s to --max-time, and an evaluation of 20 images at three times 16 a second.
	r.want("in an evaluation", "epoch 1 of 3, step 4 of 12, evaluating, about 6s left")
	r.epoch(o, 1)
	r.want("after it", "epoch 2 of 3, step 4 of 12, about 6s left")
}

// The page offers what goes on with a run: more epochs, no more than there can be, or without the
// limit that has ended it.
func TestPageOffersWhatGoesOn(t *testing.T) {
	const most = configs.MaxEpochs
	for _, test := range []struct {
		plan      func(*train.Plan)
		maxSteps  int
		earlyStop int
		end       bool
		want      []string
	}{
		{plan: func(p *train.Plan) { p.Epochs, p.Steps = most/2, most/2*p.StepsPerEpoch }, want: []string{"--epochs 10000", "bit for bit", "! Score"}},
		{plan: func(p *train.Plan) { p.Epochs, p.Steps = most-1, (most-1)*p.StepsPerEpoch }, want: []string{"--epochs 10000"}},
		{plan: func(p *train.Plan) { p.Epochs, p.Steps = most, most*p.StepsPerEpoch }, want: []string{"! Go on with it"}},
		{plan: func(p *train.Plan) { p.Steps = 4 }, maxSteps: 4, end: true, want: []string{"--max-steps off", "! --epochs", "Score its best weights"}},
		{earlyStop: 1, end: true, want: []string{"--early-stop off", "! --epochs"}},
	} {
		r := newPageRun(t)
		if test.plan != nil {
			test.plan(&r.plan)
		}
		r.job.Facts.Settings.MaxSteps, r.job.Facts.Settings.EarlyStop = test.maxSteps, test.earlyStop
		o := r.observer()
		if test.end {
			r.steps(o, 1, 4)
			r.epoch(o, 1)
			if err := o.End(train.Result{Status: train.Done, StepsDone: 4}); err != nil {
				t.Fatal(err)
			}
		}
		r.want(fmt.Sprintf("%d epochs, %d steps", r.plan.Epochs, r.plan.Steps), test.want...)
	}
}

func TestPageOfRunsThatFail(t *testing.T) {
	for status, want := range map[train.Status][]string{
		train.Diverged:    {"✕ diverged", "The training diverged: lower --lr.", "Try again with a lower learning rate vggtrain fit --recipe", "--lr 0.02"},
		train.Interrupted: {"‖ interrupted", "Interrupted after step 3. The state is saved; to go on: vggtrain fit --resume"},
		train.Failed:      {"✕ failed", "An error ended the run after step 3; see the terminal. Once its cause is fixed, go on from the last save with: vggtrain fit --resume"},
	} {
		r := newPageRun(t)
		o := r.observer()
		r.steps(o, 1, 2)
		if err := o.Step(record.Step{Epoch: 1, Step: 3, Loss: math.NaN(), LR: 0.08, Images: 16, Seconds: 1}); err != nil {
			t.Fatal(err)
		}
		if err := o.End(train.Result{Status: status, StepsDone: 3, Advice: "lower --lr"}); err != nil {
			t.Fatal(err)
		}
		r.want(string(status), append(want, "Curves", "! NaN", "! --epochs 6")...)
		if strings.Contains(r.page(), "data-reload") {
			t.Errorf("%s: the page reloads itself", status)
		}
	}
}

// A resumed run shows at once that it is on, with all that is known of it.
func TestPageOfAResumedRun(t *testing.T) {
	r := newPageRun(t)
	o := r.observer()
	steps, _, err := r.dir.Steps(0)
	if err != nil {
		t.Fatal(err)
	}
	for step := range 6 {
		if err := steps.Write(record.Step{Epoch: step/4 + 1, Step: step + 1, Loss: 3, LR: 0.08, Images: 16, Seconds: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := steps.Close(); err != nil {
		t.Fatal(err)
	}
	r.steps(o, 1, 4)
	r.epoch(o, 1)
	r.steps(o, 5, 6)
	if err := o.End(train.Result{Status: train.Interrupted, StepsDone: 6}); err != nil {
		t.Fatal(err)
	}
	r.plan.StepsDone, r.plan.History = 6, []record.Epoch{{Epoch: 1, TrainLoss: 0.5, ValLoss: 0.25, ValAccuracy: 0.81, LR: 0.08, ImagesPerSecond: 16, Seconds: 6}}
	o = r.observer()
	known := []string{"tiny ◐ running", "epoch 2 of 3, step 6 of 12", "after epoch 1, 20 images of the test set", "Coat taken for Shirt", "80×7×7", "resumed after step 6", "! Interrupted"}
	r.want("resumed", known...)
	if !strings.Contains(r.page(), `data-values="1:3.0000 2:3.0000 3:3.0000 4:3.0000 5:3.0000 6:3.0000"`) {
		t.Error("the curves do not have the steps before")
	}
	if err := o.End(train.Result{Status: train.Interrupted, StepsDone: 6}); err != nil {
		t.Fatal(err)
	}
	r.want("interrupted again", "‖ interrupted", "after epoch 1, 20 images of the test set")
	o = r.observer()
	r.want("and resumed again", known...)
	r.steps(o, 7, 8)
	r.epoch(o, 2)
	r.want("evaluated", "after epoch 2, 20 images of the test set", "1000 ms")
}

// A page that cannot be written is said, always in the same words, and is no reason to end the run.
func TestPageThatCannotBeWritten(t *testing.T) {
	r := newPageRun(t)
	if err := os.Mkdir(r.dir.Report(), 0o777); err != nil {
		t.Fatal(err)
	}
	o := r.observer()
	r.steps(o, 1, 4)
	r.now = r.now.Add(time.Hour)
	if len(r.notices) != 1 || !strings.Contains(r.notices[0], "report.html") {
		t.Fatalf("notices %q", r.notices)
	}
	if err := o.Step(record.Step{Epoch: 2, Step: 5, Loss: 1, LR: 0.08, Images: 16, Seconds: 1}); err == nil || err.Error() != r.notices[0] {
		t.Errorf("under way: %v, at the beginning %q", err, r.notices)
	}
	if err := o.End(train.Result{Status: train.Done, StepsDone: 5}); err != nil || len(r.notices) != 2 || r.notices[1] != r.notices[0] {
		t.Errorf("at the end: notices %q, error %v", r.notices, err)
	}
}

// What observers say as they begin is on the page, also if they begin before it.
func TestPageHasNoticesOfBefore(t *testing.T) {
	r := newPageRun(t)
	r.plan.Noticed = []string{"said in the run before"}
	o := NewPage(r.dir, &r.job.Network, r.job.Val, r.job.Workers, "")
	o.Notice("lines are missing")
	if err := o.Begin(r.plan); err != nil {
		t.Fatal(err)
	}
	r.want("begun", "Noticed said in the run before", "lines are missing")
}

// Where pages take long, they are few.
func TestPageTakesASmallPartOfTheTime(t *testing.T) {
	r := newPageRun(t)
	o := r.observer()
	o.now = func() time.Time { // to look at the clock takes a second: a page some
		r.now = r.now.Add(time.Second)
		return r.now
	}
	begun, pages := r.now, map[time.Time]bool{}
	var writing time.Duration
	for epoch := 1; epoch <= 60; epoch++ {
		r.epoch(o, epoch)
		if !pages[o.ended] {
			pages[o.ended] = true
			writing += o.cost
		}
	}
	if took := r.now.Sub(begun); writing == 0 || writing > took/drawShare+2*o.cost {
		t.Errorf("%d pages took %v of %v", len(pages), writing, took)
	}
	if err := o.End(train.Result{Status: train.Diverged, StepsDone: 1}); err != nil {
		t.Fatal(err)
	}
	r.want("at the end", "after epoch 60")
}

// What is done for the first page of a resumed run, and for those between two epochs, takes its part
// of the time too.
func TestPageChargesEachWriting(t *testing.T) {
	r := newPageRun(t)
	r.plan.StepsDone, r.plan.History = 4, []record.Epoch{{Epoch: 1}}
	o := NewPage(r.dir, &r.job.Network, r.job.Val, r.job.Workers, "")
	r.plan.Notify = func(text string) { t.Error(text) }
	o.now = func() time.Time { // to look at the clock takes a minute
		r.now = r.now.Add(time.Minute)
		return r.now
	}
	if err := o.Begin(r.plan); err != nil {
		t.Fatal(err)
	}
	record := record.Step{Epoch: 2, Step: 5, Loss: 1, LR: 0.08, Images: 16, Seconds: 1}
	for _, when := range []string{"as the run goes on", "after an epoch's first step"} {
		if o.cost < time.Minute || o.ended.IsZero() {
			t.Errorf("%s: the writing took %v", when, o.cost)
		}
		written := o.ended
		r.now = written.Add(drawShare*o.cost - 5*time.Minute)
		if r.epoch(o, 2); o.ended != written {
			t.Errorf("%s: a page is written %v after one that took %v", when, o.ended.Sub(written), o.cost)
		}
		r.now = written.Add(drawShare * o.cost)
		if err := o.Step(record); err != nil || o.ended == written {
			t.Errorf("%s: no page is written, %v", when, err)
		}
	}
}

// A test set that does not choose best.bin is scored at the end; what could not be read is listed.
func TestPageOfAValSet(t *testing.T) {
	r := newPageRun(t)
	r.plan.Scored, r.plan.ScoredHow, r.plan.TestImages, r.plan.Channels = "val", "20 held out of train", 500, 3
	r.plan.LeftOut, r.plan.LeftOutFiles = 12, []string{"cat/1.jpg"}
	o := r.observer()
	r.epoch(o, 1)
	r.want("under way", "20 images held out of the training set to score, 28×28 pixels in colour.", "! test accuracy",
		"best accuracy on the 20 images held out of the training set; the test set (500 images) is scored once with them, at the end.",
		"Left out Images that could not be read: 12, the first of them here. cat/1.jpg")
	if err := o.End(train.Result{Status: train.Done, StepsDone: 4, TestLoss: 0.25, TestAccuracy: 0.875}); err != nil {
		t.Fatal(err)
	}
	r.want("at the end", "test accuracy 0.8750 best.bin, loss 0.2500")
}

func TestChosenBy(t *testing.T) {
	p := plan
	p.Scored, p.ScoredHow, p.ValImages = "train", "train itself", 7
	if got := chosenBy(p); !strings.Contains(got, "on the training images themselves") {
		t.Error(got)
	}
	p.Scored, p.ScoredHow = "val", "the val set"
	if got := chosenBy(p); !strings.HasSuffix(got, "on the 7 images of the val set.") {
		t.Error(got)
	}
}

// The page of a resumed run says where a setting is from: nowhere if it has none, at first if that is known.
func TestPageOfAResumedRunsSettings(t *testing.T) {
	r := newPageRun(t)
	r.plan.StepsDone = 4
	r.job.Facts.Settings.SetSources(map[string]string{"lr": "flag", "momentum": "recipe fast"})
	r.observer()
	r.want("resumed", "classes – channels", "lr 0.08 flag momentum 0 recipe fast nesterov false checkpoint")
}
