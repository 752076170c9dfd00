package rundir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"vggtrain/internal/record"
)

func TestOpenWhileAnotherProcessHasIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	mustMkdir(t, path)
	c := startChild(t, "hold", path)
	c.wantSays("holds")

	d, err := openWithin(context.Background(), path, 0)
	want := fmt.Sprintf("%s: another process (%d) is working on this run: wait for it, or stop it", path, c.cmd.Process.Pid)
	var inUse *InUseError
	if !errors.As(err, &inUse) || err.Error() != want || inUse.PID != c.cmd.Process.Pid {
		t.Fatalf("%v, %v, want %s", d, err, want)
	}
	if _, err := Create(path); !errors.As(err, &inUse) {
		t.Errorf("Create: %v", err)
	}
	wantTree(t, path, ".lock")

	c.in.Close()
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("orderly end: %v", err)
	}
	wantTree(t, path)
	if d, err = openWithin(context.Background(), path, 0); err != nil {
		t.Fatal(err)
	}
	d.Close()
}

// A killed owner holds nothing, and needs not be waited for by who opens the folder next.
func TestKilledOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	mustMkdir(t, path)
	c := startChild(t, "hold", path)
	c.wantSays("holds")
	c.kill()
	wantTree(t, path, ".lock")
	d, err := openWithin(context.Background(), path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	wantTree(t, path)

	// Open waits a little for one that is about to die.
	c = startChild(t, "hold", path)
	c.wantSays("holds")
	time.AfterFunc(100*time.Millisecond, func() { c.cmd.Process.Kill() })
	if d, err = openWithin(context.Background(), path, time.Hour); err != nil {
		t.Fatal(err)
	}
	d.Close()
}

// A process that the owner started and that outlives it does not hold the lock.
func TestChildOfKilledOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	mustMkdir(t, path)
	c := startChild(t, "parent", path)
	c.wantSays("lingers")
	if _, err := openWithin(context.Background(), path, 0); err == nil {
		t.Fatal("the owner does not hold the lock")
	}
	c.cmd.Process.Kill()
	c.cmd.Process.Wait()
	d, err := openWithin(context.Background(), path, 0)
	if err != nil {
		t.Fatalf("a child of the owner still holds the lock: %v", err)
	}
	defer d.Close()
	c.in.Close()
	c.wantSays("goes") // so it was alive until here
}

func TestTwoCreators(t *testing.T) {
	const rounds, processes = 5, 4
	for range rounds {
		path := filepath.Join(t.TempDir(), "a", "run")
		var all []*child
		for range processes {
			c := startChild(t, "create", path)
			c.wantSays("ready")
			all = append(all, c)
		}
		for _, c := range all {
			c.in.Write([]byte{'\n'})
		}
		var said []string
		for _, c := range all {
			said = append(said, c.says())
		}
		if text := strings.Join(said, ", "); strings.Count(text, "has it") != 1 || strings.Count(text, "refused") != processes-1 {
			t.Errorf("the processes say: %s", text)
		}
		for _, c := range all {
			c.in.Close()
			if err := c.cmd.Wait(); err != nil {
				t.Error(err)
			}
		}
		// It is there if a process made it that was not the one to have it.
		if entries, err := os.ReadDir(path); len(entries) > 0 {
			t.Errorf("%v is left, %v", entries, err)
		}
	}
}

