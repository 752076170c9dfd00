package page

import (
	"fmt"
	"html"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vggtrain/internal/chart"
	"vggtrain/internal/record"
)

// example is a page with everything on it: a run of six epochs of 40 steps with three classes.
func example(t testing.TB) *Page {
	t.Helper()
	p := &Page{
		Network: "vgg11-small", About: "5,000 images to train on", Folder: "runs/x", State: Done,
		Written: time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC), Notices: []string{"only a sample"},
		Part: 1, Curves: &chart.Curves{StepsPerEpoch: 40, Done: 240},
		Headlines: []Fact{{"best accuracy", "0.8560", "epoch 5"}},
		Settings:  []Setting{{Name: "lr", Value: "0.02", Origin: "flag", Help: "learning rate", Given: true}, {Name: "seed", Value: "0", Origin: "default"}},
		Config:    "lr: 0.02\nseed: 0\n", Layers: []Layer{{"features.0", "Conv2d", "16×56×56", 160, 451_584}}, Resources: []Fact{{"memory, peak", "430 MB", ""}}, Environment: []Fact{{"threads", "2", ""}},
		Commands: []Command{{"repeat the run", "vggtrain fit --recipe runs/x/config.yaml"}}, WorkingFolder: "x",
		Score: exampleScore(t), Filters: &Filters{Layer: "features.0", Shape: "2 filters of 3×3", Limit: 0.5},
		Maps: &Maps{Image: "the first", Shape: "1×56×56", Input: exampleImage(t, 56), Guesses: []Guess{{"Shirt", 0.687}, {"Coat", 0.3}}},
	}
	for e := 1; e <= 6; e++ {
		f := float64(e)
		p.Curves.Epochs = append(p.Curves.Epochs, record.Epoch{
			Epoch: e, TrainLoss: 2 / f, ValLoss: 2.5 / f, ValAccuracy: 1 - 0.5/f, LR: 0.02 / f, ImagesPerSecond: 800, Seconds: 8,
		})
	}
	for s := 1; s <= 240; s++ {
		f := float64(s)
		p.Curves.Steps = append(p.Curves.Steps, chart.Step{Step: f, Loss: 2.3 / (1 + f/40), LR: 0.02 * (1 - f/240)})
	}
	for range 2 {
		p.Filters.Images = append(p.Filters.Images, exampleImage(t, 3))
	}
	for range 3 {
		p.Maps.Blocks = append(p.Maps.Blocks, Block{"features.0 to features.2", "16×28×28", slices.Repeat([]Image{exampleImage(t, 28)}, 16), "2 of 16 are zero"})
	}
	return p
}

func exampleScore(t testing.TB) *Score {
	t.Helper()
	return &Score{
		Epoch: 6, Set: "100 images of the test set", Classes: []string{"Shirt", "Coat", "Bag"},
		Confusion: [][]int64{{30, 8, 2}, {9, 1991, 0}, {0, 1, 19}},
		Confused:  []Confused{{"Coat", "Shirt", 9, 2000}, {"Shirt", "Coat", 8, 40}, {"Shirt", "Bag", 2, 40}, {"Bag", "Coat", 1, 20}},
		PerClass:  []ClassScore{{0.75, 0.76, 0.755, 40}, {0.8, 0.81, 0.805, 2000}, {0.9, 0.91, 0.905, 20}},
		Errors:    []Error{{exampleImage(t, 28), "Shirt", "Coat", 0.9987}, {exampleImage(t, 28), "Coat", "Shirt", 0.875}}, Wrong: 20,
	}
}

func exampleImage(t testing.TB, side int) Image {
	t.Helper()
	values := make([]float32, side*side)
	for i := range values {
		values[i] = float32(i % (side + 1))
	}
	var painter Painter
	image, err := painter.Map(values, side, side, values, "a pattern")
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func render(t testing.TB, p *Page) string {
	t.Helper()
	text, err := p.Render()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var tag = regexp.MustCompile(`<[^>]*>`)

// shown is the page's text, without tags and with single blanks.
func shown(t testing.TB, p *Page) string {
	t.Helper()
	_, body, _ := strings.Cut(render(t, p), "<body>")
	body, _, _ = strings.Cut(body, "<script>")
	return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(body, " "))), " ")
}

func TestPageShows(t *testing.T) {
	text := shown(t, example(t))
	for _, want := range []string{
		"vgg11-small ✓ done", "best accuracy 0.8560 epoch 5", "Noticed only a sample", "Loss training, batch training, smoothed validation",
		"6 best 0.3333 0.4167 0.9167 0.003333 800 8.0",
		"What it confuses after epoch 6, 100 images of the test set", "Coat 9 1,991", "Coat 0.800 0.810 0.805 2,000",
		"Confused most often Coat taken for Shirt: 9 of 2,000, 0.4 % Shirt taken for Coat: 8 of 40, 20.0 %",
		"Of 20 errors those with the highest probability", "Shirt → Coat 99.87 % Coat → Shirt 87.5 %",
		"features.0, 2 filters of 3×3. Weights from −0.5", "2 of 16 are zero", "class probability Shirt 68.7 %",
		"lr 0.02 flag seed 0 default Bold: set by a flag.", "lr: 0.02 seed: 0", "MACs features.0 Conv2d 16×56×56 160 451,584", "memory, peak 430 MB", "threads 2",
		"What to type next In the folder x: repeat the run vggtrain fit --recipe runs/x/config.yaml", "Written 2026-03-01 12:30:00 +00:00",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the page:\n%s", want, text)
		}
	}
}

