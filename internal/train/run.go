package train

import (
	"context"
	"fmt"
	"math"
	"time"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/solver"
	"vggtrain/model"
)

// Run trains a job to its end, to a divergence, or until ctx is done: then the step under
// way ends and the state is saved. The checkpoint is written after each epoch, the best
// weights whenever val_accuracy grows. A file that cannot be written ends the run with an
// error that names it; what was there before stays whole. The result holds what is known,
// also with an error.
func Run(ctx context.Context, job *Job, obs ...Observer) (Result, error) {
	start := time.Now()
	m, err := job.assemble(obs)
	if err != nil {
		return Result{Status: Failed}, err
	}
	defer m.close()
	begun, err := m.observers.begin(m.plan)
	status, advice := Failed, ""
	if err == nil {
		status, advice, err = m.run(ctx)
	}
	result := m.result(status, advice, time.Since(start).Seconds())
	if ended := begun.end(result); err == nil && ended != nil {
		result.Status, err = Failed, ended
	}
	if err != nil && result.Checkpoint != "" {
		err = fmt.Errorf("%w; the run has ended, %s is as it was", err, result.Checkpoint)
	}
	return result, err
}

// machine is a loop made of the real parts.
type machine struct {
	loop
	files  *files
	graphs interface{ Close() error }
}

// assemble builds what a job needs: two graphs over the same weights, one to train and
// one to evaluate, the streams, and the optimiser. close ends it.
func (j *Job) assemble(obs observers) (*machine, error) {
	training, validation, err := j.loaders()
	if err != nil {
		return nil, err
	}
	r := j.Recipe
	trainer, err := model.NewTrainer(j.Pool, j.Layers, j.Params, model.Options{
		Batch: min(r.BatchSize, j.Train.N), LabelSmoothing: r.LabelSmoothing, Dropout: true, Seed: r.Seed,
	})
	if err != nil {
		return nil, err
	}
	m := &machine{graphs: trainer, loop: loop{
		plan: j.plan(), classes: len(j.Classes), trainer: trainer, schedule: schedule(j),
		batches: training, validation: validation, observers: obs, progress: newProgress(),
	}}
	m.plan.MemoryBytes = j.memory(trainer.PlannedBytes())
	m.plateau = newPlateau(m.classes, r.WarmupEpochs*m.plan.StepsPerEpoch, &m.progress.Plateau)
	if err := m.complete(j); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// complete adds the parts that need the trainer's graph.
func (m *machine) complete(j *Job) error {
	evaluator, err := model.NewEvaluator(j.Pool, j.Layers, j.Params, min(j.Recipe.BatchSize, j.Val.N))
	if err != nil {
		return err
	}
	sgd, err := j.optimizer(m.trainer.Grads())
	if err != nil {
		return err
	}
	if m.files, err = newFiles(j, sgd.State()); err != nil {
		return err
	}
	m.predictor, m.optimizer, m.store = evaluator, sgd, m.files
	return nil
}

// close ends what assemble has begun. Its error would only be that a machine that has
// ended cannot be closed.
func (m *machine) close() { _ = m.graphs.Close() }

func (j *Job) optimizer(parameters []gorgonia.ValueGrad) (*solver.SGD, error) {
	r := j.Recipe
	sgd, err := solver.NewSGD(j.Pool, solver.SGDConfig{
		Momentum: r.Momentum, WeightDecay: r.WeightDecay, Nesterov: r.Nesterov, ClipNorm: r.ClipNorm,
	})
	if err != nil {
		return nil, err
	}
	return sgd, sgd.Bind(parameters)
}

// schedule spans all epochs, also where max-steps ends the run before: such a run is
// the beginning of the whole one.
func schedule(j *Job) solver.Schedule {
	r, perEpoch := j.Recipe, j.plan().StepsPerEpoch
	warmup := r.WarmupEpochs * perEpoch
	if r.Schedule == "cosine" {
		return solver.Cosine{LR: r.LR, Warmup: warmup, Total: r.Epochs * perEpoch}
	}
	return solver.Constant{LR: r.LR, Warmup: warmup}
}

// memory counts what a run holds for long: the sets, weights and momenta twice (the second
// time for a checkpoint), and what the graph has planned.
func (j *Job) memory(planned int64) int64 {
	state := 4 * j.Params.Count()
	if j.Recipe.Momentum > 0 {
		state *= 2
	}
	sets := int64(len(j.Train.Images) + len(j.Val.Images))
	return sets + 2*state + planned
}

// result says where the run stands.
func (m *machine) result(status Status, advice string, seconds float64) Result {
	p := m.progress
	r := Result{
		Status: status, Advice: advice,
		Arch: m.plan.Arch, Params: m.plan.Params,
		Epochs: len(p.History), Steps: max(p.Step, m.newest.Step),
		TrainLoss: p.trainLoss(), ValLoss: math.NaN(), ValAccuracy: math.NaN(), BestValAccuracy: math.NaN(),
		BestEpoch:       p.BestEpoch,
		ImagesPerSecond: rate(int(p.TrainImages), p.TrainSeconds),
		Seconds:         m.before + seconds,
		PeakRSSBytes:    PeakRSS(),
		Data:            m.plan.Data, Threads: m.plan.Threads, Kernel: m.plan.Kernel,
	}
	if math.IsNaN(m.newest.Loss) {
		r.TrainLoss = math.NaN()
	}
	if last := p.last(); last != nil {
		r.ValLoss, r.ValAccuracy, r.BestValAccuracy = last.ValLoss, last.ValAccuracy, p.BestValAccuracy
	}
	if m.files.written.checkpoint {
		r.Checkpoint = m.files.checkpoint
	}
	if m.files.written.best {
		r.Best = m.files.best
	}
	if advice != "" && r.Checkpoint != "" {
		r.Advice += fmt.Sprintf("; %s holds the last good state", r.Checkpoint)
	}
	return r
}
