package train

import (
	"math"
	"vggtrain/internal/kernel"
)

// Probabilities puts what softmax makes of one image's K logits into dst: the numbers that a
// Prediction has. A logit that is NaN makes all of them NaN.
func Probabilities(dst []float64, logits []float32) {
	normalizer := kernel.LogSumExp(logits)
	for k, x := range logits {
		dst[k] = math.Exp(float64(x) - normalizer)
	}
}
