//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"vggtrain/checkpoint"
	"vggtrain/internal/crash"
)

// What the environment tells the command "watched": the signal that it gets, at which point, there for
// the how manyth time ("9 2 rename checkpoint.bin"); and the file for a line a point that it reaches.
const (
	signalAt = "VGGTRAIN_TEST_SIGNAL"
	pointsTo = "VGGTRAIN_TEST_POINTS"
)

func init() { commands["watched"] = func() { os.Exit(watched()) } }

// watched is run, watched.
func watched() int {
	ctx, stop := untilSignal(context.Background())
	defer stop()
	ignoreWriteSignals()
	w := watcher{ctx: ctx, count: map[string]int{}}
	if at := os.Getenv(signalAt); at != "" {
		if _, err := fmt.Sscanf(at, "%d %d", &w.signal, &w.nth); err != nil {
			panic(err)
		}
		w.at = strings.SplitN(at, " ", 3)[2]
	}
	if path := os.Getenv(pointsTo); path != "" {
		log, err := os.Create(path)
		if err != nil {
			panic(err)
		}
		defer log.Close()
		w.log = log
	}
	crash.Watch(w.reached)
	return execute(ctx, newRootCommand(), os.Args[1:], os.Stdout, os.Stderr)
}

// watcher sends its own process a signal.
type watcher struct {
	ctx    context.Context // until a signal that can be caught
	signal syscall.Signal
	at     string
	nth    int
	log    *os.File // nil: none
	mu     sync.Mutex
	count  map[string]int
}

// reached holds who has reached the last point: a killed run does nothing more, and one that is to end
// knows of it before it goes on.
func (w *watcher) reached(what, path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	point := what
	if of, temp := checkpoint.TempOf(path); temp {
		path = of
	}
	if path != "" {
		point += " " + filepath.Base(path)
	}
	w.count[point]++
	if w.log != nil {
		fmt.Fprintln(w.log, point)
	}
	if point == w.at && w.count[point] == w.nth {
		if err := syscall.Kill(os.Getpid(), w.signal); err != nil {
			panic(err)
		}
		<-w.ctx.Done()
	}
}

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
	c.Env = append(os.Environ(), pointsTo+"="+log)
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

// signalled runs watched until it has ended by itself or by the signal, and returns its standard error.
func signalled(t *testing.T, s syscall.Signal, nth int, point string, args []string) (stderr string, status syscall.WaitStatus) {
	t.Helper()
	c := exec.Command("watched", args...)
	c.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %s", signalAt, s, nth, point))
	var text strings.Builder
	c.Stderr = &text
	_ = c.Run() // its status says more
	return text.String(), c.ProcessState.Sys().(syscall.WaitStatus)
}

func ran(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", c.Args[1:], err, out)
	}
}

func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestKilledRun kills a run (SIGKILL) at each point of a save that there is, the first time that it comes
// there, and at those of its steps, copies and writes that are in the middle of something. When it is
// gone on with, it has the tensors, the history, the records and the files of a run that nobody disturbed,
// bit for bit.
func TestKilledRun(t *testing.T) {
	u := newUndisturbed(t)
	type moment struct {
		point string
		nth   int
	}
	moments := []moment{
		{"step", 2}, {"step", 6}, {"step", 7}, {"step", 18}, // in an epoch, at its last, at another's first, at the run's last
		{"copy checkpoint.bin", 2}, {"copy checkpoint.bin", 9}, {"copy checkpoint.bin", 30}, // of the first saves
		{"create checkpoint.bin", 2}, {"write checkpoint.bin", 2}, {"write checkpoint.bin", 3}, {"write checkpoint.bin", 6},
		{"rename checkpoint.bin", 2}, {"rename checkpoint.bin", 4}, {"write best.bin", 2},
	}
	for _, point := range u.points {
		if m := (moment{point, 1}); !slices.Contains(moments, m) {
			moments = append(moments, m)
		}
	}
	for _, must := range []string{"create", "write", "write at", "flush", "close", "rename"} {
		for _, file := range []string{"checkpoint.bin", "best.bin"} {
			if m := (moment{must + " " + file, 1}); !slices.Contains(moments, m) {
				t.Errorf("no point %q among %q", m.point, u.points)
			}
		}
	}
	for i, m := range moments {
		t.Run(fmt.Sprintf("%s %d", m.point, m.nth), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			stderr, status := signalled(t, syscall.SIGKILL, m.nth, m.point, u.args(dir, "--threads", strconv.Itoa(1+i%2)))
			if !status.Signaled() || status.Signal() != syscall.SIGKILL {
				t.Fatalf("the point was not reached: %v\n%s", status, stderr)
			}
			u.goOn(t, dir, "--threads", strconv.Itoa(1+i/2%2))
		})
	}
}

// A run that is killed while it is gone on with is no other.
func TestKilledTwice(t *testing.T) {
	u := newUndisturbed(t)
	for _, second := range []string{"step", "create checkpoint.bin", "rename checkpoint.bin"} {
		t.Run(second, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			for _, args := range [][]string{u.args(dir), {"fit", "--resume", dir}} {
				if stderr, status := signalled(t, syscall.SIGKILL, 2, second, args); !status.Signaled() {
					t.Fatalf("the point was not reached: %v\n%s", status, stderr)
				}
			}
			u.goOn(t, dir)
		})
	}
}

// A run that ends within an epoch scores it; killed in that save, too, it can go on as if it had not ended.
func TestKilledAtACut(t *testing.T) {
	u := newUndisturbed(t)
	for _, point := range []string{"create checkpoint.bin", "rename checkpoint.bin", "link best.bin.whole", "rename best.bin.whole"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			args := u.args(dir, "--max-steps", "15", "--checkpoint-every", "epoch")
			nth := map[string]int{"create checkpoint.bin": 3, "rename checkpoint.bin": 3}[point]
			stderr, status := signalled(t, syscall.SIGKILL, max(1, nth), point, args)
			if !status.Signaled() {
				t.Fatalf("the point was not reached: %v\n%s", status, stderr)
			}
			u.goOn(t, dir, "--max-steps", "off", "--checkpoint-every", "2")
		})
	}
}

// SIGINT and SIGTERM end a run after the step, or the save, that it is in; nothing of it is lost.
func TestInterruptedRun(t *testing.T) {
	u := newUndisturbed(t)
	for _, point := range []string{"step", "copy checkpoint.bin", "write checkpoint.bin", "rename checkpoint.bin", "create best.bin"} {
		for signal, want := range map[syscall.Signal]int{syscall.SIGINT: exitInterrupted, syscall.SIGTERM: exitTerminated} {
			t.Run(fmt.Sprintf("%v %s", signal, point), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "run")
				stderr, status := signalled(t, signal, 1, point, u.args(dir))
				if status.ExitStatus() != want {
					t.Fatalf("exit status %d, want %d\n%s", status.ExitStatus(), want, stderr)
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
