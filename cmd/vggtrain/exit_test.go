package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"vggtrain/configs"
)

func TestExitStatus(t *testing.T) {
	var recipe configs.Recipe
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"nothing wrong", nil, 0},
		{"an error", errors.New("disk full"), 1},
		{"wrong usage", wrongUsage("no such flag"), 2},
		{"wrong usage, wrapped", fmt.Errorf("fit: %w", wrongUsage("no such flag")), 2},
		{"an unknown name", &configs.UnknownError{Kind: "recipe", Name: "x"}, 2},
		{"a setting by flag", recipe.Set("lr", "-1", configs.FromFlag), 2},
		{"a setting by file", recipe.Set("lr", "-1", configs.Origin{Source: "my.yaml", Line: 1, Column: 1}), 1},
		{"divergence", fmt.Errorf("%w: try a lower --lr", errDiverged), 3},
		{"SIGINT", &signalError{os.Interrupt}, 130},
		{"SIGTERM", fmt.Errorf("%w: saved", &signalError{syscall.SIGTERM}), 143},
	}
	for _, test := range tests {
		if got := exitStatus(test.err); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

// executeWith executes a command whose run function is given.
func executeWith(ctx context.Context, run func(cmd *cobra.Command) error) (status int, stdout, stderr string) {
	root := newRootCommand()
	root.AddCommand(&cobra.Command{Use: "try", RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd) }})
	var out, errors bytes.Buffer
	status = execute(ctx, root, []string{"try"}, &out, &errors)
	return status, out.String(), errors.String()
}

// Names that files have, or hold, do not reach the terminal as they are.
func TestErrorsPrint(t *testing.T) {
	_, _, stderr := executeWith(t.Context(), func(*cobra.Command) error { return errors.New("größe\x1b[2J\u202e: \"a\"\rb") })
	if want := "vggtrain: größe\\x1b[2J\\u202e: \"a\"; b\n"; stderr != want {
		t.Errorf("%q, want %q", stderr, want)
	}
}

func TestPanicIsOneLine(t *testing.T) {
	status, _, stderr := executeWith(t.Context(), func(*cobra.Command) error { panic("index 7\nout of range") })
	if want := "vggtrain: internal error, please report it: index 7; out of range\n"; status != exitFailed || stderr != want {
		t.Errorf("status %d, %q, want %q", status, stderr, want)
	}
}

func TestErrorOfManyLinesIsOneLine(t *testing.T) {
	_, _, stderr := executeWith(t.Context(), func(*cobra.Command) error {
		return errors.Join(errors.New("first"), errors.New("  second\r\n"))
	})
	if want := "vggtrain: first; second\n"; stderr != want {
		t.Errorf("%q, want %q", stderr, want)
	}
}

func TestCancelledCommandNamesTheSignal(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&signalError{syscall.SIGTERM})
	status, _, stderr := executeWith(ctx, func(cmd *cobra.Command) error {
		return fmt.Errorf("step 3: %w", cmd.Context().Err())
	})
	if status != exitTerminated || stderr != "vggtrain: terminated\n" {
		t.Errorf("status %d, %q", status, stderr)
	}
}

// full is a disk with no room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestOutputThatIsLostIsAnError(t *testing.T) {
	var stderr bytes.Buffer
	status := execute(t.Context(), newRootCommand(), []string{"help"}, full{}, &stderr)
	if want := "vggtrain: standard output: no space left on device\n"; status != exitFailed || stderr.String() != want {
		t.Errorf("status %d, %q, want %q", status, &stderr, want)
	}
}

// stubborn is a program, for the test below, that does not end when it is asked to.
func stubborn() {
	ctx, _ := untilSignal(context.Background())
	fmt.Println("started")
	<-ctx.Done()
	fmt.Println(context.Cause(ctx))
	select {}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent signals on Windows")
	}
	for _, test := range []struct {
		second os.Signal
		want   int
	}{{os.Interrupt, exitInterrupted}, {syscall.SIGTERM, exitTerminated}} {
		cmd := exec.Command("stubborn")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for _, step := range []struct {
			line string
			send os.Signal
		}{{"started", os.Interrupt}, {"interrupted", test.second}} {
			line, err := lines.ReadString('\n')
			if err != nil || strings.TrimSpace(line) != step.line {
				t.Fatalf("%q (%v), want %q", line, err, step.line)
			}
			if err := cmd.Process.Signal(step.send); err != nil {
				t.Fatal(err)
			}
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != test.want {
			t.Errorf("%v: %v, want exit status %d", test.second, err, test.want)
		}
	}
}
