package kernel

import (
	"fmt"
	"math"
)

// CrossEntropy is the shape of the softmax cross-entropy of N rows of logits.
//
//	p = softmax(logits[n]),  q = (1-Smoothing)·onehot(label) + Smoothing/Classes
//	loss[n] = -Σ q·ln p      (torch.nn.functional.cross_entropy with label_smoothing)
type CrossEntropy struct {
	N, Classes int
	Smoothing  float64
}

// lossRows is how many rows a piece covers.
const lossRows = 32

// Forward returns the mean of the losses of the first rows rows. losses is work space of N.
// A label outside [0, Classes) is an error.
func (c CrossEntropy) Forward(p *Workers, logits []float32, labels []int32, losses []float64, rows int) (float64, error) {
	for n, l := range labels[:rows] {
		if l < 0 || int(l) >= c.Classes {
			return 0, fmt.Errorf("row %d has label %d: the network has classes 0 to %d", n, l, c.Classes-1)
		}
	}
	err := p.Run((rows+lossRows-1)/lossRows, func(_, piece int) {
		for n := piece * lossRows; n < min(rows, (piece+1)*lossRows); n++ {
			row := logits[n*c.Classes:][:c.Classes]
			norm, mean := LogSumExp(row), 0.0
			if c.Smoothing > 0 {
				for _, v := range row {
					mean += float64(v) / float64(c.Classes)
				}
			}
			losses[n] = norm - (1-c.Smoothing)*float64(row[labels[n]]) - c.Smoothing*mean
		}
	})
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, l := range losses[:rows] {
		sum += l
	}
	return sum / float64(rows), nil
}

// Gradient computes dlogits = (p - q)·scale/rows for the first rows rows.
func (c CrossEntropy) Gradient(p *Workers, dlogits, logits []float32, labels []int32, scale float64, rows int) error {
	scale /= float64(rows)
	smooth := c.Smoothing / float64(c.Classes)
	return p.Run((rows+lossRows-1)/lossRows, func(_, piece int) {
		for n := piece * lossRows; n < min(rows, (piece+1)*lossRows); n++ {
			row, out := logits[n*c.Classes:][:c.Classes], dlogits[n*c.Classes:][:c.Classes]
			norm := LogSumExp(row)
			for i, v := range row {
				q := smooth
				if i == int(labels[n]) {
					q += 1 - c.Smoothing
				}
				out[i] = float32((math.Exp(float64(v)-norm) - q) * scale)
			}
		}
	})
}

// LogSumExp is ln Σ exp(row), shifted by the largest so that nothing overflows. ln softmax(row)[k] is
// row[k] - LogSumExp(row). It is NaN if the row has a NaN or its largest is not finite.
func LogSumExp(row []float32) float64 {
	top := math.Inf(-1)
	for _, v := range row {
		if f := float64(v); f > top || f != f {
			top = f
		}
	}
	if math.IsInf(top, 0) || top != top {
		return math.NaN()
	}
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}
