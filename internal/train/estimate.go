package train

import (
	"context"
	"time"
)

// Estimate is what a run would be and take on this machine, as it is now.
type Estimate struct {
	Plan        Plan
	StepSeconds float64 // a full batch
	EvalSeconds float64 // the whole set that is scored, once
	Seconds     float64 // the whole run, without its checkpoints
}

// Try builds all that a run needs and times a step and a batch of the evaluation, the second
// of each. No weight changes and no file is written.
func Try(ctx context.Context, job *Job) (*Estimate, error) {
	m, err := job.assemble(nil)
	if err != nil {
		return nil, err
	}
	defer m.close()
	e := &Estimate{Plan: m.plan}
	if e.StepSeconds, err = m.tryStep(ctx); err != nil {
		return nil, err
	}
	batchSeconds, err := m.tryEvaluation(ctx)
	if err != nil {
		return nil, err
	}
	e.EvalSeconds = batchSeconds * float64(m.validation.Batches())
	evaluations := (e.Plan.Steps + e.Plan.StepsPerEpoch - 1) / e.Plan.StepsPerEpoch
	e.Seconds = float64(e.Plan.Steps)*e.StepSeconds + float64(evaluations)*e.EvalSeconds
	return e, nil
}

// tryStep times the second of two steps at learning rate 0.
func (m *machine) tryStep(ctx context.Context) (seconds float64, err error) {
	m.batches.Start(ctx, 1, 0)
	defer m.batches.Close()
	b, err := m.batches.Next()
	if err != nil {
		return 0, err
	}
	m.optimizer.SetLR(0)
	for range 2 {
		start := time.Now()
		if _, err := m.trainer.Step(1, b.Images, b.Labels, b.Rows); err != nil {
			return 0, err
		}
		if err := m.optimizer.Step(m.trainer.Grads()); err != nil {
			return 0, err
		}
		seconds = time.Since(start).Seconds()
	}
	return seconds, nil
}

// tryEvaluation times the second of two batches.
func (m *machine) tryEvaluation(ctx context.Context) (seconds float64, err error) {
	m.validation.Start(ctx, 1, 0)
	defer m.validation.Close()
	b, err := m.validation.Next()
	if err != nil {
		return 0, err
	}
	for range 2 {
		start := time.Now()
		if _, err := m.predictor.Logits(b.Images, b.Rows); err != nil {
			return 0, err
		}
		seconds = time.Since(start).Seconds()
	}
	return seconds, nil
}
