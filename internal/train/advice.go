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

// diverged says in one line what became NaN or infinite at a step, and what to try; "" for other errors.
func diverged(err error, at record.Step, s *configs.Recipe) (advice string) {
	var what string
	switch {
	case errors.Is(err, model.ErrLossNotFinite):
		what = "the loss"
	case errors.Is(err, model.ErrGradientNotFinite):
		what = "the gradient"
	case errors.Is(err, runstate.ErrNotFinite):
		what = "a weight"
	default:
		return ""
	}
	return fmt.Sprintf("%s is not finite at step %d (epoch %d); try %s", what, at.Step, at.Epoch,
		either(fmt.Sprintf("a lower --lr (the rate was %.4g there)", at.LR), clipNorm(s), warmupEpochs(s)))
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

// updating are the settings, except lr, that decide whether a network begins to learn.
var updating = []string{"optimizer", "momentum", "nesterov", "weight-decay", "schedule", "warmup-epochs", "init"}

func recipeFast(s *configs.Recipe) string {
	fast, err := configs.LoadRecipe("fast")
	if err != nil || !slices.ContainsFunc(fast.Changed(s), func(c configs.Change) bool { return slices.Contains(updating, c.Key) }) {
		return ""
	}
	return "--recipe fast"
}

// either joins advice, except empty texts: a, b or c.
func either(advice ...string) string {
	return english.WordSeries(slices.DeleteFunc(advice, func(text string) bool { return text == "" }), "or")
}