// What could not be read is listed, of many the first; what chose best.bin is said beside the numbers.
func TestPageOfIncompleteData(t *testing.T) {
	p := example(t)
	p.LeftOut, p.Unread = []string{"cat/1.jpg: it is empty", "cat/<b>.jpg"}, 2
	p.Chosen = "best.bin has the weights of the best epoch."
	if text := shown(t, p); !strings.Contains(text, "Left out Images that could not be read: 2. cat/1.jpg: it is empty cat/<b>.jpg Curves") ||
		!strings.Contains(text, "epoch 5 best.bin has the weights of the best epoch. Noticed") {
		t.Errorf("%s", text)
	}
	p.Unread = 1234
	if text := shown(t, p); !strings.Contains(text, "could not be read: 1,234, the first of them here. cat/1.jpg") {
		t.Errorf("%s", text)
	}
	p.Unread = 0
	if text := shown(t, p); strings.Contains(text, "Left out") {
		t.Errorf("%s", text)
	}
}

// A legend names what is drawn: of a run whose steps are not known no line of them.
func TestLegend(t *testing.T) {
	p := example(t)
	p.Curves.Steps = nil
	if text := shown(t, p); !strings.Contains(text, "Curves Loss 0 1 2 ") {
		t.Errorf("the legend:\n%s", text)
	}
	if lines := p.charts()[0].Lines; len(lines) != 1 || lines[0].Name != "validation" {
		t.Errorf("drawn: %+v", lines)
	}
}

// The hint of the maps says how single numbers are shown, if there are any.
func TestPageOfSingleNumbers(t *testing.T) {
	p := example(t)
	for _, single := range []bool{false, true} {
		p.Maps.Single = single
		if got := strings.Contains(shown(t, p), "or the block’s where a channel is one number; black is zero."); got != single {
			t.Errorf("of single numbers %t, said so %t", single, got)
		}
	}
}

// What there is none of leaves no empty frame, and no number.
func TestPageOfNothing(t *testing.T) {
	p := &Page{Network: "n", State: Running, Reload: 5 * time.Second}
	page := render(t, p)
	for _, not := range []string{"NaN", "<table", "<figure", "<img", "ZgotmplZ", "Curves", "Inside"} {
		if strings.Contains(strings.SplitN(page, "<body>", 2)[1], not) {
			t.Errorf("%q is on the page", not)
		}
	}
	if text := shown(t, p); !strings.Contains(text, "Not known yet") {
		t.Errorf("the page does not say that there is no evaluation:\n%s", text)
	}
}

func TestPageOfEachState(t *testing.T) {
	for state, c := range map[State]struct {
		reloads bool
		want    string
	}{
		Running:     {true, "The page renews itself"},
		Done:        {false, "✓ done"},
		Diverged:    {false, "✕ diverged"},
		Interrupted: {false, "‖ interrupted"},
		Failed:      {false, "✕ failed"},
	} {
		p := example(t)
		p.State, p.Advice, p.Reload, p.Stale = state, "lower --lr", 7*time.Second, time.Minute
		page, text := render(t, p), shown(t, p)
		if got := strings.Contains(page, `data-reload="7"`) && strings.Contains(page, `http-equiv="refresh"`); got != c.reloads {
			t.Errorf("%s: reloads: %t", state, got)
		}
		if !strings.Contains(text, c.want) || !strings.Contains(page, `class="banner `+string(state)+`" role="status">lower --lr<`) {
			t.Errorf("%s: %q or the advice is not on the page:\n%s", state, c.want, text)
		}
	}
}

