package train

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"vggtrain/internal/memory"
	"vggtrain/internal/runstate"
	"vggtrain/internal/solver"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Run trains a job to its end, to a divergence, or until ctx is done: then the step under
// way ends and the state is saved. A resumed job goes on where its checkpoint is.
//
// The state is saved at the end of each epoch, and between as the recipe says, while the
// training goes on. A file that cannot be written is a notice and does not end the run; what
// was there before stays whole. If it is missing at the end, the result is Incomplete. The
// error is of what ended the run; the result holds what is known all the same.
func Run(ctx context.Context, job *Job, obs ...Observer) (Result, error) {
	start := time.Now()
	m, err := job.assemble(start, obs)
	if err != nil {
		return Result{Status: Failed}, err
	}
	defer m.close()
	status, advice := Failed, ""
	var incomplete error
	m.files.Allocate()
	if err = m.open(job); err == nil {
		err = m.observers.begin(m.plan)
	}
	if err == nil {
		m.greet(job)
		status, advice, incomplete, err = m.run(ctx)
	}
	result := m.result(status, advice)
	result.Incomplete = errors.Join(incomplete, m.observers.end(result))
	if err != nil && result.Checkpoint != "" {
		err = fmt.Errorf("%w; the run has stopped, %s holds its newest save", err, result.Checkpoint)
	}
	return result, err
}

// open brings a resumed run to where it goes on: it opens an epoch again that was cut, if it may
// go on with it now. If checkpoint.bin is not what the run goes on with, it is made so before
// anything that belongs to the other is cut.
func (m *machine) open(j *Job) error {
	if j.resumed == nil {
		return nil
	}
	if p := m.progress; p.Cut && !m.finished() {
		p.Reopen()
		m.plan.History = p.History
		m.saves.Fresh = false
	}
	m.plan.Finished = m.finished()
	if len(j.Recipe.Changed(j.resumed.Recipe)) > 0 {
		m.saves.Fresh = false
	}
	if m.saves.Fresh {
		return nil
	}
	return m.saves.Begin(m.progress)
}

// greet says what the user of a resumed run should know before it goes on.
func (m *machine) greet(j *Job) {
	if j.resumed == nil {
		return
	}
	if p := m.progress; m.plan.Finished {
		m.observers.notice(fmt.Sprintf("the run is finished: %d of %d epochs, %d steps; to go on, give it %s",
			len(p.History), m.plan.Epochs, p.Step, m.more()))
	}
	for _, text := range j.resumed.Notices(j.Recipe, m.plan.Kernel) {
		m.observers.notice(text)
	}
	there, err := m.files.MendBest(m.progress)
	if m.saves.BestFailed = err; err != nil {
		m.observers.notice(err.Error())
	}
	if !there {
		m.observers.notice(fmt.Sprintf("%s does not hold the weights of the best epoch, %d: it will when an epoch is better",
			m.files.Best, m.progress.BestEpoch))
	}
}

// more is what a finished run needs to go on.
func (l *loop) more() string {
	switch p := l.progress; {
	case p.Epoch > l.plan.Epochs:
		return "more --epochs"
	case p.OutOfPatience(l.limits.patience):
		return "more patience by --early-stop, or --early-stop off"
	default:
		return "more --max-steps, or --max-steps off"
	}
}

// machine is a loop made of the real parts.
type machine struct {
	loop
	files  *runstate.Files
	graphs interface {
		PlannedBytes() int64
		Close() error
	}
}

