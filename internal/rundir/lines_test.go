package rundir

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/record"
)

// A real full device.
func TestFullDevice(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/dev/full is Linux's")
	}
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no /dev/full: %v", err)
	}
	s := &Steps{lines{path: "runs/a/steps.jsonl", contested: func() error { return nil }, f: f}}
	err = s.Write(record.Step{Epoch: 1, Step: 1})
	want := "runs/a/steps.jsonl: no space left on device: free some room, its lines wait"
	if !errors.Is(err, syscall.ENOSPC) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	want = "runs/a/steps.jsonl: no space left on device: lines missing from it: 1"
	if err := s.Close(); !errors.Is(err, syscall.ENOSPC) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// badFile is a file on a disk that is full while room is not negative: then it takes that many
// bytes of what it is given, and says so or, as os.File does, not.
type badFile struct {
	appendFile
	room      int
	counts    bool
	noCutting bool // Truncate fails too
	syncErr   error
}

func (f *badFile) WriteAt(p []byte, at int64) (int, error) {
	if f.room < 0 {
		return f.appendFile.WriteAt(p, at)
	}
	n, err := f.appendFile.WriteAt(p[:min(f.room, len(p))], at)
	if err != nil {
		return n, err
	}
	if !f.counts {
		n = 0
	}
	return n, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
}

func (f *badFile) Truncate(size int64) error {
	if f.noCutting {
		return &os.PathError{Op: "truncate", Path: "x", Err: syscall.EIO}
	}
	return f.appendFile.Truncate(size)
}

func (f *badFile) Sync() error {
	if f.syncErr != nil {
		return f.syncErr
	}
	return f.appendFile.Sync()
}

// newSteps is a steps.jsonl on a disk that has room for all.
func newSteps(t *testing.T) (*Steps, *badFile) {
	t.Helper()
	s, _, err := newDir(t).Steps(0)
	if err != nil {
		t.Fatal(err)
	}
	f := &badFile{appendFile: s.f, room: -1}
	s.f = f
	t.Cleanup(func() { s.Close() })
	return s, f
}

// stepLines is what the steps from first to last are in the file.
func stepLines(first, last int) string {
	var text strings.Builder
	for step := first; step <= last; step++ {
		text.WriteString(`{"epoch":1,"step":` + strconv.Itoa(step) + `,"loss":0,"lr":0,"images":0,"seconds":0}` + "\n")
	}
	return text.String()
}

// Whatever a full disk takes of a line, the file has whole lines only, and all of them once
// there is room.
func TestFullDisk(t *testing.T) {
	for name, f := range map[string]badFile{
		"nothing":              {room: 0},
		"a part":               {room: 5},
		"a part, counted":      {room: 5, counts: true},
		"a line and a part":    {room: 80},
		"all, but it fails":    {room: 1000},
		"a part, not cut away": {room: 5, noCutting: true},
	} {
		t.Run(name, func(t *testing.T) { testFullDisk(t, f) })
	}
}

