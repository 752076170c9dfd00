package train

import (
	"cmp"
	"context"
	"time"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/model"
)

// Estimate is a forecast of a run on this machine.
type Estimate struct {
	Plan        Plan
	Notices     []string // those that the run would begin with
	StepSeconds float64  // a full batch
	EvalSeconds float64  // the whole set that is scored, once
	Seconds     float64  // the rest of the run, without its checkpoints
}

// A step and an evaluation are timed with only the first rows of a batch: measuredRows, or one a
// thread if that is more. A whole batch would take minutes in the largest networks. If the time is
// less than longEnough, too short to be scaled, more rows are taken.
const (
	measuredRows = 8
	longEnough   = time.Second
)

// Measure builds a whole run, with buffers for full batches, and times a step and an evaluation of
// some rows. Each is done twice; the second counts. No weight changes and no file is written.
//
// The times of full batches are extrapolated from those rows, except the optimiser's, which is
// measured. Costs independent of the rows, such as reading the weights of dense layers, are thus
// counted more than once, and so are disturbances. The estimate tells minutes from hours.
func Measure(ctx context.Context, job *Job) (*Estimate, error) {
	m, err := job.assemble(time.Now(), nil)
	if err != nil {
		return nil, err
	}
	defer m.close()
	e, err := m.measure(ctx)
	if err == nil {
		e.Notices = job.Notices
	}
	return e, err
}

func (l *loop) measure(ctx context.Context) (*Estimate, error) {
	e := &Estimate{Plan: l.plan}
	var err error
	if e.StepSeconds, err = l.measureStep(ctx); err != nil {
		return nil, err
	}
	if e.EvalSeconds, err = l.measureEvaluation(ctx); err != nil {
		return nil, err
	}
	steps := max(0, e.Plan.Steps-e.Plan.StepsDone)
	evaluations := (steps + e.Plan.StepsPerEpoch - 1) / e.Plan.StepsPerEpoch
	e.Seconds = float64(steps)*e.StepSeconds + float64(evaluations)*e.EvalSeconds
	return e, nil
}

// measureStep returns the seconds of a step of a full batch. The learning rate is 0.
func (l *loop) measureStep(ctx context.Context) (seconds float64, err error) {
	l.batches.Start(1, 0)
	b, err := l.batches.Next(ctx)
	if err != nil {
		return 0, err
	}
	row, err := l.perRow(ctx, b.Rows, func(rows int) error {
		_, err := l.trainer.Step(1, b.Images, b.Labels, rows)
		return err
	})
	if err != nil {
		return 0, err
	}
	update, err := second(ctx, func() error { return l.optimizer.Step(0) })
	return row*float64(b.Rows) + update.Seconds(), err
}

// measureEvaluation returns the seconds of an evaluation.
func (l *loop) measureEvaluation(ctx context.Context) (seconds float64, err error) {
	l.validation.Start(1, 0)
	b, err := l.validation.Next(ctx)
	if err != nil {
		return 0, err
	}
	row, err := l.perRow(ctx, b.Rows, func(rows int) error {
		_, err := l.predictor.Logits(b.Images, rows)
		return err
	})
	return row * float64(l.plan.ValImages), err
}

// perRow returns the seconds of f a row. It gives f at most all rows.
func (l *loop) perRow(ctx context.Context, all int, f func(rows int) error) (seconds float64, err error) {
	for rows := min(max(measuredRows, l.plan.Threads), all); ; rows = min(4*rows, all) {
		took, err := second(ctx, func() error { return f(rows) })
		if err != nil {
			return 0, err
		}
		if rows == all || took >= longEnough {
			return took.Seconds() / float64(rows), nil
		}
	}
}

// second calls f twice and returns the time of the second call: the first one touches the memory. ctx
// can end it in between.
func second(ctx context.Context, f func() error) (took time.Duration, err error) {
	for range 2 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		took = time.Since(start)
	}
	return took, nil
}

// EstimateMemory returns the peak memory of a run with these settings, in bytes. It does not allocate
// it. The error says why such a run is impossible.
func EstimateMemory(recipe *configs.Recipe, arch *model.Arch, data *dataset.Data) (int64, error) {
	r := *recipe
	r.ResolveInput(cmp.Or(r.Channels, data.Channels()), data.Garments())
	layers, err := model.Resolve(arch, r.Channels, r.Resize, r.Resize, len(data.Classes))
	if err != nil {
		return 0, err
	}
	sets, err := divide(&r, data)
	if err != nil {
		return 0, err
	}
	summary, err := model.SummarizeLayers(arch.Name, layers, min(r.BatchSize, sets.Train.Len()))
	if err != nil {
		return 0, err
	}
	evaluation, err := model.EvaluationBytes(layers, evaluationBatch(&r, sets.Scored, sets.Test))
	if err != nil {
		return 0, err
	}
	weights := summary.WeightBytes
	return runBytes(&r, setBytes(data, preparation(&r, data)), weights, summary.TrainBytes-weights+evaluation-weights+testBytes(&r, sets.Scored, sets.Test, weights)), nil
}

// setBytes is the memory of a run's sets, loaded or to be loaded as such images. Limits do not reduce
// it.
func setBytes(data *dataset.Data, image dataset.Preparation) int64 {
	var total int64
	for _, set := range []dataset.Source{data.Train, data.Val, data.Test} {
		if set != nil {
			total += cmp.Or(dataset.Bytes(set), int64(set.Len())*int64(image.Size()))
		}
	}
	return total
}

// programBytes is the memory of a run of the smallest network.
const programBytes = 40 << 20

// runBytes adds up a run's memory: the sets; weights and optimiser state twice, the second time for
// a checkpoint; buffers and batches of training and of evaluation; and the program itself.
func runBytes(r *configs.Recipe, sets, weights, buffers int64) int64 {
	state := weights * int64(1+len(r.Optimizer.Slots()))
	return sets + 2*state + buffers + programBytes
}
