//go:build unix && soak

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A run of vgg11-small that uses all that has a state: dropout, shuffling, momentum, a schedule,
// augmentation. 75 steps, of which every fifth is saved (143 MB), each epoch's last among them.
const (
	killEpochs   = 5
	killPerEpoch = 15
	killBatch    = 32
	killEvery    = 5
	killLast     = killEpochs*killPerEpoch - 4*killEvery // a checkpoint after it leaves too few steps for another kill
)

func soakedRun(dir string) []string {
	return []string{"fit", "--arch", "vgg11-small", "--data", "sample", "--resize", "32", "--batch-size", fmt.Sprint(killBatch),
		"--limit-train", fmt.Sprint(killBatch * killPerEpoch), "--limit-val", "64", "--epochs", fmt.Sprint(killEpochs),
		"--checkpoint-every", fmt.Sprint(killEvery), "--augment", "flip,crop", "--schedule", "cosine", "--momentum", "0.9",
		"--dropout", "0.5", "--shuffle=true", "--seed", "7", "--out", dir}
}

// phase is what a run was doing when it was killed.
type phase string

const (
	beforeSave phase = "before the first save"
	inStep     phase = "in a step"
	copying    phase = "while the snapshot is copied"
	writing    phase = "while it is written"
	renaming   phase = "around the rename"
)

// quota is how often a run is killed in each phase: 30 times.
var quota = map[phase]int{beforeSave: 5, inStep: 6, copying: 6, writing: 7, renaming: 6}

// TestRandomKills kills runs again and again (SIGKILL), at random moments of each phase of a save and
// between, ends the last by SIGINT and SIGTERM too, and goes on with them each time, with one thread or
// two. In the end each has the tensors, the history and the records of a run that nobody disturbed, bit
// for bit. It writes some gigabytes, and depends on the clock: TestKilledRun, which does not, is the rule.
func TestRandomKills(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k := &killer{
		t: t, dir: filepath.Join(t.TempDir(), "run"), whole: filepath.Join(t.TempDir(), "whole"),
		random: rand.New(rand.NewPCG(seed, 0)), count: map[phase]int{},
	}
	if out, err := exec.Command("vggtrain", soakedRun(k.whole)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for attempt := 0; ; attempt++ {
		next := k.missing()
		if next == "" {
			break
		}
		if attempt == 150 {
			t.Fatalf("after %d attempts: %v", attempt, k.count)
		}
		saved := k.look().checkpoint
		if next == beforeSave && saved > 0 || saved > killLast {
			k.finish()
		}
		k.kill(next)
	}
	if k.look().checkpoint > killLast {
		k.finish()
	}
	k.interrupt(syscall.SIGINT, exitInterrupted)
	k.interrupt(syscall.SIGTERM, exitTerminated)
	t.Logf("killed: %v; interrupted and terminated once each", k.count)
	k.finish()
}

// killer kills a run.
type killer struct {
	t      *testing.T
	dir    string // of the run
	whole  string // of the one that nobody disturbs
	random *rand.Rand
	count  map[phase]int
}

// missing returns a phase in which the run has not been killed often enough, "" if there is
// none. Those before the first save come first: later there is a save.
func (k *killer) missing() phase {
	if k.count[beforeSave] < quota[beforeSave] {
		return beforeSave
	}
	phases := slices.DeleteFunc(slices.Sorted(maps.Keys(quota)), func(p phase) bool { return k.count[p] >= quota[p] })
	if len(phases) == 0 {
		return ""
	}
	return phases[k.random.IntN(len(phases))]
}

// finish lets the run come to its end, and compares it with the one that nobody disturbed. The next
// is a new one.
func (k *killer) finish() {
	k.t.Helper()
	if out, err := k.command().CombinedOutput(); err != nil {
		k.t.Fatalf("the last part: %v\n%s", err, out)
	}
	if err := sameRuns(k.whole, k.dir); err != nil {
		k.t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(k.dir, "*.tmp-*")); left != nil {
		k.t.Errorf("left behind: %v", left)
	}
	if err := os.RemoveAll(k.dir); err != nil {
		k.t.Fatal(err)
	}
}

// command begins the run, or goes on with it.
func (k *killer) command() *exec.Cmd {
	args := soakedRun(k.dir)
	if _, err := os.Stat(filepath.Join(k.dir, "config.yaml")); err == nil {
		args = []string{"fit", "--resume", k.dir}
	}
	return exec.Command("vggtrain", append(args, "--threads", fmt.Sprint(1+k.random.IntN(2)))...)
}

// kill starts the run, waits for a phase, kills it and counts the phase that it was really in:
// the folder shows which.
func (k *killer) kill(want phase) {
	cmd := k.command()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	seen, reached := k.wait(want, cmd.Process.Pid)
	_ = cmd.Process.Kill()
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return // it came to its end before: too late
	case !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL:
		k.t.Fatalf("%s: the run failed by itself: %v\n%s", want, err, &stderr)
	case !reached:
		k.t.Fatalf("%s: never reached\n%s", want, &stderr)
	}
	if got := k.look().phase(seen, want); got != "" {
		k.count[got]++
	}
}

