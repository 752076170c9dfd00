package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// words are what the scripts' commands have said of what is wrong: the exact words of each are compared
// with testdata/words, a file a command of vggtrain, and nowhere else. With -update they are written, by
// a user who may mount, where the published data are, so that no part of a script is left out:
//
//	go test ./cmd/vggtrain -run TestScripts -update
type words struct {
	mu   sync.Mutex
	said map[string]map[string][]string // by file, and what was run
	ran  map[string]bool                // scripts
}

func newWords(t *testing.T) *words {
	w := &words{said: map[string]map[string][]string{}, ran: map[string]bool{}}
	t.Cleanup(func() { w.check(t) })
	return w
}

// fails runs `fails STATUS ARGUMENT...`: vggtrain must end with that exit status and keep the contract of
// errors: one line, the last on standard error, that begins with the program's name; usage text before it
// for wrong usage only; no Go stack trace. Its words are noted.
func (w *words) fails(ts *testscript.TestScript, neg bool, args []string) {
	scriptExits(ts, neg, args)
	w.note(ts, "vggtrain: ", args[1:], ts.ReadFile("stderr"))
}

// scriptExits runs `exits STATUS ARGUMENT...`: fails without noting the words, for what root, who writes
// them, cannot run.
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails|exits STATUS ARGUMENT...")
	}
	err := ts.Exec("vggtrain", args[1:]...)
	checkFailure(ts, args[0], err, ts.ReadFile("stderr"))
}

// words runs `words COMMAND [FILE]`: the notices in the last standard error, or in one in a file, of a
// command of vggtrain are noted.
func (w *words) words(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: words COMMAND [FILE]")
	}
	w.note(ts, "notice: ", strings.Split(args[0], "-"), ts.ReadFile(append(args, "stderr")[1]))
}

// note notes the lines of a standard error that begin so.
func (w *words) note(ts *testscript.TestScript, begin string, args []string, stderr string) {
	var lines []string
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, begin) {
			lines = append(lines, neutral(ts, strings.TrimSpace(line)))
		}
	}
	slices.Sort(lines) // which comes first may be a matter of moments
	if lines == nil {
		ts.Fatalf("no line begins with %q", begin)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	command := "vggtrain"
	if known, _, err := newRootCommand().Find(args); err == nil && known.HasParent() {
		command = strings.Join(strings.Fields(known.CommandPath())[1:], "-")
	}
	if w.said[command] == nil {
		w.said[command] = map[string][]string{}
	}
	what := neutral(ts, ts.Name()+": "+strings.Join(args, " "))
	for key, n := what, 2; ; n++ {
		if _, twice := w.said[command][key]; !twice {
			w.said[command][key] = lines
			break
		}
		key = fmt.Sprintf("%s (%d)", what, n)
	}
	w.ran[ts.Name()] = true
}

// What depends on the machine.
var machines = []struct {
	found *regexp.Regexp
	shown string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "HOST"},
	{regexp.MustCompile(`another process \(\d+\)`), "another process (PID)"},
	{regexp.MustCompile(`read-only file system|permission denied`), "NO LEAVE"},
	{regexp.MustCompile(`use one of [a-z0-9, ]+$`), "use one of KERNELS"},
	{regexp.MustCompile(`[\d.]+ [KMGTP]iB`), "SIZE"},
	{regexp.MustCompile(`[0-9a-f]{8}…`), "HASH"},
}

// neutral replaces what depends on the machine.
func neutral(ts *testscript.TestScript, line string) string {
	line = strings.ReplaceAll(line, ts.Getenv("WORK"), "$WORK")
	for _, m := range machines {
		line = m.found.ReplaceAllString(line, m.shown)
	}
	return line
}

// check compares, or writes, once all scripts have ended.
func (w *words) check(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // whose paths and errors are others
	}
	for command, said := range w.said {
		path := filepath.Join("testdata", "words", command+".txt")
		golden := readWords(t, path)
		if *update {
			maps.DeleteFunc(golden, func(what string, _ []string) bool {
				script, _, _ := strings.Cut(what, ":")
				return w.ran[script]
			})
			maps.Copy(golden, said)
			writeWords(t, path, golden)
			continue
		}
		maps.DeleteFunc(golden, func(what string, _ []string) bool { return said[what] == nil })
		if diff := cmp.Diff(golden, said); diff != "" {
			t.Errorf("%s has other words; go test ./cmd/vggtrain -run TestScripts -update writes it (-there +said):\n%s", path, diff)
		}
	}
}

// readWords reads blocks of lines: what was run, and what it said.
func readWords(t *testing.T, path string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		lines := strings.Split(block, "\n")
		all[lines[0]] = lines[1:]
	}
	delete(all, "")
	return all
}

func writeWords(t *testing.T, path string, all map[string][]string) {
	t.Helper()
	var blocks []string
	for _, what := range slices.Sorted(maps.Keys(all)) {
		blocks = append(blocks, strings.Join(append([]string{what}, all[what]...), "\n")+"\n")
	}
	if err := os.WriteFile(path, []byte(strings.Join(blocks, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}
