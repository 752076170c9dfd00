package main

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptProcess is a process that a script has begun, under the name that it gave.
type scriptProcess struct {
	cmd           *exec.Cmd
	ended         chan struct{} // closed when err is set
	err           error
	stderr        string   // path
	held, release *os.File // a byte each time that it is held, and for it to go on
	points        []string // where it is held from now on
}

type scriptProcessName string // key of a script's values

func findProcess(ts *testscript.TestScript, name string) *scriptProcess {
	p, ok := ts.Value(scriptProcessName(name)).(*scriptProcess)
	if !ok {
		ts.Fatalf("no process %s", name)
	}
	return p
}

// scriptBegin runs `begin NAME POINT... -- ARGUMENT...`: vggtrain in the background, its output in NAME.out
// and NAME.err, up to the first of the points ("step:20", see internal/crash), where it stands still until
// `next`. What is left of it at the script's end is killed.
func scriptBegin(ts *testscript.TestScript, neg bool, args []string) {
	dashes := slices.Index(args, "--")
	if neg || dashes < 2 {
		ts.Fatalf("usage: begin NAME POINT... -- ARGUMENT...")
	}
	env := ts.Value(scriptEnvironment{}).(*testscript.Env)
	p := &scriptProcess{cmd: exec.Command("watched", args[dashes+1:]...), ended: make(chan struct{}), points: args[1:dashes]}
	stdout, err := os.Create(ts.MkAbs(args[0] + ".out"))
	ts.Check(err)
	defer stdout.Close()
	p.stderr = ts.MkAbs(args[0] + ".err")
	stderr, err := os.Create(p.stderr)
	ts.Check(err)
	defer stderr.Close()
	held, tell, err := os.Pipe()
	ts.Check(err)
	defer tell.Close()
	wait, release, err := os.Pipe()
	ts.Check(err)
	defer wait.Close()
	p.held, p.release = held, release
	var at strings.Builder
	for _, point := range p.points {
		at.WriteString(hold + " " + point + "\n")
	}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = ts.MkAbs("."), append(env.Vars, watchedAt+"="+at.String()), stdout, stderr
	p.cmd.ExtraFiles = []*os.File{tell, wait}
	ts.Check(p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	ts.Defer(func() {
		_ = p.cmd.Process.Kill() // as a rule it has ended
		<-p.ended
		_, _ = held.Close(), release.Close()
	})
	env.Values[scriptProcessName(args[0])] = p
	p.await(ts)
}

// await waits until the process is held at its next point, if there is one.
func (p *scriptProcess) await(ts *testscript.TestScript) {
	if len(p.points) == 0 {
		return
	}
	if _, err := p.held.Read(make([]byte, 1)); err != nil {
		<-p.ended
		ts.Fatalf("it has not come to %s: %v\n%s", p.points[0], p.err, ts.ReadFile(p.stderr))
	}
	p.points = p.points[1:]
}

// scriptNext runs `next NAME`: the process goes on, up to its next point if there is one.
func scriptNext(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: next NAME")
	}
	p := findProcess(ts, args[0])
	_, err := p.release.Write([]byte{'\n'})
	ts.Check(err)
	p.await(ts)
}

// scriptSend runs `send NAME SIGNAL...`: each at once after the one before.
func scriptSend(ts *testscript.TestScript, neg bool, args []string) {
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
	<-p.ended
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

// scriptUnread runs `unread STATUS ARGUMENT...`: vggtrain, whose standard output nobody reads any more, must
// end with that exit status. Its standard error is in unread.err.
func scriptUnread(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: unread STATUS ARGUMENT...")
	}
	reader, writer, err := os.Pipe()
	ts.Check(err)
	defer writer.Close()
	ts.Check(reader.Close())
	stderr, err := os.Create(ts.MkAbs("unread.err"))
	ts.Check(err)
	defer stderr.Close()
	c := exec.Command("vggtrain", args[1:]...)
	c.Dir, c.Env, c.Stdout, c.Stderr = ts.MkAbs("."), ts.Value(scriptEnvironment{}).(*testscript.Env).Vars, writer, stderr
	err = c.Run()
	text := ts.ReadFile(stderr.Name())
	ts.Logf("[unread.err]\n%s", text)
	if got := strconv.Itoa(c.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("exit status %s (%v), want %s", got, err, args[0])
	}
}
