//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"vggtrain/internal/runstate"
)

// undisturbed is a run of all that has a state, in a folder of its own: dropout, shuffling, momentum, a
// schedule, augmentation. Its checkpoint is of 2.3 MB: of several writes.
type undisturbed struct {
	dir, arch string
	points    []string // each that it has reached, in order
}

func newUndisturbed(t *testing.T) *undisturbed {
	t.Helper()
	u := &undisturbed{dir: filepath.Join(t.TempDir(), "run"), arch: filepath.Join(t.TempDir(), "small.yaml")}
	const small = "blocks: [[1, 8], [1, 16]]\nhidden: [256]\ndropout: 0.5\n"
	if err := os.WriteFile(u.arch, []byte(small), 0o666); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "points")
	c := exec.Command("watched", u.args(u.dir)...)
	c.Env = append(os.Environ(), watchedLog+"="+log)
	ran(t, c)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	u.points = strings.Split(strings.TrimSpace(string(text)), "\n")
	return u
}

// args are those of a run like it in another folder.
func (u *undisturbed) args(dir string, more ...string) []string {
	return append([]string{"fit", "--arch", u.arch, "--data", "sample", "--resize", "32", "--batch-size", "16",
		"--limit-train", "96", "--limit-val", "32", "--epochs", "3", "--checkpoint-every", "2", "--augment", "flip,crop",
		"--schedule", "cosine", "--momentum", "0.9", "--seed", "7", "--out", dir}, more...)
}

// goOn goes on with a run in another folder until its end, or begins it if there is nothing of it yet,
// and compares the two.
func (u *undisturbed) goOn(t *testing.T, dir string, more ...string) {
	t.Helper()
	args := append([]string{"fit", "--resume", dir}, more...)
	if _, err := os.Stat(filepath.Join(dir, "config.yaml")); errors.Is(err, os.ErrNotExist) {
		args = u.args(dir, more...)
	}
	ran(t, exec.Command("vggtrain", args...))
	if err := sameRuns(u.dir, dir); err != nil {
		t.Error(err)
	}
	if got, want := namesIn(t, dir), namesIn(t, u.dir); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
}

// signalled runs watched until it has ended, by itself or by the signal that it gets at the point, and
// returns its standard error.
func signalled(t *testing.T, signal, point string, args []string) (stderr string, status syscall.WaitStatus) {
	t.Helper()
	c := exec.Command("watched", args...)
	c.Env = append(os.Environ(), watchedAt+"="+signal+" "+point)
	var text strings.Builder
	c.Stderr = &text
	_ = c.Run() // its status says more
	return text.String(), c.ProcessState.Sys().(syscall.WaitStatus)
}

// killed is signalled with SIGKILL.
func killed(t *testing.T, point string, args []string) {
	t.Helper()
	stderr, status := signalled(t, "KILL", point, args)
	if !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("%s was not reached: %v\n%s", point, status, stderr)
	}
}

func ran(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", c.Args[1:], err, out)
	}
}

// namesIn are a run folder's files, score.json aside: of a run that is killed between its last save and
// that, it is missed.
func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "score.json" {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestKilledRun kills a run (SIGKILL) at each point of a save that there is, the first time that it comes
// there, and at those of its steps, copies and writes that are in the middle of something. When it is
// gone on with, it has the tensors, the history, the records and the files of a run that nobody disturbed,
// bit for bit.
func TestKilledRun(t *testing.T) {
	u := newUndisturbed(t)
	points := []string{
		"step:2", "step:6", "step:7", "step:18", // in an epoch, at its last, at another's first, at the run's last
		"copy checkpoint.bin:2", "copy checkpoint.bin:9", "copy checkpoint.bin:30", // of several saves
		"create checkpoint.bin:2", "write checkpoint.bin:2", "write checkpoint.bin:3", "write checkpoint.bin:6",
		"rename checkpoint.bin:2", "rename checkpoint.bin:4", "write best.bin:2",
	}
	for _, point := range u.points {
		if point += ":1"; !slices.Contains(points, point) {
			points = append(points, point)
		}
	}
	for _, what := range []string{"create", "write", "write at", "flush", "close", "rename"} {
		for _, file := range []string{"checkpoint.bin", "best.bin"} {
			if point := what + " " + file + ":1"; !slices.Contains(points, point) {
				t.Errorf("no point %q among %q", point, points)
			}
		}
	}
	for i, point := range points {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			killed(t, point, u.args(dir, "--threads", strconv.Itoa(1+i%2)))
			u.goOn(t, dir, "--threads", strconv.Itoa(1+i/2%2))
		})
	}
}

// A run that is killed while it is gone on with is no other.
func TestKilledTwice(t *testing.T) {
	u := newUndisturbed(t)
	for _, point := range []string{"step:2", "create checkpoint.bin:2", "rename checkpoint.bin:2"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			killed(t, point, u.args(dir))
			killed(t, point, []string{"fit", "--resume", dir})
			u.goOn(t, dir)
		})
	}
}

// A run that ends within an epoch scores it; killed in that save, too, it can go on as if it had not ended.
func TestKilledAtACut(t *testing.T) {
	u := newUndisturbed(t)
	for _, point := range []string{"create checkpoint.bin:3", "rename checkpoint.bin:3", "link best.bin.whole:1", "rename best.bin.whole:1"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			killed(t, point, u.args(dir, "--max-steps", "15", "--checkpoint-every", "epoch"))
			u.goOn(t, dir, "--max-steps", "off", "--checkpoint-every", "2")
		})
	}
}

// SIGINT and SIGTERM end a run after the step, or the save, that it is in; nothing of it is lost.
func TestInterruptedRun(t *testing.T) {
	u := newUndisturbed(t)
	for _, point := range []string{"step:1", "copy checkpoint.bin:1", "write checkpoint.bin:1", "rename checkpoint.bin:1", "create best.bin:1"} {
		for signal, want := range map[string]int{"INT": exitInterrupted, "TERM": exitTerminated} {
			t.Run(signal+" "+point, func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "run")
				stderr, status := signalled(t, signal, point, u.args(dir))
				if status.ExitStatus() != want {
					t.Fatalf("exit status %d, want %d\n%s", status.ExitStatus(), want, stderr)
				}
				saved, err := runstate.LoadCheckpoint(filepath.Join(dir, "checkpoint.bin"))
				if err != nil {
					t.Fatal(err)
				}
				steps, err := os.ReadFile(filepath.Join(dir, "steps.jsonl"))
				if last := strings.Count(string(steps), "\n"); err != nil || saved.Progress.Step != last {
					t.Errorf("the checkpoint is of step %d, the last line of step %d (%v)", saved.Progress.Step, last, err)
				}
				u.goOn(t, dir)
			})
		}
	}
}

// TestLongerRun gives a finished run another epoch: it is then a run that had both from the start.
func TestLongerRun(t *testing.T) {
	u := newUndisturbed(t)
	whole, dir := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "run")
	for _, args := range [][]string{
		u.args(whole, "--schedule", "constant", "--epochs", "2"),
		u.args(dir, "--schedule", "constant", "--epochs", "1", "--threads", "1"),
		{"fit", "--resume", dir, "--epochs", "2", "--threads", "2"},
	} {
		ran(t, exec.Command("vggtrain", args...))
	}
	if err := sameRuns(whole, dir); err != nil {
		t.Error(err)
	}
}
