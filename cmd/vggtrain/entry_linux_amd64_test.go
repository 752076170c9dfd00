//go:build go1.26 && !go1.27 && !race

package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// Whatever the limit of address space, a command works or says in one line why not. The limits are in
// MiB; with some of them Go's runtime could begin and had no room to go on. Under the race detector, C's
// startup is the process's first.
func TestTooFewAddresses(t *testing.T) {
	for _, limit := range []uint64{256, 512, 700, 800, 1000, 1200, 1300, 1500, leastAddresses>>20 - 1} {
		out, err := limited(limit, "version")
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || out != refusal {
			t.Errorf("%d MiB: %v, %q", limit, err, out)
		}
	}
	for limit := leastAddresses >> 20; limit < 3000; limit += 150 {
		out, err := limited(limit, "bench", "--arch", "vgg11-small", "--resize", "112", "--batch-size", "32", "--steps", "1")
		var exit *exec.ExitError
		switch {
		case err == nil:
		case !errors.As(err, &exit) || exit.ExitCode() != exitFailed || strings.Count(out, "vggtrain: ") != 1 || strings.Contains(out, "goroutine "):
			t.Errorf("%d MiB: %v, %q", limit, err, out)
		}
	}
}

// limited runs vggtrain with limit MiB of address space and returns its output.
func limited(limit uint64, args ...string) (string, error) {
	script := fmt.Sprintf(`ulimit -v %d && exec vggtrain "$@"`, limit<<10)
	out, err := exec.Command("sh", append([]string{"-c", script, "sh"}, args...)...).CombinedOutput()
	return string(out), err
}
