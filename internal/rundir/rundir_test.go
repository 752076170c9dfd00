package rundir

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCreate(t *testing.T) {
	root := t.TempDir()
	d, err := Create(filepath.Join(root, "a", "b") + "/")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(root, "a", "b"); d.Path() != want || d.Checkpoint() != filepath.Join(want, "checkpoint.bin") ||
		d.Best() != filepath.Join(want, "best.bin") {
		t.Errorf("paths: %s, %s, %s", d.Path(), d.Checkpoint(), d.Best())
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	wantTree(t, root, "a/", "a/b/")
	if d, err = Create(d.Path()); err != nil {
		t.Fatalf("a folder that is empty: %v", err)
	}
	defer d.Close()
	if err := d.WriteConfig([]byte("lr: 1\n")); err != nil {
		t.Fatal(err)
	}
	wantTree(t, root, "a/", "a/b/", "a/b/.lock", "a/b/config.yaml")
	_, err = Create(d.Path())
	var exists *ExistsError
	if want := d.Path() + ": the folder exists and is not empty: choose another --out, or move it away"; !errors.As(err, &exists) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = Create(d.Config())
	if err == nil || err.Error() != d.Config()+": exists and is not a folder: choose another --out" {
		t.Errorf("a file: %v", err)
	}
	if _, err = Create(filepath.Join(d.Config(), "c")); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("below a file: %v", err)
	}
}

func TestDiscard(t *testing.T) {
	root := t.TempDir()
	d, err := Create(filepath.Join(root, "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	d.Discard()
	wantTree(t, root)

	d, err = Create(filepath.Join(root, "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.WriteConfig([]byte("x")); err != nil {
		t.Fatal(err)
	}
	d.Discard()
	wantTree(t, root, "a/", "a/b/", "a/b/config.yaml")

	// An empty folder that was there before is not ours to remove.
	own := filepath.Join(root, "own")
	if err := os.Mkdir(own, 0o777); err != nil {
		t.Fatal(err)
	}
	if d, err = Create(own); err != nil {
		t.Fatal(err)
	}
	d.Discard()
	wantTree(t, root, "a/", "a/b/", "a/b/config.yaml", "own/")
}

func TestCreateDefault(t *testing.T) {
	root := filepath.Join(t.TempDir(), "runs")
	now := time.Date(2025, 3, 4, 5, 6, 7, 8, time.UTC)
	var got []string
	for _, arch := range []string{"vgg11-small", "vgg11-small", "vgg11-small", "../my net", ""} {
		d, err := CreateDefault(root, arch, now)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.Base(d.Path()))
		if filepath.Dir(d.Path()) != root {
			t.Errorf("%s is not in %s", d.Path(), root)
		}
	}
	want := []string{"vgg11-small-20250304-050607", "vgg11-small-20250304-050607-2", "vgg11-small-20250304-050607-3",
		"___my_net-20250304-050607", "run-20250304-050607"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d, err := CreateDefault(filepath.Join(root, "x", "y"), "a", now)
	if err != nil {
		t.Fatal(err)
	}
	d.Discard()
	if _, err := os.Stat(filepath.Join(root, "x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folders above stay: %v", err)
	}
}

func TestSteps(t *testing.T) {
	d := newDir(t)
	s, _, err := d.Steps(0)
	if err != nil {
		t.Fatal(err)
	}
	records := []Step{
		{1, 1, math.Log(10), 0.05, 128, 0.1534567891},
		{1, 2, math.NaN(), 1e-7, 96, 12},
		{2, 3, math.Inf(1), 0, 128, 0},
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
}

func TestMetrics(t *testing.T) {
	d := newDir(t)
	m, err := d.Metrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []Epoch{{1, 0.5, 0.25, 0.9175, 0.05, 1234.5, 60.125}, {2, 0.1, math.Inf(1), 0.1, 0.01, 1, 1}} {
		if err := m.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	want := `epoch,train_loss,val_loss,val_accuracy,lr,images_per_second,seconds
1,0.5,0.25,0.9175,0.05,1234.5,60.125
2,0.1,+Inf,0.1,0.01,1,1
`
	if diff := cmp.Diff(want, mustRead(t, d.MetricsFile())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A real full device.
func TestFullDevice(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/dev/full is Linux's")
	}
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no /dev/full: %v", err)
	}
	s := &Steps{lines{path: "runs/a/steps.jsonl", f: f}}
	err = s.Write(Step{Epoch: 1, Step: 1})
	want := "runs/a/steps.jsonl: no space left on device: free some room (lines that wait for it: 1)"
	if !errors.Is(err, syscall.ENOSPC) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	want = "runs/a/steps.jsonl: no space left on device: lines missing from it: 1"
	if err := s.Close(); !errors.Is(err, syscall.ENOSPC) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// shortFile takes only the beginning of the second line, and says so or, as os.File does, not.
type shortFile struct {
	*os.File
	counts bool
	writes int
}

func (f *shortFile) WriteAt(p []byte, at int64) (int, error) {
	if f.writes++; f.writes == 2 {
		n, err := f.File.WriteAt(p[:5], at)
		if err != nil {
			return n, err
		}
		if !f.counts {
			n = 0
		}
		return n, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	return f.File.WriteAt(p, at)
}

func TestNoTornLine(t *testing.T) {
	for name, counts := range map[string]bool{"counted": true, "not counted": false} {
		t.Run(name, func(t *testing.T) { testNoTornLine(t, counts) })
	}
}

func testNoTornLine(t *testing.T, counts bool) {
	d := newDir(t)
	s, _, err := d.Steps(0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.f = &shortFile{File: s.f.(*os.File), counts: counts}
	for step := 1; step <= 3; step++ {
		err := s.Write(Step{Epoch: 1, Step: step})
		if (err != nil) != (step == 2) {
			t.Errorf("step %d: %v", step, err)
		}
		if got := mustRead(t, d.StepsFile()); got != "" && !strings.HasSuffix(got, "}\n") {
			t.Errorf("step %d leaves a torn line: %q", step, got)
		}
		if step == 2 && err.Error() != d.StepsFile()+": no space left on device: free some room (lines that wait for it: 1)" {
			t.Errorf("error: %v", err)
		}
	}
	want := `{"epoch":1,"step":1,"loss":0,"lr":0,"images":0,"seconds":0}
{"epoch":1,"step":2,"loss":0,"lr":0,"images":0,"seconds":0}
{"epoch":1,"step":3,"loss":0,"lr":0,"images":0,"seconds":0}
`
	if diff := cmp.Diff(want, mustRead(t, d.StepsFile())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func newDir(t *testing.T) *Dir {
	t.Helper()
	d, err := Create(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// wantTree checks all that is below a folder.
func wantTree(t *testing.T, root string, want ...string) {
	t.Helper()
	var got []string
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if path == root || err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if e.IsDir() {
			name += "/"
		}
		got = append(got, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
