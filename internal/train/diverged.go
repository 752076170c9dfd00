package train

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english"

	"vggtrain/configs"
	"vggtrain/internal/record"
	"vggtrain/internal/runstate"
	"vggtrain/model"
)

// DivergedError ends a run in which a number became NaN or infinite.
type DivergedError struct {
	What string      // the loss, the gradient or a weight
	At   record.Step // the step in which that was noticed
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("%s is not finite at step %d (epoch %d)", e.What, e.At.Step, e.At.Epoch)
}

// advice says in one line what happened and what to try.
func (e *DivergedError) advice(s *configs.Recipe) string {
	return fmt.Sprintf("%v; try %s", e, either(fmt.Sprintf("a lower --lr (the rate was %.4g there)", e.At.LR), clipNorm(s), warmupEpochs(s)))
}

// errLoss is a validation loss that is NaN or infinite.
var errLoss = errors.New("the validation loss is not finite")

// diverged returns the errors of those who notice a divergence as a DivergedError, others as they are.
func diverged(err error, at record.Step) error {
	for _, e := range []struct {
		err  error
		what string
	}{
		{model.ErrLossNotFinite, "the loss"},
		{errLoss, "the loss"},
		{model.ErrGradientNotFinite, "the gradient"},
		{runstate.ErrNotFinite, "a weight"},
	} {
		if errors.Is(err, e.err) {
			return &DivergedError{What: e.what, At: at}
		}
	}
	return err
}

// What may help a run that goes wrong, as flags; only what it does not do yet.

// lowerLR names --lr with its value, which is not the scheduled rate.
func lowerLR(s *configs.Recipe) string { return fmt.Sprintf("a lower --lr (it is %v)", s.LR) }

func clipNorm(s *configs.Recipe) string {
	if s.Optimizer.ClipNorm > 0 {
		return ""
	}
	return "--clip-norm 1"
}

func warmupEpochs(s *configs.Recipe) string {
	switch {
	case s.WarmupEpochs == 0:
		return "--warmup-epochs 1"
	case s.WarmupEpochs < s.Epochs:
		return fmt.Sprintf("a longer --warmup-epochs (it is %d)", s.WarmupEpochs)
	}
	return ""
}

func initKaiming(s *configs.Recipe) string {
	if s.Init == "kaiming" {
		return ""
	}
	return "--init kaiming"
}

// updating are the settings that decide whether a network begins to learn at all, but for lr.
var updating = []string{"optimizer", "momentum", "nesterov", "weight-decay", "schedule", "warmup-epochs", "init"}

func recipeFast(s *configs.Recipe) string {
	fast, err := configs.LoadRecipe("fast")
	if err != nil || !slices.ContainsFunc(fast.Changed(s), func(c configs.Change) bool { return slices.Contains(updating, c.Key) }) {
		return ""
	}
	return "--recipe fast"
}

// either joins what there is of some advice: a, b or c.
func either(advice ...string) string {
	return english.WordSeries(slices.DeleteFunc(advice, func(text string) bool { return text == "" }), "or")
}
