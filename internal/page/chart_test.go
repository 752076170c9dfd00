package page

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNiceAxis(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0, 2.3, "0 0.5 1.0 1.5 2.0 2.5"},
		{0, 0.02, "0 0.005 0.010 0.015 0.020"},
		{0.87, 0.93, "0.86 0.88 0.90 0.92 0.94"},
		{0, 812, "0 200 400 600 800 1000"},
		{0, 1069, "0 250 500 750 1000 1250"},
		{0, 0.11, "0 0.025 0.050 0.075 0.100 0.125"},
		{0, 0, "0 0.2 0.4 0.6 0.8 1.0"},
		{0, 3e-7, "0 1e-07 2e-07 3e-07"},
		{0, math.Inf(1), "0 0.2 0.4 0.6 0.8 1.0"},
	} {
		a, ticks := niceAxis(c.low, c.high, 5)
		var got []string
		for _, tick := range verticalTicks(a, ticks) {
			got = append(got, tick.Text)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v to %v: %q, want %q", c.low, c.high, got, c.want)
		}
	}
}

func TestWholeTicks(t *testing.T) {
	for epochs, want := range map[float64]string{0.3: "0", 1: "0 1", 6: "0 1 2 3 4 5 6", 10: "0 2 4 6 8 10", 100: "0 20 40 60 80 100", 2.5: "0 1 2", 18: "0 5 10 15", 180: "0 25 50 75 100 125 150 175"} {
		var got []string
		for _, tick := range wholeTicks(epochs) {
			got = append(got, tick.Text)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("an axis to %v: %q, want %q", epochs, got, want)
		}
	}
}

// A value that is not finite is a gap; one far outside does not draw a line far outside.
func TestDraw(t *testing.T) {
	s := series{x: []float64{0, 0.25, 0.5, 0.75, 1}, y: []float64{0, 1, math.NaN(), 0.5, 1e9}}
	d := s.draw(axis{0, 1})
	if want := "M0 1000L250 0M750 500L1000 -1000"; d.Path != want {
		t.Errorf("path %q, want %q", d.Path, want)
	}
	if want := []dot{{"0%", "100%"}, {"25%", "0%"}, {"75%", "50%"}}; !cmp.Equal(d.Dots, want) {
		t.Errorf("dots %v, want %v", d.Dots, want)
	}
}

func TestUsual(t *testing.T) {
	values := []float64{2.3}
	for range 100 {
		values = append(values, 0.5)
	}
	for _, c := range []struct {
		add  []float64
		want float64
	}{{nil, 2.3}, {[]float64{1e6, math.Inf(1), math.NaN()}, 2.3}, {[]float64{2.4}, 2.3}} {
		if got := usual(append(values, c.add...)); got != c.want {
			t.Errorf("with %v: %v, want %v", c.add, got, c.want)
		}
	}
	if got := usual([]float64{1, 1.5, 1.2}); got != 1.5 {
		t.Errorf("%v, want 1.5", got)
	}
}

// Where values are shown: near a step its loss, and those of its epoch where they are drawn.
func TestLossSamples(t *testing.T) {
	charts := example(t).charts()
	var ids []string
	for _, c := range charts {
		ids = append(ids, c.ID)
	}
	if want := []string{"loss", "accuracy", "lr", "speed"}; !cmp.Equal(ids, want) {
		t.Fatalf("charts %q, want %q", ids, want)
	}
	var samples []sample
	if err := json.Unmarshal([]byte(charts[0].Samples), &samples); err != nil {
		t.Fatal(err)
	}
	// 2.3/(1+60/40) = 0.92 of the axis 0 to 3, which holds 1.1 times 2.5; the second epoch ends at 80 of
	// 240 steps, and its losses are 1/3 and 1.25/3 of the axis.
	want := sample{X: 25, Label: "epoch 2 · step 60", At: []*sampleSpot{{25, 69.33, "0.9200"}, {33.33, 66.67, "1.0000"}, {33.33, 58.33, "1.2500"}}}
	if diff := cmp.Diff(want, samples[59]); diff != "" || len(samples) != 240 {
		t.Errorf("%d samples, the 60th (-want +got):\n%s", len(samples), diff)
	}
}

