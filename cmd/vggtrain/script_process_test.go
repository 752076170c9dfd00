package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptPatience is how long a script waits for anything.
const scriptPatience = time.Minute

// scriptProcess is a process that a script has begun, under the name that it gave.
type scriptProcess struct {
	cmd    *exec.Cmd
	ended  chan struct{} // closed when err is set
	err    error
	stderr string // path
}

type scriptProcessName string // key of a script's values

func findProcess(ts *testscript.TestScript, name string) *scriptProcess {
	p, ok := ts.Value(scriptProcessName(name)).(*scriptProcess)
	if !ok {
		ts.Fatalf("no process %s", name)
	}
	return p
}

func compiled(ts *testscript.TestScript, pattern string) *regexp.Regexp {
	re, err := regexp.Compile("(?m)" + pattern)
	ts.Check(err)
	return re
}

// scriptBegin runs `begin NAME ARGUMENT...`: vggtrain in the background, its output in NAME.out
// and NAME.err. What is left of it at the script's end is killed.
func scriptBegin(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: begin NAME ARGUMENT...")
	}
	env := ts.Value(scriptEnvironment{}).(*testscript.Env)
	stdout, err := os.Create(ts.MkAbs(args[0] + ".out"))
	ts.Check(err)
	defer stdout.Close()
	stderr, err := os.Create(ts.MkAbs(args[0] + ".err"))
	ts.Check(err)
	defer stderr.Close()
	p := &scriptProcess{cmd: exec.Command("vggtrain", args[1:]...), ended: make(chan struct{}), stderr: stderr.Name()}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = ts.MkAbs("."), env.Vars, stdout, stderr
	ts.Check(p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	ts.Defer(func() {
		_ = p.cmd.Process.Kill() // as a rule it has ended
		<-p.ended
	})
	env.Values[scriptProcessName(args[0])] = p
}

// scriptAwait runs `await NAME FILE [LINES | +LINES | PATTERN]`: it waits until the file is there
// and not empty, or has that many lines, so many more than now, or a match of the pattern. The
// process must not end before.
func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: await NAME FILE [LINES | +LINES | PATTERN]")
	}
	p, path := findProcess(ts, args[0]), ts.MkAbs(args[1])
	reached := func(text []byte) bool { return len(text) > 0 }
	if len(args) == 3 {
		lines, err := strconv.Atoi(args[2])
		if strings.HasPrefix(args[2], "+") {
			now, _ := os.ReadFile(path) // missing: no lines
			lines += bytes.Count(now, []byte("\n"))
		}
		if err == nil {
			reached = func(text []byte) bool { return bytes.Count(text, []byte("\n")) >= lines }
		} else {
			reached = compiled(ts, args[2]).Match
		}
	}
	for deadline := time.Now().Add(scriptPatience); ; time.Sleep(time.Millisecond) {
		if text, err := os.ReadFile(path); err == nil && reached(text) {
			return
		}
		select {
		case <-p.ended:
			ts.Fatalf("%s has ended before: %v\n%s", args[0], p.err, ts.ReadFile(p.stderr))
		default:
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s: not reached\n%s", strings.Join(args, " "), ts.ReadFile(p.stderr))
		}
	}
}

// scriptSend runs `send NAME SIGNAL...`: each at once after the one before.
func scriptSend(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "KILL": os.Kill}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: send NAME INT|TERM|KILL...")
	}
	p := findProcess(ts, args[0])
	for _, name := range args[1:] {
		if signals[name] == nil {
			ts.Fatalf("no signal %s", name)
		}
		ts.Check(p.cmd.Process.Signal(signals[name]))
	}
}

// scriptEnd runs `end NAME STATUS`: it waits for the process, whose exit status must be that one,
// or one of those, A|B; -1 if a signal has killed it. An error is checked as fails does.
func scriptEnd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: end NAME STATUS")
	}
	p := findProcess(ts, args[0])
	select {
	case <-p.ended:
	case <-time.After(scriptPatience):
		ts.Fatalf("%s does not end\n%s", args[0], ts.ReadFile(p.stderr))
	}
	stderr := ts.ReadFile(p.stderr)
	ts.Logf("[%s.err]\n%s", args[0], stderr)
	status := strconv.Itoa(p.cmd.ProcessState.ExitCode())
	if !slices.Contains(strings.Split(args[1], "|"), status) {
		ts.Fatalf("exit status %s, want %s", status, args[1])
	}
	if status != "-1" && status != "0" {
		checkFailure(ts, status, p.err, stderr)
	} else if strings.Contains(stderr, "vggtrain: ") || strings.Contains(stderr, "goroutine ") {
		ts.Fatalf("exit status %s, and an error", status)
	}
}
