package train

import (
	"context"
	"fmt"
	"math"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/trained"
)

// score is a network's result on a set.
type score struct{ Loss, Accuracy float64 }

var unknown = score{math.NaN(), math.NaN()}

// evaluationBatch is the number of images of a batch that is evaluated.
func evaluationBatch(r *configs.Recipe, scored, test dataset.Source) int {
	most := scored.Len()
	if test != nil {
		most = max(most, test.Len())
	}
	return min(r.BatchSize, most)
}

// testBytes is the memory that the end of a run takes to score the test set apart: a batch, and the
// weights of the best epoch beside the newest.
func testBytes(r *configs.Recipe, scored, test dataset.Source, weights int64) int64 {
	if test == nil {
		return 0
	}
	return weights + 4*int64(evaluationBatch(r, scored, test))*int64(r.Channels*r.Resize*r.Resize)
}

// evaluated returns the stream of a set that is evaluated.
func (j *Job) evaluated(set dataset.Source) (*dataset.Loader, error) {
	o := j.LoaderOptions(j.Workers, set, j.Facts.Settings.BatchSize)
	o.Batch = evaluationBatch(j.Facts.Settings, j.Val, j.Test) // the evaluator's
	return dataset.NewLoader(set, o)
}

// test scores the test set apart with the weights of the best epoch. A failure is a notice: the run is
// done. The error is ctx's.
func (m *session) test(ctx context.Context, j *Job) error {
	if j.Test == nil {
		return nil
	}
	loader, err := j.evaluated(j.Test)
	if err == nil {
		err = m.writer.WithBest(m.progress, func() error {
			e, err := trained.Evaluate(ctx, m.predictor, loader, m.classes)
			if err == nil {
				m.tested = score{e.Loss, e.Accuracy()}
			}
			return err
		})
	}
	if err != nil && ctx.Err() == nil {
		m.observers.notice(fmt.Sprintf("the test set is not scored: %v", err))
	}
	return ctx.Err()
}
