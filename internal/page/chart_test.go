package page

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/chart"
	"vggtrain/internal/record"
)

// A value that is not finite is a gap, and marks stay in the plot. The script gets the values
// themselves, also of a logarithm.
func TestDraw(t *testing.T) {
	c := chart.Chart{Format: "%.3g", X: chart.Axis{High: 2}, Y: chart.Axis{Low: -1, High: 1}, Unit: 10, Log: true}
	l := chart.Line{Kind: chart.Val, Name: "loss", Points: []chart.Point{{Y: -1}, {X: 0.5, Y: 1}, {X: 1, Y: math.NaN()}, {X: 1.5}, {X: 2, Y: 3}}}
	got, last := draw(c, l)
	want := lineView{
		Kind: chart.Val, Name: "loss", Path: "M0 1000L250 0M750 500L1000 -1000", Values: "0:0.1 5:10 15:1 20:1e+03",
		Dots: []dot{{"0%", "100%"}, {"25%", "0%"}, {"75%", "50%"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || last != "1e+03" {
		t.Errorf("last %s, (-want +got):\n%s", last, diff)
	}
}

func TestCharts(t *testing.T) {
	charts := example(t).charts()
	var summaries []string
	for _, c := range charts {
		summaries = append(summaries, c.ID+": "+c.Summary)
	}
	want := []string{
		"loss: Loss over the epochs. Last training, batch 0.3286. Last training, smoothed 0.3298. Last validation 0.4167.",
		"accuracy: Accuracy over the epochs. Last validation 0.9167. The best 0.9167 in epoch 6.",
		"lr: Learning rate over the epochs. Last learning rate 0.",
		"speed: Images a second over the epochs. Last training 800.",
	}
	if diff := cmp.Diff(want, summaries); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if x := charts[0].X; len(x) != 7 || x[3] != (tick{"50%", "3"}) || charts[0].PerEpoch != 40 {
		t.Errorf("ticks %v, %d steps an epoch", x, charts[0].PerEpoch)
	}
}

// What is shown near a step is its loss, and those of its epoch's end where they are drawn.
func TestLossValues(t *testing.T) {
	lines := example(t).charts()[0].Lines
	batch, val := strings.Fields(lines[0].Values), lines[2].Values
	if len(batch) != 240 || batch[59] != "60:0.9200" { // 2.3/(1+60/40)
		t.Errorf("%d losses of steps, the 60th is %s", len(batch), batch[59])
	}
	if want := "40:2.5000 80:1.2500 120:0.8333 160:0.6250 200:0.5000 240:0.4167"; val != want {
		t.Errorf("losses of epochs %q, want %q", val, want)
	}
}

// The best epoch stands out on the curve of the accuracy, also where the line is thinned.
func TestBestEpoch(t *testing.T) {
	p := &Page{State: Done, Curves: &chart.Curves{StepsPerEpoch: 1, Done: 2000}}
	for e := 1; e <= 2000; e++ {
		p.Curves.Epochs = append(p.Curves.Epochs, record.Epoch{Epoch: e, ValAccuracy: 0.5})
	}
	p.Curves.Epochs[400].ValAccuracy = 0.9
	var c chartView
	for _, c = range p.charts() {
		if c.ID == "accuracy" {
			break
		}
	}
	if c.Best == nil || c.Best.X != "20.05%" || c.Best.Y[0] == '-' || c.Note != "best 0.9000 in epoch 401" || len(c.Lines[0].Dots) > 0 {
		t.Errorf("the best at %v: %q", c.Best, c.Note)
	}
	if n := strings.Count(render(t, p), `class="dot best`); n != 1 {
		t.Errorf("%d of it on the page", n)
	}
}

// Of less than an epoch the axis counts steps.
func TestAxisOfSteps(t *testing.T) {
	p := &Page{State: Diverged, Curves: &chart.Curves{StepsPerEpoch: 40, Done: 4, Steps: []chart.Step{{Step: 1, Loss: 2, LR: 0.1}, {Step: 4, Loss: 1, LR: 0.1}}}}
	c := p.charts()[0]
	if want := []tick{{"0%", "0"}, {"25%", "1"}, {"50%", "2"}, {"75%", "3"}, {"100%", "4"}}; !cmp.Equal(c.X, want) || c.Axis != "step" {
		t.Errorf("%v of %s, want %v", c.X, c.Axis, want)
	}
	if text := shown(t, p); !strings.Contains(text, "Over the steps of the first epoch.") || !strings.Contains(text, "no epoch was evaluated") {
		t.Errorf("the page does not say so:\n%s", text)
	}
}

// The diverged step has no loss: the line ends before it.
func TestDivergedCurve(t *testing.T) {
	p := &Page{State: Diverged, Curves: &chart.Curves{StepsPerEpoch: 10, Done: 3}}
	for i, loss := range []float64{2, 2, math.NaN()} {
		p.Curves.Steps = append(p.Curves.Steps, chart.Step{Step: float64(i + 1), Loss: loss, LR: 0.1})
	}
	if text := render(t, p); strings.Contains(text, "NaN") {
		t.Error("NaN is on the page")
	}
	if got := p.charts()[0].Lines[0].Path; strings.Count(got, "L") != 1 {
		t.Errorf("path %q", got)
	}
}
