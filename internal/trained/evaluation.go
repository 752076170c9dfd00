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
	Confusion [][]int64 // [true class][predicted class]; nil for more than MaxConfusion classes
	Seconds   float64   // wall time

	Labels      []int32      // of each image, in the set's order
	Predictions []Prediction // likewise
}

// MaxConfusion is the most classes of a confusion matrix.
const MaxConfusion = 1000

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
	hits, predicted, support := make([]int64, len(names)), make([]int64, len(names)), make([]int64, len(names))
	for i, p := range e.Predictions {
		label := int(e.Labels[i])
		predicted[p.Class]++
		support[label]++
		if p.Class == label {
			hits[label]++
		}
	}
	scores := make([]ClassScore, len(names))
	for k := range scores {
		scores[k] = ClassScore{
			Name:      names[k],
			Precision: ratio(hits[k], predicted[k]),
			Recall:    ratio(hits[k], support[k]),
			F1:        ratio(2*hits[k], predicted[k]+support[k]), // 2PR/(P+R), rearranged
			Support:   support[k],
		}
	}
	return scores
}

// Confused are the images of one class that were taken for another.
type Confused struct {
	True, Predicted int // classes
	Images          int64
}

// MostConfused lists at most n pairs of classes, those with the most images first, of equal ones the
// first classes.
func (e *Evaluation) MostConfused(n int) []Confused {
	counts := map[[2]int]int64{}
	for i, p := range e.Predictions {
		if label := int(e.Labels[i]); p.Class != label {
			counts[[2]int{label, p.Class}]++
		}
	}
	var list []Confused
	for pair, images := range counts {
		list = append(list, Confused{pair[0], pair[1], images})
	}
	slices.SortFunc(list, func(a, b Confused) int {
		return cmp.Or(cmp.Compare(b.Images, a.Images), cmp.Compare(a.True, b.True), cmp.Compare(a.Predicted, b.Predicted))
	})
	return list[:min(len(list), n)]
}

// Among returns the confusion matrix of some of the classes.
func (e *Evaluation) Among(classes []int) [][]int64 {
	place := map[int]int{}
	matrix := make([][]int64, len(classes))
	for at, k := range classes {
		place[k], matrix[at] = at, make([]int64, len(classes))
	}
	for i, p := range e.Predictions {
		row, ours := place[int(e.Labels[i])]
		column, too := place[p.Class]
		if ours && too {
			matrix[row][column]++
		}
	}
	return matrix
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
	e := &Evaluation{}
	if classes <= MaxConfusion {
		e.Confusion = make([][]int64, classes)
		for k := range e.Confusion {
			e.Confusion[k] = make([]int64, classes)
		}
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
		batchLoss, err := e.score(logits, b.Labels[:b.Rows], classes)
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
func (e *Evaluation) score(logits []float32, labels []int32, classes int) (loss float64, err error) {
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
		if e.Confusion != nil {
			e.Confusion[label][best]++
		}
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
