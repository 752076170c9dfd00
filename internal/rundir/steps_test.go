package rundir

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/memory/memorytest"
	"vggtrain/internal/record"
)

func TestSteps(t *testing.T) {
	d := newDir(t)
	s, kept, err := d.Steps(0)
	if err != nil || kept != (Kept{}) {
		t.Fatal(kept, err)
	}
	records := []record.Step{
		{Epoch: 1, Step: 1, Loss: math.Log(10), LR: 0.05, Images: 128, Seconds: 0.1534567891},
		{Epoch: 1, Step: 2, Loss: math.NaN(), LR: 1e-7, Images: 96, Seconds: 12},
		{Epoch: 2, Step: 3, Loss: math.Inf(1), LR: 0, Images: 128, Seconds: 0},
	}
	want := `{"epoch":1,"step":1,"loss":2.302585092994046,"lr":0.05,"images":128,"seconds":0.153457}
{"epoch":1,"step":2,"loss":null,"lr":1e-7,"images":96,"seconds":12}
{"epoch":2,"step":3,"loss":null,"lr":0,"images":128,"seconds":0}
`
	for i, r := range records {
		if err := s.Write(r); err != nil {
			t.Fatal(err)
		}
		// The line is in the file at once.
		if got := mustRead(t, d.StepsFile()); strings.Count(got, "\n") != i+1 {
			t.Errorf("after step %d the file is %q", i+1, got)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, mustRead(t, d.StepsFile())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// Going on after step 2, and from the start.
	if s, kept, err = d.Steps(2); err != nil || kept != (Kept{2, 2}) {
		t.Fatal(kept, err)
	}
	if err := errors.Join(s.Write(records[2]), s.Close()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, mustRead(t, d.StepsFile())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s, kept, err = d.Steps(0); err != nil || kept != (Kept{}) {
		t.Fatal(kept, err)
	}
	if got := mustRead(t, d.StepsFile()); got != "" {
		t.Errorf("from the start: %q", got)
	}
	s.Close()
}

// Each case is a file, after step 5; what is kept are its first lines.
func TestStepsCuts(t *testing.T) {
	long := `{"epoch":1,"step":2,"note":"` + strings.Repeat("x", maxLine-len(`{"epoch":1,"step":2,"note":""}`)-1) + `"}` + "\n"
	one := stepLines(1, 1)
	for _, c := range []struct {
		name, file string
		lines      int // that are kept
		kept       int
	}{
		{"empty", "", 0, 0},
		{"all", stepLines(1, 5), 5, 5},
		{"past the step", stepLines(1, 8), 5, 5},
		{"too few", stepLines(1, 3), 3, 3},
		{"a gap", stepLines(1, 2) + stepLines(4, 4), 3, 4},
		{"torn", strings.TrimSuffix(stepLines(1, 3), "\n"), 2, 2},
		{"torn early", stepLines(1, 3) + "{", 3, 3},
		{"a step twice", one + one, 1, 1},
		{"a step back", stepLines(1, 3) + stepLines(2, 5), 3, 3},
		{"zeros, as after a loss of power", stepLines(1, 2) + strings.Repeat("\x00", 500) + "\n" + stepLines(3, 5), 2, 2},
		{"an empty line", one + "\n" + stepLines(2, 5), 1, 1},
		{"not an object", one + "[1]\n", 1, 1},
		{"null", one + "null\n", 1, 1},
		{"two objects", one + `{"epoch":1,"step":2}{"epoch":1,"step":3}` + "\n", 1, 1},
		{"no step", one + `{"epoch":1}` + "\n", 1, 1},
		{"no epoch", one + `{"step":2}` + "\n", 1, 1},
		{"other letters", one + `{"epoch":1,"STEP":2}` + "\n", 1, 1},
		{"epoch 0", one + `{"epoch":0,"step":2}` + "\n", 1, 1},
		{"step 0", `{"epoch":1,"step":0}` + "\n", 0, 0},
		{"step null", `{"epoch":1,"step":null}` + "\n", 0, 0},
		{"a fraction", one + `{"epoch":1,"step":2.5}` + "\n", 1, 1},
		{"a huge number", one + `{"epoch":1,"step":99999999999999999999}` + "\n", 1, 1},
		{"not UTF-8", one + `{"epoch":1,"step":2,"a":"` + "\xff" + `"}` + "\n", 1, 1},
		{"more keys", one + `{"epoch":1,"step":2,"norm":[1,{"a":2}]}` + "\r\n", 2, 2},
		{"the longest line", one + long, 2, 2},
		{"a longer one", one + " " + long, 1, 1},
		{"deep", one + strings.Repeat("[", 2000) + "\n", 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDir(t)
			mustWrite(t, d.StepsFile(), c.file)
			s, kept, err := d.Steps(5)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Join(strings.SplitAfter(c.file, "\n")[:c.lines], "")
			if got := mustRead(t, d.StepsFile()); got != want || kept != (Kept{c.kept, c.lines}) {
				t.Errorf("kept %v and %q, want %d, %d and %q", kept, got, c.kept, c.lines, want)
			}
			if err := errors.Join(s.Write(record.Step{Epoch: 1, Step: 6}), s.Close()); err != nil {
				t.Error(err)
			}
			if got := mustRead(t, d.StepsFile()); got != want+stepLines(6, 6) {
				t.Errorf("after the next step the file is %q", got)
			}
		})
	}
}

// A file that cannot be read is not known to be bad: nothing of it is cut.
func TestStepsUnreadable(t *testing.T) {
	broken := errors.New("broken")
	in := io.MultiReader(strings.NewReader(stepLines(1, 3)), iotest.ErrReader(broken))
	if size, last, err := keep(in, 5); !errors.Is(err, broken) {
		t.Errorf("got %d, %v, %v", size, last, err)
	}
}

// A terabyte of zeros without a line's end, and many lines: neither time nor memory.
func TestStepsHuge(t *testing.T) {
	d := newDir(t)
	if err := os.WriteFile(d.StepsFile(), []byte(stepLines(1, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(d.StepsFile(), 1<<40); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	var s *Steps
	used := memorytest.Allocated(math.MaxInt64, func() {
		var err error
		if s, _, err = d.Steps(5); err != nil {
			t.Fatal(err)
		}
	})
	if used > 1<<20 {
		t.Errorf("%d bytes allocated", used)
	}
	if got := mustRead(t, d.StepsFile()); got != stepLines(1, 1) {
		t.Errorf("%d bytes are left", len(got))
	}
	s.Close()
}

func TestStepsNotAFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links are for administrators")
	}
	other := filepath.Join(t.TempDir(), "other")
	mustWrite(t, other, "precious")
	for name, make := range map[string]func(path string) error{
		"link":          func(path string) error { return os.Symlink(other, path) },
		"dangling link": func(path string) error { return os.Symlink(other+".x", path) },
		"device":        func(path string) error { return os.Symlink("/dev/zero", path) },
		"folder":        func(path string) error { return os.Mkdir(path, 0o777) },
	} {
		d := newDir(t)
		if err := make(d.StepsFile()); err != nil {
			t.Fatal(err)
		}
		_, _, err := d.Steps(5)
		if want := d.StepsFile() + ": is there and is not a file: move it away"; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
		d.Close()
		if err := make(d.file(lockName)); err != nil {
			t.Fatal(err)
		}
		_, err = open(d.Path())
		if want := d.file(lockName) + ": is there and is not a file: move it away"; err == nil || err.Error() != want {
			t.Errorf("lock is a %s: %v, want %s", name, err, want)
		}
	}
	if got := mustRead(t, other); got != "precious" {
		t.Errorf("the file behind the link is %q", got)
	}
	if _, err := os.Stat(other + ".x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file behind the dangling link: %v", err)
	}
}

// A process that is killed while it writes leaves whole lines and perhaps a part of one.
func TestKilledWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	mustMkdir(t, path)
	file := At(path).StepsFile()
	last := 0
	for round := range 5 {
		c := startChild(t, "write", path)
		c.wantSays("writes")
		time.Sleep(time.Duration(round) * time.Millisecond)
		c.kill()
		d, err := openWithin(context.Background(), path, 0)
		if err != nil {
			t.Fatal(err)
		}
		s, kept, err := d.Steps(1 << 60)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(mustRead(t, file), "\n"); (Kept{n, n}) != kept || kept.Last <= last {
			t.Errorf("%d lines, kept are %v; before %d", n, kept, last)
		}
		last = kept.Last
		if err := errors.Join(s.Close(), d.Close()); err != nil {
			t.Error(err)
		}
	}
}
