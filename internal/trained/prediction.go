package trained

import (
	"cmp"
	"math"
	"slices"

	"vggtrain/internal/kernel"
)

// Prediction is the class that a network gives one image.
type Prediction struct {
	Class       int
	Probability float64 // by softmax
}

// Likeliest returns at most n classes for one image's K logits: the most probable first, of equal logits
// the first class. A logit that is NaN makes all probabilities NaN.
func Likeliest(logits []float32, n int) []Prediction {
	normalizer := kernel.LogSumExp(logits)
	all := make([]Prediction, len(logits))
	for k, x := range logits {
		all[k] = Prediction{k, math.Exp(float64(x) - normalizer)}
	}
	slices.SortStableFunc(all, func(a, b Prediction) int { return cmp.Compare(logits[b.Class], logits[a.Class]) })
	return all[:min(len(all), n)]
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
