package report

import (
	"fmt"

	"vggtrain/configs"
	"vggtrain/internal/train"
)

// stand is how far a run is that ends, or will end, before the last of its epochs is whole.
type stand struct {
	settings *configs.Recipe
	cut      bool // max-steps ends it
	planned  bool // else it goes through all its epochs
	waited   int  // epochs since the best one
}

// limit is the setting that ends the run; "" for none.
func (s stand) limit() string {
	limits := s.settings
	switch {
	case s.cut:
		return "max-steps"
	case s.planned:
		return ""
	case limits.EarlyStop > 0 && (limits.MaxTime == 0 || s.waited >= limits.EarlyStop):
		return "early-stop"
	}
	return "max-time"
}

// without is the flag that lifts a limit as the run goes on; max-time is of a process.
func without(limit string) string {
	if limit == "" || limit == "max-time" {
		return ""
	}
	return " --" + limit + " off"
}

// reason says why a limit has ended a run.
func reason(limit string, settings *configs.Recipe) string {
	flag := fmt.Sprintf("--%s %s", limit, settings.Text(limit))
	switch limit {
	case "early-stop":
		return fmt.Sprintf("no better accuracy for %s (%s)", count(settings.EarlyStop, "epoch"), flag)
	case "max-steps":
		return flag + " are done"
	}
	return flag + " is over"
}

// standOf is where a run has ended whose epochs have so many steps.
func standOf(r train.Result, settings *configs.Recipe, stepsPerEpoch int) stand {
	all := settings.Epochs * stepsPerEpoch
	return stand{
		settings: settings, planned: r.Steps >= all, waited: r.Epochs - r.BestEpoch,
		cut: settings.MaxSteps > 0 && settings.MaxSteps < all && r.Steps >= settings.MaxSteps,
	}
}