// wait waits until the run is in a phase, and some random time more that does not lead out of it
// as a rule. It returns what the folder showed when the phase was reached.
func (k *killer) wait(want phase, pid int) (now look, reached bool) {
	first := k.look().checkpoint // the run goes on there
	steps := first + 1 + k.random.IntN(2*killEvery)
	part := k.random.Float64()
	started := false
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Microsecond) {
		now = k.look()
		if want == beforeSave && now.lines >= steps%killEvery {
			time.Sleep(time.Duration(part * float64(10*time.Millisecond)))
			return now, true
		}
		if started = started || k.owns(pid, first, now); !started {
			continue
		}
		switch want {
		case inStep:
			if now.lines >= steps && now.lines%killEvery != 0 && now.temp == 0 {
				time.Sleep(time.Duration(part * float64(10*time.Millisecond)))
				return now, true
			}
		case copying:
			// The line of a step that is saved is there; the copy takes 10 ms and more.
			if now.lines > first && now.lines%killEvery == 0 && now.lines%killPerEpoch != 0 && now.temp == 0 {
				time.Sleep(time.Duration(part * float64(4*time.Millisecond)))
				return now, true
			}
		case writing:
			if now.temp > int64(part*float64(now.full)) && now.temp < now.full {
				return now, true
			}
		case renaming:
			// The file is flushed and renamed within milliseconds after its last byte is there.
			if now.full > 0 && now.temp > now.full*9/10 && k.fills(now.full) {
				now.temp = now.full
				time.Sleep(time.Duration(part * float64(2*time.Millisecond)))
				return now, true
			}
		}
	}
	return now, false
}

// fills waits until the file that is being written has all of its bytes.
func (k *killer) fills(full int64) bool {
	paths, _ := filepath.Glob(filepath.Join(k.dir, "*.bin.tmp-*"))
	if len(paths) != 1 {
		return false
	}
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); {
		info, err := os.Lstat(paths[0])
		if err != nil {
			return false
		}
		if info.Size() == full {
			return true
		}
	}
	return false
}

// owns tells whether a process has the folder, which shows now: it has the lock, and what the one
// before has left after the step that it goes on from is gone.
func (k *killer) owns(process, first int, now look) bool {
	text, _ := os.ReadFile(filepath.Join(k.dir, ".lock"))
	var owner int
	_, _ = fmt.Sscanf(strings.TrimLeft(string(text), "\x00"), "%d", &owner)
	return owner == process && now.temp == 0 && now.lines <= first
}

