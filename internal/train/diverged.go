package train

import (
	"errors"
	"fmt"

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
