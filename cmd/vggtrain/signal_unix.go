//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// ignoreWriteSignals makes two failures of a write errors that are reported like a full disk: one
// past the limit of `ulimit -f`, whose signal kills the process with a stack trace by default, and
// one to a pipe whose reader has gone, such as of `fit | head`, which is no reason to lose a run.
func ignoreWriteSignals() { signal.Ignore(syscall.SIGXFSZ, syscall.SIGPIPE) }
