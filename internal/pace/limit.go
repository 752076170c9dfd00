package pace

import (
	"fmt"

	"vggtrain/configs"
	"vggtrain/internal/display"
)

// Limit is the setting that ends a run before its epochs are done; "" for none.
type Limit string

// The limits.
const (
	MaxSteps  Limit = "max-steps"
	EarlyStop Limit = "early-stop"
	MaxTime   Limit = "max-time"
)

// LimitOf is what has ended a run after these steps, with waited epochs since the best one.
func LimitOf(settings *configs.Recipe, stepsPerEpoch, steps, waited int) Limit {
	all := settings.Epochs * stepsPerEpoch
	switch {
	case settings.MaxSteps > 0 && settings.MaxSteps < all && steps >= settings.MaxSteps:
		return MaxSteps
	case steps >= all:
		return ""
	case settings.EarlyStop > 0 && (settings.MaxTime == 0 || waited >= settings.EarlyStop):
		return EarlyStop
	}
	return MaxTime
}

// Lift is the flag that lifts the limit as the run goes on, behind a space; "" for none, as of
// max-time, which is a process's.
func (l Limit) Lift() string {
	if l == "" || l == MaxTime {
		return ""
	}
	return fmt.Sprintf(" --%s off", l)
}

// Reason says why the limit has ended a run.
func (l Limit) Reason(settings *configs.Recipe) string {
	flag := fmt.Sprintf("--%s %s", l, settings.Text(string(l)))
	switch l {
	case EarlyStop:
		return fmt.Sprintf("no better accuracy for %s (%s)", display.Count(settings.EarlyStop, "epoch"), flag)
	case MaxSteps:
		return flag + " are done"
	}
	return flag + " is over"
}
