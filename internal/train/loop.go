package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"vggtrain/internal/crash"
	"vggtrain/internal/record"
	"vggtrain/internal/runstate"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Trainer computes the gradients of one batch: *model.Trainer.
type Trainer interface {
	// Step runs forward and backward over the first rows of N×S×S×1 images and returns their mean
	// loss. The error is model.ErrLossNotFinite if that is NaN or infinite.
	Step(step uint64, images []float32, labels []int32, rows int) (loss float64, err error)
}

// Optimizer updates the weights with the gradients of the last step: *model.Optimizer.
type Optimizer interface {
	Step(lr float64) error
}

// loop is a run: its parts and its state.
type loop struct {
	plan       Plan
	classes    int
	trainer    Trainer
	predictor  trained.Predictor
	optimizer  Optimizer
	batches    trained.Batches // of the training set
	validation trained.Batches
	observers  observers
	watches    watches
	saves      runstate.Saves

	progress *runstate.Progress
	newest   record.Step // the last step of this process
	start    time.Time   // of Run
	before   float64     // seconds of the runs that this one resumes
}

// outcome is the end of a run.
type outcome struct {
	status     Status
	advice     string // after a divergence
	incomplete error  // what could not be saved of the run's state
}

// run trains until a limit, an error or ctx ends it. The outcome is Failed if and only if there is an
// error.
func (l *loop) run(ctx context.Context) (outcome, error) {
	l.before = l.progress.Seconds
	status, err := Done, l.epochs(ctx)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		status, err = Interrupted, nil
	}
	if err == nil {
		l.progress.Seconds = l.seconds()
		err = l.saves.Finish(l.progress)
	}
	l.saves.Settle(true)
	end := outcome{status: status, incomplete: l.saves.Incomplete()}
	if err == nil {
		return end, nil
	}
	if end.advice = diverged(err, l.newest, l.plan.Settings); end.advice == "" {
		end.status = Failed
		return end, err
	}
	end.status = Diverged
	return end, nil
}

// epochs trains and evaluates the epochs that are left.
func (l *loop) epochs(ctx context.Context) error {
	for l.limit() == "" {
		if err := l.epoch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// limit names the setting that has ended the run: epochs, early-stop, max-steps or max-time;
// "" while there are epochs to train or steps to evaluate.
func (l *loop) limit() string {
	p := l.progress
	switch {
	case !p.Evaluated():
		return ""
	case p.Epoch > l.plan.Epochs:
		return "epochs"
	case p.OutOfPatience(l.plan.Settings.EarlyStop):
		return "early-stop"
	case p.Step >= l.plan.Steps:
		return "max-steps"
	case l.timeUp():
		return "max-time"
	}
	return ""
}

// timeUp reports whether max-time has passed. It is false before the first step, so that a process
// makes progress.
func (l *loop) timeUp() bool {
	most := l.plan.Settings.MaxTime
	return most > 0 && l.newest.Step > 0 && time.Since(l.start) >= most
}

// epoch trains the rest of the epoch under way, evaluates it and saves. The error is ctx's if ctx is
// done before.
func (l *loop) epoch(ctx context.Context) error {
	if err := l.steps(ctx); err != nil {
		return err
	}
	start := time.Now()
	crash.Point("evaluate", "")
	e, err := trained.Evaluate(ctx, l.predictor, l.validation, l.classes)
	if err != nil {
		return err
	}
	if math.IsNaN(e.Loss) || math.IsInf(e.Loss, 0) {
		return model.ErrLossNotFinite
	}
	p := l.progress
	return l.conclude(record.Epoch{
		Epoch:           p.Epoch,
		TrainLoss:       p.TrainLoss(),
		ValLoss:         e.Loss,
		ValAccuracy:     e.Accuracy(),
		LR:              l.plan.Rate(p.Step),
		ImagesPerSecond: p.EpochSpeed(),
		Seconds:         p.EpochSeconds + time.Since(start).Seconds(),
	}, e)
}

// conclude records an evaluated epoch. The checkpoint comes last: a run killed in between repeats the
// epoch's records when it is resumed.
func (l *loop) conclude(record record.Epoch, e *trained.Evaluation) error {
	p := l.progress
	l.observers.epoch(record, e)
	best := p.AddEpoch(record, l.plan.StepsPerEpoch)
	noticed := l.watches.evaluated(e, p.Partial)
	l.observers.notice(noticed...)
	if !p.Partial { // a run that goes on later with the epoch knows nothing of this end
		p.Noticed = append(p.Noticed, noticed...)
	}
	if l.limit() != "" {
		l.observers.notice(l.watches.end(p.Step, e)...)
	}
	return l.save(best)
}

// save begins to save the state.
func (l *loop) save(best bool) error {
	l.progress.Seconds = l.seconds()
	return l.saves.Save(l.progress, best)
}

// steps trains the remaining batches of the epoch under way, up to the run's limits. It trains at
// least one: an epoch without steps would have no loss.
func (l *loop) steps(ctx context.Context) error {
	p := l.progress
	l.batches.Start(p.Epoch, p.Batch)
	from := time.Now()
	for p.Step < l.plan.Steps && (p.Batch == 0 || !l.timeUp()) {
		err := l.step(ctx, &from)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		l.saves.Settle(false)
		// At the end of an epoch its evaluation comes first.
		within := p.Batch < l.plan.StepsPerEpoch && p.Step < l.plan.Steps
		if within && l.saves.Due(p.Step, l.plan.Settings.CheckpointEvery) {
			if err := l.save(false); err != nil {
				return err
			}
		}
	}
	return nil
}

// step trains one batch. The error is io.EOF after the epoch's last one. from is the end of the step
// before and is set to the end of this one, so that a step's time includes observers and saves.
func (l *loop) step(ctx context.Context, from *time.Time) error {
	p := l.progress
	b, err := l.batches.Next(ctx)
	if err != nil {
		return err
	}
	number := p.Step + 1
	lr := l.plan.Rate(number)
	loss, err := l.trainer.Step(uint64(number), b.Images, b.Labels, b.Rows)
	if err == nil {
		crash.Point("step", "")
		err = l.optimizer.Step(lr)
	}
	switch {
	case errors.Is(err, model.ErrLossNotFinite):
		loss = math.NaN()
	case err != nil && !errors.Is(err, model.ErrGradientNotFinite):
		return fmt.Errorf("step %d: %w", number, err)
	}
	now := time.Now()
	l.newest = record.Step{
		Epoch: p.Epoch, Step: number, Loss: loss, LR: lr, Images: b.Rows,
		Seconds: now.Sub(*from).Seconds(),
	}
	*from = now
	l.observers.step(l.newest)
	if err != nil {
		return err
	}
	noticed := l.watches.step(l.newest)
	l.observers.notice(noticed...)
	p.Noticed = append(p.Noticed, noticed...)
	p.AddStep(l.newest)
	l.saves.Outdate()
	return nil
}

// seconds is the run's wall time so far.
func (l *loop) seconds() float64 { return l.before + time.Since(l.start).Seconds() }