// Who sees an empty folder, and gets its lock when another process has had it already and has
// begun a run, is refused.
func TestCreateAfterAnotherRun(t *testing.T) {
	root := t.TempDir()
	for round := range 100 {
		path := filepath.Join(root, strconv.Itoa(round))
		var held atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				d, err := Create(path)
				var inUse *InUseError
				var exists *ExistsError
				if errors.As(err, &inUse) || errors.As(err, &exists) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				held.Add(1)
				if err := errors.Join(os.WriteFile(d.Config(), nil, 0o666), d.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := held.Load(); n != 1 {
			t.Fatalf("%d had the folder", n)
		}
	}
}

// However many take and release the lock, and remove its file each time, one has it at a time.
func TestOneHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	mustMkdir(t, path)
	var all []*child
	for range 4 {
		all = append(all, startChild(t, "churn", path))
	}
	for _, c := range all {
		c.wantSays("churned")
		if err := c.cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	wantTree(t, path)
}

// contend has eight goroutines take the same folder and leave it so many times each: who does not
// get it gets an *InUseError, and nobody else has it meanwhile.
func contend(t *testing.T, times int, take func() (*Dir, error), leave func(*Dir) error) {
	t.Helper()
	var holders, held atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range times {
				d, err := take()
				var inUse *InUseError
				if errors.As(err, &inUse) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				held.Add(1)
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d have the folder", n)
				}
				holders.Add(-1)
				if err := leave(d); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if held.Load() == 0 {
		t.Error("nobody ever had the folder")
	}
}

// The same within a process, where it happens more often.
func TestOneHolderAmongGoroutines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	mustMkdir(t, path)
	contend(t, 300, func() (*Dir, error) { return openWithin(context.Background(), path, 0) }, (*Dir).Close)
	wantTree(t, path)
}

// Of many that create the same folder, and the one above it, and take both away again, one has it
// at a time, and each gets either the folder or one of the two errors.
func TestManyCreators(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs", "run")
	contend(t, 100, func() (*Dir, error) { return Create(path) }, func(d *Dir) error {
		d.Discard()
		return nil
	})
}

func TestInUseWords(t *testing.T) {
	own, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	const end = " is working on this run: wait for it, or stop it"
	for _, c := range []struct{ file, want string }{
		{"\x0017 " + own + "\nrest of a longer one\n", "another process (17)"},
		{"\x0017 \n", "another process (17)"},
		{"\x0017 node7.example\n", "another process (17 on node7.example)"},
		{"\x0017 evil\x1b[31m\n", "another process (17)"},
		{"\x0017 node7", "another process"}, // not whole
		{"\x00-17 node7\n", "another process"},
		{"\x00" + strings.Repeat("9", 1000) + "\n", "another process"},
		{"", "another process"},
	} {
		d := newDir(t)
		if err := os.WriteFile(d.file(lockName), []byte(c.file), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := openWithin(context.Background(), d.Path(), 0)
		if want := d.Path() + ": " + c.want + end; err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", c.file, err, want)
		}
	}
}