// assemble builds what a job needs: two graphs over the same weights, one to train and
// one to evaluate, the streams, and the optimiser. close ends it.
func (j *Job) assemble(start time.Time, obs []Observer) (*machine, error) {
	training, validation, err := j.loaders()
	if err != nil {
		return nil, err
	}
	r := j.Recipe
	trainer, err := model.NewTrainer(j.Workers, j.Layers, j.Params, model.Options{
		Batch: min(r.BatchSize, j.Train.Len()), LabelSmoothing: r.LabelSmoothing, Dropout: true, Seed: r.Seed,
	})
	if err != nil {
		return nil, err
	}
	m := &machine{graphs: trainer, loop: loop{
		plan: j.plan(), classes: len(j.Classes), trainer: trainer, schedule: schedule(j),
		batches: training, validation: validation, observers: newObservers(obs...),
		limits:   limits{time: r.MaxTime, patience: r.EarlyStop, every: r.CheckpointEvery},
		progress: j.progress(), start: start,
	}}
	m.watches = newWatches(m.classes, r.WarmupEpochs*m.plan.StepsPerEpoch, m.progress)
	if err := m.complete(j, trainer, training.Bytes()+validation.Bytes()); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// complete adds the parts that need the trainer's graph.
func (m *machine) complete(j *Job, trainer *model.Trainer, batchBytes int64) error {
	evaluator, err := model.NewEvaluator(j.Workers, j.Layers, j.Params, min(j.Recipe.BatchSize, j.Val.Len()))
	if err != nil {
		return err
	}
	optimizer, err := model.NewOptimizer(trainer, runstate.OptimizerOptions(j.Recipe))
	if err != nil {
		return err
	}
	if j.resumed != nil {
		if err := j.resumed.Restore(j.Params, optimizer.State()); err != nil {
			return err
		}
	}
	r := j.Recipe
	run := runstate.Run{Workers: j.Workers, Settings: r, StepsPerEpoch: m.plan.StepsPerEpoch, Network: &trained.Network{
		Arch: j.Arch, Params: j.Params, Classes: j.Classes, Side: r.Resize, Normalize: r.Normalize,
		DataSpec: j.DataSpec, DataDigest: hex.EncodeToString(j.DataDigest[:]),
	}}
	if m.files, err = runstate.NewFiles(run, j.Place, optimizer.State(), j.resumed); err != nil {
		return err
	}
	m.plan.MemoryBytes = runMemory(r, j.setBytes, 4*j.Params.Count(), m.graphs.PlannedBytes()+evaluator.PlannedBytes()+batchBytes)
	m.predictor, m.optimizer = evaluator, optimizer
	m.saves = runstate.NewSaves(m.files, m.observers.notice, m.progress.Step, m.files.Written.Checkpoint)
	return nil
}

// close ends what assemble has begun. Its error would only be that a machine that has
// ended cannot be closed.
func (m *machine) close() { _ = m.graphs.Close() }

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

// result says where the run stands.
func (m *machine) result(status Status, advice string) Result {
	p := m.progress
	r := Result{
		Status: status, Advice: advice,
		Arch: m.plan.Arch, Params: m.plan.Params,
		Epochs: len(p.History), Steps: max(p.Step, m.newest.Step),
		TrainLoss: p.TrainLoss(), ValLoss: math.NaN(), ValAccuracy: math.NaN(), BestValAccuracy: math.NaN(),
		BestEpoch:       p.BestEpoch,
		ImagesPerSecond: p.Speed(),
		Seconds:         m.seconds(),
		PeakRSSBytes:    memory.Peak(),
		Data:            m.plan.Data, DataSetting: m.plan.Settings.Data, Threads: m.plan.Threads, Kernel: m.plan.Kernel,
	}
	if math.IsNaN(m.newest.Loss) {
		r.TrainLoss = math.NaN()
	}
	if last := p.Last(); last != nil {
		r.ValLoss, r.ValAccuracy, r.BestValAccuracy = last.ValLoss, last.ValAccuracy, p.BestValAccuracy
	}
	there := m.files.Held() == nil // a folder that was removed has none of them
	if there && m.files.Written.Checkpoint {
		r.Checkpoint = m.files.Checkpoint
	}
	if there && m.files.Written.Best {
		r.Best = m.files.Best
	}
	if advice != "" && r.Checkpoint != "" {
		r.Advice += fmt.Sprintf("; %s holds the last good state", r.Checkpoint)
	}
	return r
}
