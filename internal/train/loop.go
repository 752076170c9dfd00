package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/op"
	"vggtrain/internal/solver"
)

// Trainer computes the gradients of one batch: *model.Trainer.
type Trainer interface {
	// Step runs forward and backward over N×S×S×1 images, of which rows count, and
	// returns their mean loss. op.ErrNotFinite if that is NaN or infinite.
	Step(step uint64, images []float32, labels []int32, rows int) (loss float64, err error)
	// Grads are the parameters with the gradients of the last step.
	Grads() []gorgonia.ValueGrad
}

// Optimizer is a solver whose learning rate can be set.
type Optimizer interface {
	gorgonia.Solver
	SetLR(float64)
}

// Store keeps a run's weights.
type Store interface {
	Checkpoint(*Progress) error // the whole state; errWeights if a weight is not finite
	Best(*Progress) error       // the weights of the best epoch; likewise
}

// errWeights is the error of a Store that is asked to keep weights that are NaN or infinite.
var errWeights = errors.New("a weight is not finite")

// loop is a run: what it is made of, and where it stands.
type loop struct {
	plan       Plan
	classes    int
	trainer    Trainer
	predictor  Predictor
	optimizer  Optimizer
	schedule   solver.Schedule
	batches    Batches // of the training set
	validation Batches
	store      Store
	observers  observers
	plateau    plateau

	progress *Progress
	newest   StepRecord // the last step
	saved    bool       // nothing has happened since the last checkpoint
	start    time.Time  // of Run
	before   float64    // seconds of the runs that this one resumes
}

// run trains until the plan is fulfilled or something ends it before. The status is
// Failed if and only if there is an error.
func (l *loop) run(ctx context.Context) (Status, string, error) {
	l.start, l.before = time.Now(), l.progress.Seconds
	for l.progress.Epoch <= l.plan.Epochs && l.progress.Step < l.plan.Steps {
		err := l.epoch(ctx)
		switch {
		case err == nil:
		case errors.Is(err, op.ErrNotFinite), errors.Is(err, errLoss):
			return Diverged, divergence("the loss", l.newest), nil
		case errors.Is(err, solver.ErrNotFinite):
			return Diverged, divergence("the gradient", l.newest), nil
		case errors.Is(err, errWeights):
			return Diverged, divergence("a weight", l.newest), nil
		case ctx.Err() != nil && errors.Is(err, ctx.Err()):
			return l.interrupt()
		default:
			return Failed, "", err
		}
	}
	return Done, "", nil
}

// interrupt saves what a cancelled run has reached.
func (l *loop) interrupt() (Status, string, error) {
	switch err := l.checkpoint(); {
	case errors.Is(err, errWeights):
		return Diverged, divergence("a weight", l.newest), nil
	case err != nil:
		return Failed, "", err
	}
	return Interrupted, "", nil
}

// epoch trains what is left of the epoch under way, evaluates it and saves. Its error is
// ctx's if ctx is done before it ends.
func (l *loop) epoch(ctx context.Context) error {
	if err := l.steps(ctx); err != nil {
		return err
	}
	start := time.Now()
	e, err := Evaluate(ctx, l.predictor, l.validation, l.classes)
	if err != nil {
		return err
	}
	if math.IsNaN(e.Loss) || math.IsInf(e.Loss, 0) {
		return errLoss
	}
	p := l.progress
	record := EpochRecord{
		Epoch:           p.Epoch,
		TrainLoss:       p.trainLoss(),
		ValLoss:         e.Loss,
		ValAccuracy:     e.Accuracy(),
		LR:              l.schedule.At(p.Step),
		ImagesPerSecond: rate(p.Images, p.EpochSeconds),
		Seconds:         p.EpochSeconds + time.Since(start).Seconds(),
	}
	return l.conclude(record)
}

// errLoss is a validation loss that is NaN or infinite.
var errLoss = errors.New("the validation loss is not finite")

// conclude writes an evaluated epoch down. The order matters to a run that is killed in
// between and resumed: it repeats what the checkpoint does not know, so the checkpoint
// comes last.
func (l *loop) conclude(record EpochRecord) error {
	p := l.progress
	if err := l.observers.epoch(record); err != nil {
		return err
	}
	l.saved = false
	p.History = append(p.History, record)
	best := p.improve(record)
	ended := p.Step >= l.plan.Steps || p.Epoch >= l.plan.Epochs
	if ended {
		if text := l.plateau.end(); text != "" {
			l.observers.notice(text)
		}
	}
	if best {
		if err := l.store.Best(p); err != nil {
			return err
		}
	}
	if p.Batch == l.plan.StepsPerEpoch {
		p.next()
	}
	return l.checkpoint()
}

// steps trains the batches of the epoch under way that are left, up to the plan's last step.
func (l *loop) steps(ctx context.Context) error {
	p := l.progress
	l.batches.Start(p.Epoch, p.Batch)
	from := time.Now()
	for p.Step < l.plan.Steps {
		err := l.step(ctx, &from)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// step trains one batch: io.EOF if there is none. from is when the step before ended, and
// becomes when this one has: what observers take is part of the training's time, though
// not of a step's.
func (l *loop) step(ctx context.Context, from *time.Time) error {
	p := l.progress
	start := time.Now()
	b, err := l.batches.Next(ctx)
	if err != nil {
		return err
	}
	number := p.Step + 1
	lr := l.schedule.At(number)
	loss, err := l.trainer.Step(uint64(number), b.Images, b.Labels, b.Rows)
	if err == nil {
		l.optimizer.SetLR(lr)
		err = l.optimizer.Step(l.trainer.Grads())
	}
	if errors.Is(err, op.ErrNotFinite) {
		loss = math.NaN()
	} else if err != nil && !errors.Is(err, solver.ErrNotFinite) {
		return fmt.Errorf("step %d: %w", number, err)
	}
	l.newest = StepRecord{
		Epoch: p.Epoch, Step: number, Loss: loss, LR: lr, Images: b.Rows,
		Seconds: time.Since(start).Seconds(),
	}
	if observed := l.observers.step(l.newest); observed != nil {
		return observed
	}
	if err != nil {
		return err
	}
	if text := l.plateau.add(number, loss); text != "" {
		l.observers.notice(text)
	}
	now := time.Now()
	p.Step, l.saved = number, false
	p.trained(loss, b.Rows, now.Sub(*from).Seconds())
	*from = now
	return nil
}

// checkpoint saves the state unless the newest checkpoint has it already.
func (l *loop) checkpoint() error {
	if l.saved {
		return nil
	}
	l.progress.Seconds = l.seconds()
	if err := l.store.Checkpoint(l.progress); err != nil {
		return err
	}
	l.saved = true
	return nil
}

// seconds is the run's wall time so far.
func (l *loop) seconds() float64 { return l.before + time.Since(l.start).Seconds() }
