//go:build unix

package rundir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vggtrain/internal/record"
)

// Pipes block who opens them, here until the test is out of time.
func TestPipes(t *testing.T) {
	d := newDir(t)
	path := d.Path()
	if err := syscall.Mkfifo(d.StepsFile(), 0o666); err != nil {
		t.Skip(err)
	}
	_, _, err := d.Steps(0)
	if want := d.StepsFile() + ": is there and is not a file: move it away"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	d.Close()
	if err := syscall.Mkfifo(d.file(lockName), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = open(path)
	if want := d.file(lockName) + ": is there and is not a file: move it away"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	root := t.TempDir()
	for _, path := range []string{filepath.Dir(root), root} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(root, "run")
	mustMkdir(t, path)
	if err := os.Chmod(path, 0o555); err != nil {
		t.Fatal(err)
	}
	want := "error: " + path + ": the folder is read-only (permission denied): make it writable, or use another one"
	startChild(t, "open as nobody", path).wantSays(want)
	startChild(t, "create as nobody", path).wantSays(want)

	// The lock's file is there to be opened, but no other can be made.
	lock := filepath.Join(path, lockName)
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, lock, "")
	if err := errors.Join(os.Chmod(lock, 0o666), os.Chmod(path, 0o555)); err != nil {
		t.Fatal(err)
	}
	startChild(t, "open as nobody", path).wantSays(want)

	// Another user's.
	if err := os.Chmod(lock, 0o400); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		startChild(t, "open as nobody", path).wantSays("error: " + lock + ": permission denied: fix this and try again")
	}
	if err := os.Chmod(path, 0o755); err != nil { // so that it can be removed
		t.Fatal(err)
	}
}

var systemChildren = map[string]func(path string) error{
	"open as nobody":   asNobody(open),
	"create as nobody": asNobody(Create),
	"limit":            childLimit,
}

// asNobody is for root, to whom no folder is read-only.
func asNobody(take func(string) (*Dir, error)) func(string) error {
	return func(path string) error {
		if os.Getuid() == 0 {
			if err := syscall.Setuid(65534); err != nil {
				return err
			}
		}
		_, err := take(path)
		// Who is refused does not keep the lock.
		if _, again := openWithin(context.Background(), path, 0); err == nil || again == nil || again.Error() != err.Error() {
			return fmt.Errorf("first %v, then %v", err, again)
		}
		return err
	}
}

// A real limit of the system, that tears a line, and goes away again.
func TestFileSizeLimit(t *testing.T) {
	d := newDir(t)
	d.Close()
	c := startChild(t, "limit", d.Path())
	c.wantSays("1000 bytes: " + d.StepsFile() + ": file too large: fix this, its lines wait")
	c.wantSays("done")
	if got := mustRead(t, d.StepsFile()); got != stepLines(1, 30) {
		t.Errorf("%q", got)
	}
	wantTree(t, d.Path(), "steps.jsonl")
}

func childLimit(path string) error {
	d, err := open(path)
	if err != nil {
		return err
	}
	s, _, err := d.Steps(0)
	if err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	most := limit.Cur
	limit.Cur = 1000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	failed := 0
	for step := 1; step <= 30; step++ {
		err := s.Write(record.Step{Epoch: 1, Step: step})
		if err == nil {
			continue
		}
		text, readErr := os.ReadFile(s.path)
		if readErr != nil {
			return readErr
		}
		if len(text) > 1000 || !strings.HasSuffix(string(text), "}\n") {
			return fmt.Errorf("the file is %q", text)
		}
		if failed++; failed == 2 {
			fmt.Println("1000 bytes:", err)
			limit.Cur = most
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(s.Sync(), s.Close(), d.Close()); err != nil {
		return err
	}
	fmt.Println("done")
	return nil
}