func testFullDisk(t *testing.T, bad badFile) {
	s, f := newSteps(t)
	write := func(step int, want string) {
		t.Helper()
		err := s.Write(record.Step{Epoch: 1, Step: step})
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != s.path+": "+want || !errors.Is(err, syscall.ENOSPC)) {
			t.Errorf("step %d: %v, want %s", step, err, want)
		}
	}
	holds := func(want string) {
		t.Helper()
		got := mustRead(t, s.path)
		if bad.noCutting { // the torn part stays until it is written over
			got = got[:strings.LastIndex(got, "\n")+1]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	write(1, "")
	good := f.appendFile
	bad.appendFile = good
	*f = bad
	write(2, "no space left on device: free some room, its lines wait")
	write(3, "no space left on device: free some room, its lines wait")
	holds(stepLines(1, 1))
	f.room = -1
	write(4, "")
	holds(stepLines(1, 4))
	write(5, "")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	bad.noCutting = false
	holds(stepLines(1, 5))
}

// Lines of more than a chunk are written in order, and those that are there stay if it fails
// again half way.
func TestManyWaitingLines(t *testing.T) {
	s, f := newSteps(t)
	f.room = 0
	const n = 3000 // three chunks
	for step := 1; step <= n; step++ {
		if s.Write(record.Step{Epoch: 1, Step: step}) == nil {
			t.Fatal("no error")
		}
	}
	good := f.appendFile
	f.room, f.appendFile = -1, &badAfter{good, 1}
	if err := s.Write(record.Step{Epoch: 1, Step: n + 1}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	got := mustRead(t, s.path)
	if len(got) > maxChunk || len(got) < maxChunk-200 || !strings.HasPrefix(stepLines(1, n), got) {
		t.Errorf("%d bytes are there after the first chunk", len(got))
	}
	f.appendFile = good
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if mustRead(t, s.path) != stepLines(1, n+1) {
		t.Error("lines are missing or twice there")
	}
}

// badAfter fails after so many writes.
type badAfter struct {
	appendFile
	writes int
}

func (f *badAfter) WriteAt(p []byte, at int64) (int, error) {
	if f.writes--; f.writes < 0 {
		return 0, syscall.ENOSPC
	}
	return f.appendFile.WriteAt(p, at)
}

// What waits is bounded; what has no room is counted as lost.
func TestLostLines(t *testing.T) {
	s, f := newSteps(t)
	line := []byte(stepLines(1, 1))
	n := maxPending / len(line)
	s.pending, f.room = bytes.Repeat(line, n), 0
	f.appendFile = nowhere{f.appendFile}
	want := s.path + ": no space left on device: free some room, so many wait that lines are lost"
	if err := s.Write(record.Step{Epoch: 1, Step: 1}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if len(s.pending) != n*len(line) {
		t.Errorf("%d bytes wait, want %d", len(s.pending), n*len(line))
	}
	f.room = -1
	if err := s.Write(record.Step{Epoch: 1, Step: 2}); err != nil {
		t.Error(err)
	}
	if s.size != int64(len(line)*(n+1)) || s.pending != nil {
		t.Errorf("%d bytes written, want %d; %d bytes wait", s.size, len(line)*(n+1), len(s.pending))
	}
	if err := s.Sync(); err != nil {
		t.Error(err)
	}
	want = s.path + ": lines missing from it: 1: they did not fit into memory while it could not be written"
	if err := s.Close(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// nowhere takes all and keeps nothing.
type nowhere struct{ appendFile }

func (nowhere) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (nowhere) Truncate(int64) error                   { return nil }

func TestSync(t *testing.T) {
	s, f := newSteps(t)
	if err := s.Write(record.Step{Epoch: 1, Step: 1}); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(); err != nil {
		t.Error(err)
	}

	f.room = 3
	_ = s.Write(record.Step{Epoch: 1, Step: 2})
	want := s.path + ": no space left on device: free some room, its lines wait"
	if err := s.Sync(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	f.room = -1
	if err := s.Sync(); err != nil || mustRead(t, s.path) != stepLines(1, 2) {
		t.Errorf("with room again: %v, %q", err, mustRead(t, s.path))
	}

	for _, none := range []error{syscall.EINVAL, syscall.ENOTSUP} {
		f.syncErr = &os.PathError{Op: "sync", Path: "x", Err: none}
		if err := s.Sync(); err != nil {
			t.Errorf("a file system that has no flushing: %v", err)
		}
	}

	// What the disk has once refused may be gone though it says so only once.
	f.syncErr = &os.PathError{Op: "sync", Path: "x", Err: syscall.EIO}
	want = s.path + ": input/output error: some of its lines may be missing"
	if err := s.Sync(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	f.syncErr = nil
	if err := s.Sync(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err == nil || err.Error() != want {
		t.Errorf("Close: got %v, want %s", err, want)
	}
}

// slowFile flushes until it is told to end.
type slowFile struct {
	appendFile
	begun, end chan bool
}

func (f *slowFile) Sync() error {
	f.begun <- true
	<-f.end
	return nil
}

// Who writes does not wait for a Sync.
func TestWriteDuringSync(t *testing.T) {
	s, f := newSteps(t)
	slow := &slowFile{f.appendFile, make(chan bool), make(chan bool)}
	s.f = slow
	done := make(chan error)
	go func() { done <- s.Sync() }()
	<-slow.begun
	if err := s.Write(record.Step{Epoch: 1, Step: 1}); err != nil {
		t.Error(err)
	}
	if got := mustRead(t, s.path); got != stepLines(1, 1) {
		t.Errorf("%q", got)
	}
	slow.end <- true
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// For the race detector.
func TestSyncAndWriteAtOnce(t *testing.T) {
	s, f := newSteps(t)
	f.room = 0 // so that there are always lines that wait
	const n = 200
	var all sync.WaitGroup
	all.Go(func() {
		for step := 1; step <= n; step++ {
			_ = s.Write(record.Step{Epoch: 1, Step: step})
		}
	})
	all.Go(func() {
		for range n {
			if err := s.Sync(); err != nil && !errors.Is(err, syscall.ENOSPC) {
				t.Error(err)
			}
		}
	})
	all.Wait()
	f.room = -1
	all.Go(func() {
		for step := n + 1; step <= 2*n; step++ {
			if err := s.Write(record.Step{Epoch: 1, Step: step}); err != nil {
				t.Error(err)
			}
		}
	})
	all.Go(func() {
		for range 10 {
			if err := s.Sync(); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if mustRead(t, s.path) != stepLines(1, 2*n) {
		t.Error("lines are missing or twice there")
	}
}

func TestRemovedOrReplaced(t *testing.T) {
	if !canRemoveOpenFiles {
		t.Skip("open files cannot be removed here")
	}
	for name, do := range map[string]func(path string) error{
		"removed":    os.Remove,
		"moved away": func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error {
			_ = os.Remove(path)
			return os.WriteFile(path, []byte(stepLines(1, 1)), 0o666)
		},
		"a link to it": func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.Symlink(path+".old", path))
		},
	} {
		s, _ := newSteps(t)
		if err := errors.Join(s.Write(record.Step{Epoch: 1, Step: 1}), do(s.path), s.Write(record.Step{Epoch: 1, Step: 2})); err != nil {
			t.Fatal(err)
		}
		want := s.path + ": removed or replaced while the run was on: lines are missing from it"
		if err := s.Close(); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// stuckFile fails where it is closed, as network file systems do that write late.
type stuckFile struct{ appendFile }

func (f stuckFile) Close() error {
	return errors.Join(f.appendFile.Close(), syscall.EDQUOT)
}

func TestClosed(t *testing.T) {
	s, _ := newSteps(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(record.Step{Epoch: 1, Step: 1}); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Write: %v", err)
	}
	if err := s.Sync(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Sync: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}

	s, f := newSteps(t)
	s.f = stuckFile{f.appendFile}
	if err := s.Close(); !errors.Is(err, syscall.EDQUOT) {
		t.Errorf("got %v", err)
	}
}