// look is what a run's folder shows.
type look struct {
	lines      int   // whole lines of steps.jsonl
	checkpoint int   // step of checkpoint.bin; 0: there is none
	temp, full int64 // bytes of the file that is being written, and those it will have; 0: none
}

func (k *killer) look() look {
	var l look
	if text, err := os.ReadFile(filepath.Join(k.dir, "steps.jsonl")); err == nil {
		l.lines = bytes.Count(text, []byte("\n"))
	}
	l.checkpoint = stepOf(filepath.Join(k.dir, "checkpoint.bin"))
	entries, _ := os.ReadDir(k.dir)
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, "checkpoint.bin.tmp-") || strings.HasPrefix(name, "best.bin.tmp-") {
			l.temp, l.full = progressOf(filepath.Join(k.dir, name))
		}
	}
	return l
}

// phase tells in which phase a run was killed whose folder shows l now, and showed seen just
// before; wanted is what was waited for. "" if it cannot be told.
func (l look) phase(seen look, wanted phase) phase {
	switch {
	case l.temp > 0 && l.temp < l.full:
		return writing
	case l.temp > 0, wanted == renaming && seen.temp > 0, l.checkpoint > seen.checkpoint:
		return renaming
	case wanted == renaming:
		return "" // too late
	case l.checkpoint == 0 && l.lines < killEvery:
		return beforeSave
	case wanted == copying && l.lines == seen.lines && l.lines > l.checkpoint:
		return copying
	case l.lines%killEvery != 0:
		return inStep
	}
	return ""
}

// stepOf reads the step of a checkpoint out of its header; 0 if there is no checkpoint.
func stepOf(path string) int {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	var n uint64
	if err := binary.Read(f, binary.LittleEndian, &n); err != nil || n > 1<<20 {
		return 0
	}
	var header struct {
		Metadata map[string]string `json:"__metadata__"`
	}
	if json.NewDecoder(io.LimitReader(f, int64(n))).Decode(&header) != nil {
		return 0
	}
	var progress struct{ Step int }
	if json.Unmarshal([]byte(header.Metadata["vggtrain.progress"]), &progress) != nil {
		return 0
	}
	return progress.Step
}

// progressOf returns how long a file of tensors is that is being written, and how long it will
// be; one that has only been made is one byte of two.
func progressOf(path string) (size, full int64) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, 0
	}
	var n uint64
	if binary.Read(f, binary.LittleEndian, &n) != nil {
		return 1, 2
	}
	header := map[string]struct {
		Offsets []int64 `json:"data_offsets"`
	}{}
	if json.NewDecoder(io.LimitReader(f, int64(n))).Decode(&header) != nil {
		return 1, 2
	}
	full = 8 + int64(n)
	for _, tensor := range header {
		if len(tensor.Offsets) == 2 {
			full = max(full, 8+int64(n)+tensor.Offsets[1])
		}
	}
	return info.Size(), full
}

// interrupt starts the run, sends it a signal after some steps, and looks at how it ends.
func (k *killer) interrupt(signal os.Signal, status int) {
	cmd := k.command()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	first, started, reached := k.look().checkpoint, false, false
	steps := first + 1 + k.random.IntN(2*killEvery)
	for deadline := time.Now().Add(time.Minute); !reached && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		now := k.look()
		started = started || k.owns(cmd.Process.Pid, first, now)
		reached = started && now.lines >= steps
	}
	_ = cmd.Process.Signal(signal)
	_ = cmd.Wait()
	if !reached {
		k.t.Fatalf("%v: step %d was not reached\n%s", signal, steps, &stderr)
	}
	if got := cmd.ProcessState.ExitCode(); got != status {
		k.t.Errorf("%v: exit status %d, want %d\n%s", signal, got, status, &stderr)
	}
	if l := k.look(); l.checkpoint != l.lines {
		k.t.Errorf("%v: the checkpoint is of step %d, the last line of step %d", signal, l.checkpoint, l.lines)
	}
}
