package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"vggtrain/configs"
	"vggtrain/internal/display"
)

// Exit statuses, part of the command line's contract.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitDiverged    = 3
	exitSignal      = 128 // and the signal's number, as shells report it
	exitInterrupted = 130 // SIGINT
	exitTerminated  = 143 // SIGTERM
)

// errDiverged marks a training that met a loss that is not finite.
var errDiverged = errors.New("training diverged")

// usageError is wrong usage: the command's usage line stands before the error.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func wrongUsage(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// isUsage reports whether the command line is what was wrong: its form, an
// unknown name, or a setting's value that a flag gave.
func isUsage(err error) bool {
	if setting, ok := errors.AsType[*configs.SettingError](err); ok {
		return setting.Origin == configs.FromFlag
	}
	return errors.As(err, new(*usageError)) || errors.As(err, new(*configs.UnknownError))
}

// exitStatus is the one place that turns an error into an exit status.
func exitStatus(err error) int {
	if stopped, ok := errors.AsType[*signalError](err); ok {
		return stopped.status()
	}
	switch {
	case err == nil:
		return exitDone
	case isUsage(err):
		return exitUsage
	case errors.Is(err, errDiverged):
		return exitDiverged
	}
	return exitFailed
}

// fail writes an error of a command as the last line of standard error, after
// the usage text where usage was wrong, and returns the exit status. Errors
// that span lines are joined into one.
func fail(cmd *cobra.Command, err error) int {
	stderr := cmd.ErrOrStderr()
	if isUsage(err) {
		fmt.Fprintf(stderr, "usage: %s\n       %s --help shows flags and examples\n", cmd.UseLine(), cmd.CommandPath())
	}
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	fmt.Fprintf(stderr, "vggtrain: %s\n", display.Escape(strings.Join(lines, "; ")))
	return exitStatus(err)
}

// named replaces the bare "context canceled" of a command that a signal ended
// by that signal; errors that already name their signal stay as they are.
func named(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if errors.Is(err, context.Canceled) && errors.As(cause, new(*signalError)) && !errors.As(err, new(*signalError)) {
		return cause
	}
	return err
}
