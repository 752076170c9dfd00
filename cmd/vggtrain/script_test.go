package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"vggtrain": main, "stubborn": stubborn, "watched": func() { os.Exit(watched()) },
	})
}

// TestScripts runs testdata/script: each reads like a user at a terminal, with
// the commands of this file added to testscript's own.
func TestScripts(t *testing.T) {
	w := newWords(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUpScript,
		Condition:           scriptCondition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fails":       w.fails,
			"exits":       scriptExits,
			"words":       w.words,
			"signal":      scriptSignal,
			"json":        scriptJSON,
			"lines":       scriptLines,
			"difference":  scriptDifference,
			"idx":         scriptIDX,
			"classes":     scriptClasses,
			"mirror":      scriptMirror,
			"photo":       scriptPhoto,
			"predictions": scriptPredictions,
			"truncate":    scriptTruncate,
			"poke":        scriptPoke,
			"smalldisk":   scriptSmallDisk,
			"sameruns":    scriptSameRuns,
			"begin":       scriptBegin,
			"unread":      scriptUnread,
			"next":        scriptNext,
			"send":        scriptSend,
			"end":         scriptEnd,
			"tmpfs":       scriptTmpfs,
			"fill":        scriptFill,
			"readonly":    scriptReadOnly,
			"steps":       scriptSteps,
			"png":         scriptPNG,
		},
	})
}

type scriptEnvironment struct{}

// publishedFolder is where Debian's package puts Fashion-MNIST.
const publishedFolder = "/usr/share/datasets/fashion-mnist"

// setUpScript keeps scripts away from the network, from the user's caches and
// from the data of this machine: they see what they bring.
func setUpScript(env *testscript.Env) error {
	env.Setenv("VGGTRAIN_DATA", "")
	env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
	env.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	env.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	env.Values[scriptEnvironment{}] = env
	return nil
}

// scriptCondition tells scripts what this machine is: [root] if permissions do
// not bind the user, [mounts] if the user may mount file systems, [published] if
// Debian's package of Fashion-MNIST is there.
func scriptCondition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Getuid() == 0, nil
	case "mounts":
		return canMount()
	case "published":
		_, err := os.Stat(filepath.Join(publishedFolder, "train-images-idx3-ubyte.gz"))
		return err == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

func checkFailure(ts *testscript.TestScript, want string, err error, stderr string) {
	status := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	}
	if strconv.Itoa(status) != want {
		ts.Fatalf("exit status %d (%v), want %s", status, err, want)
	}
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "vggtrain: ") || len(last) < len("vggtrain: ")+8 {
		ts.Fatalf("the last line of standard error is no error: %q", last)
	}
	if strings.Count(stderr, "vggtrain: ") != 1 {
		ts.Fatalf("more than one error line")
	}
	if usage := strings.Contains(stderr, "usage: "); usage != (status == exitUsage) {
		ts.Fatalf("usage text shown: %t, exit status %d", usage, status)
	}
	if strings.Contains(stderr, "goroutine ") || strings.Contains(stderr, ".go:") {
		ts.Fatalf("a Go stack trace or source position")
	}
}

// scriptSignal runs `signal INT|TERM|KILL STATUS POINT ARGUMENT...`: vggtrain, which gets the signal as it
// reaches the point for the nth time ("rename checkpoint.bin:2", see internal/crash) and must end with that
// exit status, as fails has it; -1: it is killed.
func scriptSignal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || signals[args[0]] == nil {
		ts.Fatalf("usage: signal INT|TERM|KILL STATUS POINT ARGUMENT...")
	}
	ts.Setenv(watchedAt, args[0]+" "+args[2])
	err := ts.Exec("watched", args[3:]...)
	ts.Setenv(watchedAt, "")
	var exit *exec.ExitError
	if args[1] == "-1" && errors.As(err, &exit) && exit.ExitCode() == -1 {
		return
	}
	checkFailure(ts, args[1], err, ts.ReadFile("stderr"))
}

// scriptJSON runs `json FILE [KEY | KEY=VALUE]...`: the file must be one JSON
// object and nothing else, with exactly these keys, and these values where
// they are given.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: json FILE [KEY | KEY=VALUE]...")
	}
	var document map[string]json.RawMessage
	text := ts.ReadFile(args[0])
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		ts.Fatalf("not one JSON object: %v\n%s", err, text)
	}
	for _, arg := range args[1:] {
		key, want, exact := strings.Cut(arg, "=")
		raw, present := document[key]
		if !present {
			ts.Fatalf("no key %q in %s", key, text)
		}
		if got := strings.Trim(string(raw), `"`); exact && got != want {
			ts.Fatalf("%s is %s, want %s", key, got, want)
		}
		delete(document, key)
	}
	for key := range document {
		ts.Fatalf("unexpected key %q", key)
	}
}

// scriptLines runs `lines FILE COUNT`.
func scriptLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines FILE COUNT")
	}
	if got := strconv.Itoa(strings.Count(ts.ReadFile(args[0]), "\n")); got != args[1] {
		ts.Fatalf("%s has %s lines, want %s", args[0], got, args[1])
	}
}

// scriptTruncate runs `truncate FILE SIZE`; a negative size counts from the end.
func scriptTruncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncate FILE SIZE")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	if size < 0 {
		info, err := os.Stat(ts.MkAbs(args[0]))
		ts.Check(err)
		size += info.Size()
	}
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}

// scriptPoke runs `poke FILE OFFSET BYTE...`: it overwrites bytes; a negative
// offset counts from the end.
func scriptPoke(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: poke FILE OFFSET BYTE...")
	}
	data := []byte(ts.ReadFile(args[0]))
	offset, err := strconv.Atoi(args[1])
	ts.Check(err)
	if offset < 0 {
		offset += len(data)
	}
	for i, arg := range args[2:] {
		value, err := strconv.ParseUint(arg, 0, 8)
		ts.Check(err)
		data[offset+i] = byte(value)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

// scriptSmallDisk runs `smalldisk KILOBYTES ARGUMENT...`: vggtrain where no file
// can grow beyond that many kilobytes, as on a full disk.
func scriptSmallDisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: smalldisk KILOBYTES ARGUMENT...")
	}
	kilobytes, err := strconv.Atoi(args[0])
	ts.Check(err)
	// POSIX counts blocks of 512 bytes, bash those of 1,024: sh decides which.
	limit := fmt.Sprintf(`ulimit -f %d; exec vggtrain "$@"`, kilobytes)
	err = ts.Exec("sh", slices.Concat([]string{"-c", limit, "sh"}, args[1:])...)
	checkFailure(ts, strconv.Itoa(exitFailed), err, ts.ReadFile("stderr"))
}
