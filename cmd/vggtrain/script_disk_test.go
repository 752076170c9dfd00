package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// canMount tells whether scripts may mount file systems here.
func canMount() (bool, error) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		return false, nil
	}
	dir, err := os.MkdirTemp("", "vggtrain-mount-")
	if err != nil {
		return false, err
	}
	defer os.Remove(dir)
	if mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", dir) != nil {
		return false, nil
	}
	return true, unmount(dir)
}

func mount(args ...string) error { return system("mount", args...) }

// unmount takes a mount away also while files on it are open.
func unmount(dir string) error { return system("umount", "-l", dir) }

func system(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// scriptTmpfs runs `tmpfs DIR SIZE`: an empty disk of that size (8m, 500k) at DIR, until the
// script ends.
func scriptTmpfs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tmpfs DIR SIZE")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	ts.Check(mount("-t", "tmpfs", "-o", "size="+args[1], "tmpfs", dir))
	ts.Defer(func() { ts.Check(unmount(dir)) })
}

// scriptFill runs `fill FILE`: the file takes what room its disk has left, which must be less
// than 64 MB, and what others give back until nothing more has fitted for a while: a save that
// was under way does.
func scriptFill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fill FILE")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	block := make([]byte, 64<<10)
	written, last := 0, time.Now()
	for time.Since(last) < 200*time.Millisecond {
		n, err := f.Write(block)
		if n > 0 {
			written, last = written+n, time.Now()
		}
		if written > 64<<20 {
			ts.Fatalf("%s: no small disk", args[0])
		}
		if err != nil {
			time.Sleep(time.Millisecond)
		}
	}
}

// scriptReadOnly runs `readonly DIR`: from now on, as after an error of the disk, nothing can be
// made, renamed or removed in the folder, until `! readonly DIR` or the script's end. Root needs a
// mount for it: [mounts].
func scriptReadOnly(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] readonly DIR")
	}
	dir := ts.MkAbs(args[0])
	root := os.Getuid() == 0
	switch {
	case neg && root:
		ts.Check(unmount(dir))
	case neg:
		ts.Check(os.Chmod(dir, 0o755))
	case root:
		ts.Check(mountReadOnly(dir, ts.MkAbs(".readonly")))
		ts.Defer(func() { _ = unmount(dir) }) // fails if the script has done it
	default:
		ts.Check(os.Chmod(dir, 0o555))
		ts.Defer(func() { _ = os.Chmod(dir, 0o755) }) // it may be gone
	}
}

// mountReadOnly lays a read-only view of a folder over it. A mount that has files open for writing
// cannot be made read-only: so that is done aside, where nobody writes.
func mountReadOnly(dir, aside string) error {
	if err := os.MkdirAll(aside, 0o777); err != nil {
		return err
	}
	if err := mount("--bind", dir, aside); err != nil {
		return err
	}
	err := mount("-o", "remount,bind,ro", aside)
	if err == nil {
		err = mount("--bind", aside, dir)
	}
	return errors.Join(err, unmount(aside))
}

// scriptSteps runs `steps RUN [RECORD]`: the lines of the run's steps.jsonl must count from 1 with
// no gap and no duplicate, up to the steps of the final record in that file.
func scriptSteps(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: steps RUN [RECORD]")
	}
	last := 0
	for line := range strings.Lines(ts.ReadFile(filepath.Join(args[0], "steps.jsonl"))) {
		var step struct{ Step int }
		ts.Check(json.Unmarshal([]byte(line), &step))
		if last++; step.Step != last {
			ts.Fatalf("line %d is step %d", last, step.Step)
		}
	}
	if len(args) == 2 {
		var record struct{ Steps int }
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &record))
		if record.Steps != last {
			ts.Fatalf("%d steps in %s, %d lines", record.Steps, args[1], last)
		}
	}
}
