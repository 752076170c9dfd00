// Command vggtrain trains VGG networks on Fashion-MNIST on a CPU.
//
// main.go starts it, exit.go says how it ends, root.go joins the commands, and
// each command has a file of its own: an options struct, a constructor that
// turns flags into it, and a run function that knows nothing of Cobra.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"vggtrain/internal/memory"
)

func main() { os.Exit(run()) }

// run runs the command line of this process until it ends or a signal ends it,
// and returns the exit status.
func run() int {
	ctx, stop := untilSignal(context.Background())
	defer stop()
	ignoreWriteSignals()
	root := newRootCommand()
	if err := checkMemory(); err != nil {
		return fail(root, err)
	}
	memory.Restrain()
	return execute(ctx, root, os.Args[1:], os.Stdout, os.Stderr)
}

// execute runs one command line under root and returns its exit status. A panic below it
// becomes one line like any other error: users never see a Go stack trace.
func execute(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) (status int) {
	defer func() {
		if cause := recover(); cause != nil {
			status = fail(root, fmt.Errorf("internal error, please report it: %v", cause))
		}
	}()
	out := &stickyWriter{to: stdout}
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if out.err != nil && (err == nil || exitStatus(err) == exitFailed && errors.Is(err, out.err)) {
		if errors.Is(out.err, syscall.EPIPE) && onlyPrints(cmd) {
			return exitDone
		}
		err = out.err
	}
	if err == nil {
		return exitDone
	}
	return fail(cmd, advised(named(ctx, err)))
}

// keepsFiles is the annotation of commands that write files whatever their flags are.
const keepsFiles = "keeps files"

// onlyPrints reports whether a command has nothing to do but to print: then a reader who has seen
// enough, as in summary | head, is no reason for an error.
func onlyPrints(cmd *cobra.Command) bool {
	_, keeps := cmd.Annotations[keepsFiles]
	return !keeps && !cmd.Flags().Changed("out")
}

// stickyWriter remembers the first error of a writer, so that output that was
// cut short (a full disk, a closed pipe) is noticed once, at the end.
type stickyWriter struct {
	to  io.Writer
	err error
}

func (w *stickyWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.to.Write(p)
	if err != nil {
		w.err = fmt.Errorf("standard output: %w", err)
	}
	return n, w.err
}
