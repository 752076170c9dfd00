package page

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// chart is a picture of series over the run. All places in it are parts of the plot's width and
// height, so that it fits any width while its text keeps its size.
type chart struct {
	ID, Title string
	Summary   string // in words
	Unit      string // of X, in words
	Axis      string // the same beside the axis
	Note      string // what a legend says of Best
	X, Y      []tick
	Lines     []drawn
	Samples   string // JSON of []sample: what the script shows
}

// tick is a labelled place on an axis, in percent of the plot from the left or from the top.
type tick struct{ At, Text string }

// drawn is a series as it is drawn.
type drawn struct {
	Name, Class string
	Path        string // SVG's, in thousandths of the plot
	Dots        []dot  // its values where they are few
	Best        *dot   // the one that stands out, if any
}

type dot struct{ X, Y string } // in percent

// series is numbers over the run: X is 0 to 1 from its beginning to its end, Y the number.
type series struct {
	name, class string
	x, y        []float64
}

// sample is what is shown when the pointer is near X: the label, and of each series a dot and a
// text, if it has a value there. Its JSON is read by page.js.
type sample struct {
	X     float64       `json:"x"` // percent, as all here
	Label string        `json:"label"`
	At    []*sampleSpot `json:"at"` // one a series; nil: none
}

type sampleSpot struct {
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
	Text string  `json:"text"`
}

// maxDots is how many values of a series are drawn as dots too.
const maxDots = 40

// axis maps numbers to places, 0 to 1 from below.
type axis struct{ low, high float64 }

func (a axis) at(v float64) float64 { return (v - a.low) / (a.high - a.low) }

// niceAxis returns an axis with some ticks at round numbers, from the one at or below low to the
// one at or above high; and its ticks.
func niceAxis(low, high float64, most int) (axis, []float64) {
	if !(high > low) {
		low, high = low-math.Abs(low)/2, high+math.Abs(high)/2
	}
	if !(high > low) || math.IsInf(high-low, 0) {
		low, high = 0, 1
	}
	step := niceStep((high - low) / float64(most))
	first, last := math.Floor(low/step+1e-9), math.Ceil(high/step-1e-9)
	var ticks []float64
	for k := first; k <= last; k++ {
		ticks = append(ticks, k*step)
	}
	return axis{first * step, last * step}, ticks
}

// niceStep is the least of 1, 2, 2.5, 5 times a power of ten that is at least step.
func niceStep(step float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, k := range []float64{1, 2, 2.5, 5} {
		if k*power >= step*(1-1e-9) {
			return k * power
		}
	}
	return 10 * power
}

// tickText writes a tick with the digits that its neighbours need.
func tickText(v, step float64) string {
	if v == 0 {
		return "0"
	}
	if math.Abs(v) < 1e-4 || math.Abs(v) >= 1e6 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	decimals := 0
	for scaled := step; math.Abs(scaled-math.Round(scaled)) > 1e-6*scaled; scaled *= 10 {
		decimals++
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// verticalTicks are the ticks of a vertical axis, with places from the top.
func verticalTicks(a axis, ticks []float64) []tick {
	var list []tick
	for _, v := range ticks {
		list = append(list, tick{percent(1 - a.at(v)), tickText(v, ticks[1]-ticks[0])})
	}
	return list
}

// wholeTicks are ticks at whole numbers from 0 to the end of an axis.
func wholeTicks(end float64) []tick {
	step := max(1, niceStep(end/8))
	if step == 2.5 {
		step = 5
	}
	list := []tick{{percent(0), "0"}}
	for v := step; v <= end+1e-9; v += step {
		list = append(list, tick{percent(v / end), strconv.FormatFloat(v, 'f', 0, 64)})
	}
	return list
}

// draw returns a series on a vertical axis. A number that is not finite is a gap.
func (s *series) draw(a axis) drawn {
	d := drawn{Name: s.name, Class: s.class}
	var path strings.Builder
	pen := byte('M')
	for i, y := range s.y {
		if !finite(y) {
			pen = 'M'
			continue
		}
		at := a.at(y)
		fmt.Fprintf(&path, "%c%s %s", pen, trim(1000*s.x[i], 1), trim(1000*(1-clip(at)), 1))
		pen = 'L'
		if len(s.y) <= maxDots && at >= 0 && at <= 1 {
			d.Dots = append(d.Dots, dot{percent(s.x[i]), percent(1 - at)})
		}
	}
	d.Path = path.String()
	return d
}

// clip keeps a line that leaves the plot from going far.
func clip(at float64) float64 { return min(max(at, -1), 2) }

// spot is where the script shows a value, nil if it cannot be shown.
func spot(a axis, x, y float64, text string) *sampleSpot {
	if !finite(y) {
		return nil
	}
	at := min(max(a.at(y), 0), 1)
	return &sampleSpot{X: hundredths(100 * x), Y: hundredths(100 * (1 - at)), Text: text}
}

func marshal(samples []sample) string {
	text, err := json.Marshal(samples)
	if err != nil { // of finite numbers and texts: cannot be
		return "[]"
	}
	return string(text)
}

func finite(x float64) bool { return x-x == 0 }

func hundredths(x float64) float64 { return math.Round(100*x) / 100 }

// percent writes a part of 1.
func percent(part float64) string { return trim(100*part, 2) + "%" }

// trim writes a number with at most so many decimals.
func trim(x float64, decimals int) string {
	text := strconv.FormatFloat(x, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}