// The losses' axis shows what the run is about: no explosion, and no first steps beside epochs.
func TestHighLoss(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		batch, train, val []float64
		epochs            int
		want              float64
	}{
		"a step":                  {batch: []float64{2.3}, want: 2.3},
		"an epoch":                {[]float64{2.3, 2.5, 1.5}, []float64{1.8}, []float64{1.2}, 1, 2.5},
		"of five, steps leave it": {[]float64{2.3, 1, 0.5}, []float64{0.8, 0.5}, []float64{1, 0.5}, 5, 1.1},
		"diverging":               {[]float64{2.3, 90, 2e7, nan}, []float64{2e7}, []float64{1e7}, 1, 4.6},
		"diverging late":          {[]float64{2.3, 1, 2e7, nan}, []float64{1, 2e7}, []float64{1, nan}, 6, 4.6},
		"without steps":           {nil, []float64{nan, 2, 50}, []float64{2, 3}, 2, 4},
		"that began at 0":         {[]float64{0, 3}, []float64{3}, []float64{3}, 1, 3},
		"not a number":            {batch: []float64{nan, nan}, want: 0},
	} {
		curves := curves{history: make([]Epoch, c.epochs)}
		if got := curves.highLoss(c.batch, c.train, c.val); !(math.Abs(got-c.want) <= 1e-12) {
			t.Errorf("%s: up to %v, want %v", name, got, c.want)
		}
	}
}

// The axis of a run that is on is the whole run's; of one that has ended, what there is.
func TestAxisEnds(t *testing.T) {
	p := &Page{State: Running, Progress: Progress{Step: 50, Steps: 400, StepsPerEpoch: 40}, Curve: []Point{{1, 1, 2, 0.1}, {2, 50, 1, 0.1}}}
	if got := p.axisEpochs(); got != 10 {
		t.Errorf("running: %v epochs, want 10", got)
	}
	p.State = Interrupted
	if got := p.axisEpochs(); got != 1.25 {
		t.Errorf("interrupted: %v epochs, want 1.25", got)
	}
	charts := p.charts()
	if len(charts) != 2 || charts[0].Lines[0].Path != "M20 0L1000 500" {
		t.Errorf("charts of an epoch that is not evaluated: %+v", charts)
	}
}

// The best epoch stands out on the curve of the accuracy, also where the line is thinned without it.
func TestBestEpoch(t *testing.T) {
	p := &Page{State: Done, Progress: Progress{StepsPerEpoch: 1}}
	for e := 1; e <= 1000; e++ {
		p.History = append(p.History, Epoch{Epoch: e, Steps: e, ValAccuracy: 0.5})
	}
	p.History[400].ValAccuracy = 0.9 // epoch 401; every second one is drawn, the 1000th among them
	c := p.charts()[1]
	// 0.48 to 0.92 is drawn on an axis from 0.4 to 1.
	if want := (dot{"40.1%", "16.67%"}); c.ID != "accuracy" || c.Lines[0].Best == nil || *c.Lines[0].Best != want || len(c.Lines[0].Dots) > 0 {
		t.Errorf("%s: the best at %v, want %v", c.ID, c.Lines[0].Best, want)
	}
	if c.Note != "best 0.9000 in epoch 401" || !strings.HasSuffix(c.Summary, "Best 0.9000 in epoch 401.") || strings.Count(render(t, p), `class="dot best`) != 1 {
		t.Errorf("it is said to be %q, %q", c.Note, c.Summary)
	}
}

// Of less than an epoch the axis counts steps.
func TestAxisOfSteps(t *testing.T) {
	p := &Page{State: Diverged, Progress: Progress{Step: 4, Steps: 400, StepsPerEpoch: 40}, Curve: []Point{{1, 1, 2, 0.1}, {1, 4, 1, 0.1}}}
	c := p.charts()[0]
	if want := []tick{{"0%", "0"}, {"25%", "1"}, {"50%", "2"}, {"75%", "3"}, {"100%", "4"}}; !cmp.Equal(c.X, want) || c.Unit != "steps of the first epoch" || c.Axis != "step" {
		t.Errorf("%v of %s, want %v", c.X, c.Unit, want)
	}
	if text := shown(t, p); !strings.Contains(text, "Over the steps of the first epoch.") || !strings.Contains(text, "no epoch was evaluated") {
		t.Errorf("the page does not say so:\n%s", text)
	}
}

// The diverged step has no loss: the line ends before it.
func TestDivergedCurve(t *testing.T) {
	p := &Page{State: Diverged, Progress: Progress{StepsPerEpoch: 10}, Curve: []Point{{1, 1, 2, 0.1}, {1, 2, 2, 0.1}, {1, 3, math.NaN(), 0.1}}}
	if text := render(t, p); strings.Contains(text, "NaN") {
		t.Error("NaN is on the page")
	}
	if got := p.charts()[0].Lines[0].Path; strings.Count(got, "L") != 1 {
		t.Errorf("path %q", got)
	}
}

func TestThinned(t *testing.T) {
	items := make([]int, 1001)
	for i := range items {
		items[i] = i
	}
	got := thinned(items, 500)
	if len(got) > 500 || len(got) < 300 || got[len(got)-1] != 1000 || got[1]-got[0] != got[2]-got[1] {
		t.Errorf("%d items, from %v to %v", len(got), got[:3], got[len(got)-1])
	}
}
