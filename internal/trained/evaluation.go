package trained

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"vggtrain/dataset"
	"vggtrain/internal/kernel"
)

// Predictor computes a batch's logits: *model.Evaluator.
type Predictor interface {
	// Logits returns rows×K values for N×S×S×1 images, valid until the next call.
	Logits(images []float32, rows int) ([]float32, error)
}

// Batches streams a set in batches: *dataset.Loader.
type Batches interface {
	Start(epoch, from int)
	Next(ctx context.Context) (*dataset.Batch, error) // valid until the following call
}

// Evaluation is a network's result on a set.
type Evaluation struct {
	Images    int
	Correct   int
	Loss      float64   // mean cross-entropy, no label smoothing
	Confusion [][]int64 // [true class][predicted class]
	Seconds   float64   // wall time

	Labels      []int32      // of each image, in the set's order
	Predictions []Prediction // likewise
}

// Accuracy is the share of correct images; 0 for none.
func (e *Evaluation) Accuracy() float64 { return ratio(int64(e.Correct), int64(e.Images)) }

// ImagesPerSecond is the speed of the evaluation; 0 if it took no time.
func (e *Evaluation) ImagesPerSecond() float64 {
	if e.Seconds <= 0 {
		return 0
	}
	return float64(e.Images) / e.Seconds
}

// ClassScore has the measures of one class. A quotient by 0 is 0.
type ClassScore struct {
	Name      string  `json:"name"`
	Precision float64 `json:"precision"` // share of images predicted as the class that are of it
	Recall    float64 `json:"recall"`    // share of the class's images predicted as it
	F1        float64 `json:"f1"`        // harmonic mean of the two
	Support   int64   `json:"support"`   // images of the class
}

// Classes returns a score for each class, in the order of names.
func (e *Evaluation) Classes(names []string) []ClassScore {
	scores := make([]ClassScore, len(e.Confusion))
	for k := range scores {
		var predicted, support int64
		for j := range e.Confusion {
			predicted += e.Confusion[j][k]
			support += e.Confusion[k][j]
		}
		hit := e.Confusion[k][k]
		scores[k] = ClassScore{
			Name:      names[k],
			Precision: ratio(hit, predicted),
			Recall:    ratio(hit, support),
			F1:        ratio(2*hit, predicted+support), // 2PR/(P+R), rearranged
			Support:   support,
		}
	}
	return scores
}

// Errors lists the images with a wrong prediction, by index, in the set's order.
func (e *Evaluation) Errors() []int {
	var wrong []int
	for i, p := range e.Predictions {
		if p.Class != int(e.Labels[i]) {
			wrong = append(wrong, i)
		}
	}
	return wrong
}

// Surest lists at most n errors by falling probability; of equal ones the first image comes first.
func (e *Evaluation) Surest(n int) []int {
	wrong := e.Errors()
	slices.SortStableFunc(wrong, func(a, b int) int {
		return cmp.Compare(e.Predictions[b].Probability, e.Predictions[a].Probability)
	})
	return wrong[:min(len(wrong), n)]
}

// Evaluate scores a network of K classes on a loader's images. The error is ctx's if ctx is done before
// the end.
func Evaluate(ctx context.Context, network Predictor, batches Batches, classes int) (*Evaluation, error) {
	start := time.Now()
	e := &Evaluation{Confusion: make([][]int64, classes)}
	for k := range e.Confusion {
		e.Confusion[k] = make([]int64, classes)
	}
	batches.Start(1, 0)
	var loss float64
	for {
		b, err := batches.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		logits, err := network.Logits(b.Images, b.Rows)
		if err != nil {
			return nil, err
		}
		batchLoss, err := e.score(logits, b.Labels[:b.Rows])
		if err != nil {
			return nil, err
		}
		loss += batchLoss
	}
	if e.Images > 0 {
		e.Loss = loss / float64(e.Images)
	}
	e.Seconds = time.Since(start).Seconds()
	return e, nil
}

// score adds a batch's predictions and returns the sum of its losses.
func (e *Evaluation) score(logits []float32, labels []int32) (loss float64, err error) {
	classes := len(e.Confusion)
	if len(logits) < len(labels)*classes {
		return 0, fmt.Errorf("%d logits for %d images of %d classes", len(logits), len(labels), classes)
	}
	for i, label := range labels {
		if label < 0 || int(label) >= classes {
			return 0, fmt.Errorf("label %d: the network has %d classes, 0 to %d", label, classes, classes-1)
		}
		row := logits[i*classes:][:classes]
		best := argmax(row)
		normalizer := kernel.LogSumExp(row)
		loss += normalizer - float64(row[label])
		e.Labels = append(e.Labels, label)
		e.Predictions = append(e.Predictions, Prediction{best, math.Exp(float64(row[best]) - normalizer)})
		e.Images++
		e.Confusion[label][best]++
		if best == int(label) {
			e.Correct++
		}
	}
	return loss, nil
}

func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Prediction is a network's class for one image.
type Prediction struct {
	Class       int
	Probability float64 // by softmax
}

// Likeliest returns at most n classes for one image's K logits, by falling probability; of equal
// logits the first class comes first. If a logit is NaN, all probabilities are.
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
