package chart

import (
	"math"
	"strconv"
)

// Axis is an axis from Low to High.
type Axis struct {
	Title     string
	Low, High float64
	Ticks     []Tick
}

// Tick is a labelled place on an axis.
type Tick struct {
	Value float64
	Label string // may be empty
}

// vertical returns a vertical axis, with about most ticks at most.
func vertical(low, high float64, most int) Axis {
	if !(high > low) || math.IsInf(high-low, 0) {
		low, high = 0, 1
	}
	return Axis{Low: low, High: high, Ticks: ticks(low, high, most, false)}
}

// ticks marks round numbers, about most of them at most; whole: only whole ones.
func ticks(low, high float64, most int, whole bool) []Tick {
	step := roundStep((high - low) / float64(most))
	if whole {
		step = math.Max(1, step)
	}
	var all []Tick
	for i := math.Ceil(low / step); i*step <= high*(1+1e-9); i++ {
		all = append(all, Tick{Value: i * step, Label: tickLabel(i*step, step)})
	}
	return all
}

// roundStep is the smallest of 1, 2 and 5 times a power of ten that is not less.
func roundStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= least*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// tickLabel writes a multiple of step with the decimals of step.
func tickLabel(x, step float64) string {
	decimals := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	if decimals > 5 || math.Abs(x) >= 1e6 {
		return strconv.FormatFloat(x, 'g', 3, 64)
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

// decades marks the powers of ten on an axis of logarithms, with a number at every one or, of many,
// at some.
func decades(low, high float64) []Tick {
	first, last := int(math.Ceil(low-1e-9)), int(math.Floor(high+1e-9))
	every := (last-first)/4 + 1
	var all []Tick
	for e := first; e <= last; e++ {
		label := ""
		if (last-e)%every == 0 {
			label = strconv.FormatFloat(math.Pow(10, float64(e)), 'g', 1, 64)
		}
		all = append(all, Tick{Value: float64(e), Label: label})
	}
	return all
}
