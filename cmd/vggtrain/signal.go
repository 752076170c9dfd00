package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"vggtrain/internal/terminal"
)

// signalError is the signal that asked the program to end.
type signalError struct{ signal os.Signal }

func (e *signalError) Error() string {
	switch e.signal {
	case syscall.SIGTERM:
		return "terminated"
	case syscall.SIGHUP:
		return "hung up"
	case syscall.SIGQUIT:
		return "quit"
	}
	return "interrupted"
}

func (e *signalError) status() int {
	if number, ok := e.signal.(syscall.Signal); ok && number != syscall.SIGINT {
		return exitSignal + int(number)
	}
	return exitInterrupted
}

// untilSignal returns a context that the first SIGINT, SIGTERM, SIGHUP (its terminal is gone) or
// SIGQUIT cancels, its cause a *signalError: commands then end in order and save their state. A
// second signal ends the process at once. A signal that the process was started to ignore stays
// ignored, except SIGTERM: nohup ignores SIGHUP, and a shell's script SIGINT and SIGQUIT of what it
// runs in the background.
func untilSignal(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	done := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			select {
			case <-done:
				return
			case s := <-signals:
				if !first {
					terminal.Abandon(os.Stderr)
					second := &signalError{s}
					fmt.Fprintf(os.Stderr, "vggtrain: a second signal (%v): ended at once; what was saved before is whole\n", second)
					os.Exit(second.status())
				}
				cancel(&signalError{s})
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}

// tellOfSignal gives notice, at once, of the signal that ends a run, which may take the time of a
// step and a save. stop ends that; it returns when nothing more will be said.
func tellOfSignal(ctx context.Context, notice func(string)) (stop func()) {
	told := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(told)
		again := "signal"
		cause := context.Cause(ctx)
		if exitStatus(cause) == exitInterrupted {
			again = "Ctrl-C"
		}
		notice(fmt.Sprintf("%v: finishing this step and saving; a second %s ends at once without saving", cause, again))
	})
	return func() {
		if !cancel() {
			<-told
		}
	}
}