// Names from strangers are text, and not too much of it.
func TestPageEscapes(t *testing.T) {
	const evil = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'`
	p := example(t)
	p.Network, p.About, p.Folder, p.Advice, p.Config, p.WorkingFolder = evil, evil, evil, evil, evil, evil+"\x00"
	p.Notices, p.State = []string{evil, "turned\u202eround"}, Failed
	p.LeftOut, p.Unread, p.Chosen = []string{evil, "turned\u202e"}, 2, evil
	p.Score.Classes = []string{evil, "right\u202eleft\x00", strings.Repeat("long ", 100)}
	p.Settings[0] = Setting{evil, evil, evil, evil, true}
	p.Commands[0] = Command{evil, evil}
	p.Maps.Guesses[0].Class = evil
	p.Maps.Input.Note = evil
	const turned = "red\u202e\x1b[31m\u0085"
	p.Maps.Image = turned
	p.Settings = append(p.Settings, Setting{turned, turned, turned, turned, false}, Setting{Name: "arch", Value: "name: a\nblocks: " + turned})
	p.Environment = append(p.Environment, Fact{turned, turned, turned})
	p.Commands = append(p.Commands, Command{turned, turned}, Command{"long", strings.Repeat("x", 9000) + "end"})
	page := render(t, p)
	if n := strings.Count(page, "red\ufffd\ufffd[31m\ufffd"); n != 1+5+3+2 || !strings.Contains(page, "xend<") || !strings.Contains(page, "name: a\nblocks: red") {
		t.Errorf("%d texts without what does not print", n)
	}
	if n := strings.Count(page, "<script"); n != 1 {
		t.Errorf("%d scripts", n)
	}
	for _, not := range []string{"<img src=x", "\u202e", "\x00", "\x1b", "\u0085", strings.Repeat("long ", 8)} {
		if strings.Contains(page, not) {
			t.Errorf("%q is on the page", not)
		}
	}
	if !strings.Contains(shown(t, p), "right\ufffdleft\ufffd") {
		t.Error("a name has lost its letters")
	}
}

// The policy allows exactly the page's own style and script, nothing of the page is elsewhere, and
// nothing needs a style attribute, which the policy forbids.
func TestPageIsSelfContained(t *testing.T) {
	page := render(t, example(t))
	for _, part := range []struct{ open, close, name string }{{"<style>", "</style>", "style-src"}, {"<script>", "</script>", "script-src"}} {
		_, rest, _ := strings.Cut(page, part.open)
		text, _, _ := strings.Cut(rest, part.close)
		if want := part.name + " '" + digest(text) + "'"; !strings.Contains(html.UnescapeString(page), want) {
			t.Errorf("the policy does not allow what is between %s and %s", part.open, part.close)
		}
	}
	for _, not := range []string{"http:", "https:", "//", "@import", "url(", " style=", " onload=", "<link", "<iframe"} {
		text := page
		if not == "//" || not == "url(" {
			text = regexp.MustCompile(`data:image/[a-z]+;base64,[A-Za-z0-9+/=&#;]*`).ReplaceAllString(page, "")
			text = regexp.MustCompile(`(?m)^ *// .*$`).ReplaceAllString(text, "") // the script's comments
		}
		if i := strings.Index(text, not); i >= 0 {
			t.Errorf("%q is on the page: …%s…", not, text[max(0, i-40):min(len(text), i+40)])
		}
	}
}

// However much there is to show, the page is no more than some megabytes.
func TestPageIsBounded(t *testing.T) {
	p := example(t)
	p.Curves, p.Score = &chart.Curves{StepsPerEpoch: 10, Done: 100_000}, &Score{Epoch: 10000, Errors: slices.Repeat(exampleScore(t).Errors[:1], 24)}
	for i := range 10000 {
		p.Curves.Epochs = append(p.Curves.Epochs, record.Epoch{
			Epoch: i + 1, TrainLoss: 0.123456789, ValLoss: 0.123456789, ValAccuracy: 0.123456789, LR: 0.123456789, ImagesPerSecond: 123.456789, Seconds: 12.3456789,
		})
		p.Curves.Steps = append(p.Curves.Steps, chart.Step{Step: float64(10*i + 1), Loss: math.Pi / 3, LR: math.Pi / 7})
	}
	for k := range 256 {
		p.Score.Classes = append(p.Score.Classes, fmt.Sprintf("a class with the number %d", k))
		p.Score.Confusion = append(p.Score.Confusion, slices.Repeat([]int64{123456}, 256))
		p.Score.PerClass = append(p.Score.PerClass, ClassScore{0.5, 0.5, 0.5, 123456})
		p.Score.Confused = append(p.Score.Confused, Confused{"a", "b", 123456, 1234567})
	}
	page, text := render(t, p), shown(t, p)
	if len(page) > 600<<10 {
		t.Errorf("%d bytes", len(page))
	}
	if n := strings.Count(page, "<li>"); n != maxListed+1 || strings.Contains(page, `class="matrix"`) {
		t.Errorf("%d confusions and notices, or a matrix of 256 classes", n)
	}
	if !strings.Contains(text, "The first 9,900 epochs are in metrics.csv only.") || !strings.Contains(text, "10000 best") && !strings.Contains(text, "10000 0.1235") {
		t.Error("the table of epochs does not say what it leaves out")
	}
}

func TestConcluded(t *testing.T) {
	p := example(t)
	for _, state := range []State{Running, Done, Diverged, Interrupted, Failed} {
		p.State = state
		html, err := p.Render()
		if err != nil {
			t.Fatal(err)
		}
		if Concluded(html) != (state != Running) {
			t.Errorf("%s: %t", state, Concluded(html))
		}
	}
	if Concluded(nil) || Concluded([]byte("notes")) {
		t.Error("nothing of a page is taken for one")
	}
}
