package train

import (
	"fmt"
	"math"
	"time"

	"vggtrain/internal/memory"
	"vggtrain/internal/record"
	"vggtrain/internal/runstate"
	"vggtrain/internal/solver"
	"vggtrain/model"
)

// session is a loop made of the real parts.
type session struct {
	loop
	writer *runstate.Writer
	graphs *model.Trainer
	tested score // of the best weights on the test set apart
}

// assemble builds the parts of a job: two graphs over the same weights, one to train and one to
// evaluate, the loaders, and the optimiser. close releases them.
func (j *Job) assemble(start time.Time, obs []Observer) (*session, error) {
	training, validation, err := j.loaders()
	if err != nil {
		return nil, err
	}
	r := j.Facts.Settings
	trainer, err := model.NewTrainer(j.Workers, j.Layers, j.Params, model.TrainerOptions{
		Batch: min(r.BatchSize, j.Train.Len()), LabelSmoothing: r.LabelSmoothing, Dropout: true, Seed: r.Seed,
	})
	if err != nil {
		return nil, err
	}
	m := &session{graphs: trainer, tested: unknown, loop: loop{
		plan: j.plan(), classes: len(j.Classes), trainer: trainer,
		batches: training, validation: validation, observers: newObservers(obs...),
		progress: j.progress(), start: start,
	}}
	m.watches = newWatches(&m.plan.Facts, m.classes, m.progress)
	if err := m.complete(j, training.Bytes()+validation.Bytes()); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// complete adds the parts that need the trainer's graph.
func (m *session) complete(j *Job, batchBytes int64) error {
	r := j.Facts.Settings
	scored := j.Params // the weights that are evaluated and kept
	evaluator, err := model.NewEvaluator(j.Workers, j.Layers, scored, evaluationBatch(r, j.Val, j.Test))
	if err != nil {
		return err
	}
	optimizer, err := model.NewOptimizer(m.graphs, r.Optimizer)
	if err != nil {
		return err
	}
	if j.resumed != nil {
		if err := j.resumed.Restore(j.Params, optimizer.State()); err != nil {
			return err
		}
	}
	run := runstate.Run{Workers: j.Workers, Settings: r, StepsPerEpoch: m.plan.StepsPerEpoch, Network: &j.Network, Scored: scored}
	if m.writer, err = runstate.NewWriter(run, j.Place, optimizer.State(), j.resumed); err != nil {
		return err
	}
	m.plan.MemoryBytes = runBytes(r, j.setBytes, 4*j.Params.Count(),
		m.graphs.PlannedBytes()+evaluator.PlannedBytes()+batchBytes+testBytes(r, j.Val, j.Test, 4*j.Params.Count()))
	m.predictor, m.optimizer = evaluator, optimizer
	m.saves = runstate.NewSaves(m.writer, m.observers.notice, m.progress.Step, j.resumed != nil && j.resumed.Path == j.Checkpoint)
	return nil
}

// close releases what assemble has started. The ignored error is only of closing twice.
func (m *session) close() { _ = m.graphs.Close() }

// schedule spans all epochs, even if max-steps ends the run before: such a run is the beginning of
// the whole one.
func schedule(f *record.Facts) solver.Schedule {
	r := f.Settings
	warmup := r.WarmupEpochs * f.StepsPerEpoch
	if r.Schedule == "cosine" {
		return solver.Cosine{LR: r.LR, Warmup: warmup, Total: f.Epochs * f.StepsPerEpoch}
	}
	return solver.Constant{LR: r.LR, Warmup: warmup}
}

// result returns the Result at the current state.
func (m *session) result(end outcome) Result {
	p := m.progress
	r := Result{
		Facts: m.plan.Facts, Status: end.status, Advice: end.advice,
		EpochsDone: len(p.History), StepsDone: max(p.Step, m.newest.Step),
		TrainLoss: p.TrainLoss(), ValLoss: math.NaN(), ValAccuracy: math.NaN(), BestValAccuracy: math.NaN(),
		BestEpoch: p.BestEpoch,
		TestLoss:  m.tested.Loss, TestAccuracy: m.tested.Accuracy,
		ImagesPerSecond: p.Speed(),
		Seconds:         m.seconds(),
		PeakRSSBytes:    memory.Peak(),
	}
	if math.IsNaN(m.newest.Loss) {
		r.TrainLoss = math.NaN()
	}
	if last := p.Last(); last != nil {
		r.ValLoss, r.ValAccuracy, r.BestValAccuracy = last.ValLoss, last.ValAccuracy, p.BestValAccuracy
	}
	there := m.writer.Held() == nil // a folder that was removed has no files
	checkpoint, best := m.saves.Written()
	if there && checkpoint {
		r.Checkpoint = m.writer.Checkpoint
	}
	if there && best {
		r.Best = m.writer.Best
	}
	if r.Advice != "" && r.Checkpoint != "" {
		r.Advice += fmt.Sprintf("; %s holds the last good state", r.Checkpoint)
	}
	return r
}
