package trained

import (
	"cmp"
	"math"
	"slices"

	"vggtrain/internal/kernel"
)

// Prediction is what a network makes of one image.
type Prediction struct {
	Class       int     // the most probable one, the first of equal ones
	Probability float64 // that softmax gives it
}

// Likeliest returns what one image's K logits make of it, at most n classes: the most probable
// first, of equal logits the first class.
func Likeliest(logits []float32, n int) []Prediction {
	probabilities := make([]float64, len(logits))
	Probabilities(probabilities, logits)
	all := make([]Prediction, len(logits))
	for k, p := range probabilities {
		all[k] = Prediction{k, p}
	}
	slices.SortStableFunc(all, func(a, b Prediction) int { return cmp.Compare(logits[b.Class], logits[a.Class]) })
	return all[:min(len(all), n)]
}

// Probabilities puts what softmax makes of one image's K logits into dst: the numbers that a
// Prediction has. A logit that is NaN makes all of them NaN.
func Probabilities(dst []float64, logits []float32) {
	normalizer := kernel.LogSumExp(logits)
	for k, x := range logits {
		dst[k] = math.Exp(float64(x) - normalizer)
	}
}

// argmax returns the index of the largest value, the first of equal ones.
func argmax(row []float32) int {
	best := 0
	for k, x := range row {
		if x > row[best] {
			best = k
		}
	}
	return best
}