func TestLockError(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{syscall.EIO, "runs/a: the file system gives no lock (" + syscall.EIO.Error() + "): put the run folder on another one"},
		{&os.PathError{Op: "open", Path: ".lock", Err: syscall.EROFS},
			"runs/a: the folder is read-only (" + syscall.EROFS.Error() + "): make it writable, or use another one"},
		{&os.PathError{Op: "open", Path: ".lock", Err: syscall.EACCES},
			"runs/a: the folder is read-only (" + syscall.EACCES.Error() + "): make it writable, or use another one"},
		{&os.PathError{Op: "open", Path: ".lock", Err: syscall.ENOSPC},
			"runs/a: " + syscall.ENOSPC.Error() + ": free some room and try again"},
	} {
		if err := lockError("runs/a", c.err); err.Error() != c.want || !errors.Is(err, errors.Unwrap(c.err)) && !errors.Is(err, c.err) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// A file system without locks or fsync takes a run all the same, and says once what it lacks.
func TestWhatFileSystemsLack(t *testing.T) {
	for _, c := range []struct {
		lock, flush error
		want        []string
	}{
		{nil, nil, nil},
		{syscall.ENOLCK, nil, []string{"gives no lock"}},
		{syscall.ENOSYS, syscall.EINVAL, []string{"gives no lock", "cannot flush"}},
		{syscall.EOPNOTSUPP, syscall.EROFS, []string{"gives no lock", "cannot flush"}},
		{syscall.EINVAL, &os.PathError{Op: "sync", Path: "x", Err: syscall.ENOTSUP}, []string{"gives no lock", "cannot flush"}},
		{nil, syscall.EIO, nil}, // the first save tells
	} {
		d := At(filepath.Join(t.TempDir(), "run"))
		d.tryLock = func(lock *flock.Flock) (bool, error) {
			if c.lock != nil {
				return false, errors.Join(os.WriteFile(lock.Path(), nil, 0o666), c.lock)
			}
			return lock.TryLock()
		}
		d.flush = func(*os.File) error { return c.flush }
		err := d.makeAll(d.path)
		for range 2 { // taken, given back and taken again
			if err == nil {
				err = d.takeEmpty()
			}
			if err != nil {
				t.Fatalf("lock %v, fsync %v: %v", c.lock, c.flush, err)
			}
			if err := errors.Join(d.Held(), d.contested()); err != nil {
				t.Errorf("lock %v: %v", c.lock, err)
			}
			err = d.Close()
			wantTree(t, d.path)
		}
		notices := d.Notices()
		if len(notices) != len(c.want) {
			t.Errorf("lock %v, fsync %v: notices %q", c.lock, c.flush, notices)
			continue
		}
		for i, want := range c.want {
			if !strings.HasPrefix(notices[i], d.path+": ") || !strings.Contains(notices[i], want) {
				t.Errorf("lock %v, fsync %v: notice %q, want %q", c.lock, c.flush, notices[i], want)
			}
		}
	}

	// That the file cannot be opened is another thing.
	d := newDir(t)
	d.Close()
	d.tryLock = func(*flock.Flock) (bool, error) {
		return false, &os.PathError{Op: "open", Path: ".lock", Err: syscall.EINVAL}
	}
	if err := d.takeLock(); err == nil || !strings.Contains(err.Error(), syscall.EINVAL.Error()) {
		t.Errorf("the lock cannot be opened: %v", err)
	}
}

// Somebody removed the lock's file by hand: it is made again as soon as something is written.
func TestLockFileRemoved(t *testing.T) {
	if !canRemoveOpenFiles {
		t.Skip("open files cannot be removed here")
	}
	for name, write := range map[string]func(d *Dir, s *Steps) error{
		"a line": func(_ *Dir, s *Steps) error { return s.Write(record.Step{Epoch: 1, Step: 1}) },
		"a save": func(d *Dir, _ *Steps) error { return d.Held() },
	} {
		d := newDir(t)
		s, _, err := d.Steps(0)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Remove(d.file(lockName)), write(d, s)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var inUse *InUseError
		if _, err := openWithin(context.Background(), d.Path(), 0); !errors.As(err, &inUse) || inUse.PID != os.Getpid() {
			t.Errorf("%s: the folder is free: %v", name, err)
		}
		if err := errors.Join(s.Close(), d.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantTree(t, d.Path(), "steps.jsonl")
	}
}

// It was removed, and another process has the folder now, or had it: what the first still has to
// write is not written into the other's files.
func TestLockTakenByAnother(t *testing.T) {
	if !canRemoveOpenFiles {
		t.Skip("open files cannot be removed here")
	}
	first := newDir(t)
	s, _, err := first.Steps(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Write(record.Step{Epoch: 1, Step: 1}), os.Remove(first.file(lockName))); err != nil {
		t.Fatal(err)
	}
	second, err := openWithin(context.Background(), first.Path(), 0)
	if err != nil {
		t.Fatal(err)
	}
	before := mustRead(t, first.StepsFile())
	for _, ended := range []bool{false, true} {
		for what, err := range map[string]error{"save": first.Held(), "line": s.Write(record.Step{Epoch: 1, Step: 2}), "picture": first.Write(first.Curves(), nil)} {
			if err == nil || !strings.Contains(err.Error(), "is working on this run: wait for it, or stop it; it could begin since the file .lock was removed") {
				t.Errorf("%s, the other has ended: %t: %v", what, ended, err)
			}
		}
		if !ended {
			if err := second.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "lines missing from it: 2") {
		t.Errorf("closed: %v", err)
	}
	if after := mustRead(t, first.StepsFile()); after != before {
		t.Errorf("%q became %q", before, after)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
}

// Somebody removed the lock's file by hand, and another process has made a new one: it stays.
func TestCloseLeavesTheLockOfOthers(t *testing.T) {
	if !canRemoveOpenFiles {
		t.Skip("open files cannot be removed here")
	}
	first := newDir(t)
	if err := os.Remove(first.file(lockName)); err != nil {
		t.Fatal(err)
	}
	second, err := openWithin(context.Background(), first.Path(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	wantTree(t, first.Path(), ".lock")
	if err := first.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}
