package rundir

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"vggtrain/checkpoint"
	"vggtrain/internal/record"
)

// The tests start this binary again as a process of its own, which does what the environment
// says with the folder that it names.
const (
	childDoes = "RUNDIR_TEST_CHILD"
	childPath = "RUNDIR_TEST_PATH"
)

// children are the things that such a process can do; what it prints is for the test.
var children = map[string]func(path string) error{
	"create": childCreate,
	"hold":   childHold,
	"parent": childParent,
	"linger": childLinger,
	"churn":  childChurn,
	"write":  childWrite,
	"save":   childSave,
}

func TestMain(m *testing.M) {
	name := os.Getenv(childDoes)
	if name == "" {
		os.Exit(m.Run())
	}
	do, found := children[name]
	if !found {
		do = systemChildren[name]
	}
	if err := do(os.Getenv(childPath)); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func childCommand(does, path string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childDoes+"="+does, childPath+"="+path,
		"GORACE=atexit_sleep_ms=0") // or each takes a second to end, under the race detector
	return c
}

// child is a running process; it waits where it reads its standard input.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startChild(t *testing.T, does, path string) *child {
	t.Helper()
	c := &child{t: t, cmd: childCommand(does, path)}
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewScanner(out)
	c.cmd.Stderr = os.Stderr
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	return c
}

// says returns the next line that the process prints, "" at its end.
func (c *child) says() string {
	c.out.Scan()
	return c.out.Text()
}

func (c *child) wantSays(want string) {
	c.t.Helper()
	if got := c.says(); got != want {
		c.t.Fatalf("the other process says %q, want %q", got, want)
	}
}

// kill sends SIGKILL and waits for the end.
func (c *child) kill() {
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

func awaitEnd() { io.Copy(io.Discard, os.Stdin) }

// childCreate waits for the start, creates, says how that went, and holds what it got.
func childCreate(path string) error {
	fmt.Println("ready")
	var go1 [1]byte
	if _, err := os.Stdin.Read(go1[:]); err != nil {
		return err
	}
	d, err := Create(path)
	var exists *ExistsError
	var inUse *InUseError
	switch {
	case err == nil:
		fmt.Println("has it")
	case errors.As(err, &exists), errors.As(err, &inUse):
		fmt.Println("refused")
	default:
		return err
	}
	awaitEnd()
	if d != nil {
		d.Discard()
	}
	return nil
}

// childHold opens the folder and keeps it.
func childHold(path string) error {
	d, err := open(path)
	if err != nil {
		return err
	}
	fmt.Println("holds")
	awaitEnd()
	return d.Close()
}

// childParent opens the folder, starts a process that outlives it, and waits to be killed.
func childParent(path string) error {
	if _, err := open(path); err != nil {
		return err
	}
	c := childCommand("linger", path)
	c.Stdin, c.Stdout = os.Stdin, os.Stdout
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

func childLinger(string) error {
	fmt.Println("lingers")
	awaitEnd()
	fmt.Println("goes")
	return nil
}

// childChurn takes and releases the lock a hundred times, and makes sure with a file that nobody
// else has it then.
func childChurn(path string) error {
	owner := path + ".owner"
	for n := 0; n < 100; {
		d, err := openWithin(context.Background(), path, 0)
		var inUse *InUseError
		if errors.As(err, &inUse) {
			continue
		}
		if err != nil {
			return err
		}
		f, err := os.OpenFile(owner, os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return fmt.Errorf("two have the lock: %w", err)
		}
		f.Close()
		if err := os.Remove(owner); err != nil {
			return err
		}
		if err := d.Close(); err != nil {
			return err
		}
		n++
	}
	fmt.Println("churned")
	return nil
}

// childWrite writes lines until it is killed.
func childWrite(path string) error {
	d, err := open(path)
	if err != nil {
		return err
	}
	s, kept, err := d.Steps(1 << 60)
	if err != nil {
		return err
	}
	for step := kept.Last + 1; ; step++ {
		if err := s.Write(record.Step{Epoch: 1, Step: step, Loss: 1 / float64(step)}); err != nil {
			return err
		}
		if step == kept.Last+1 {
			fmt.Println("writes")
		}
	}
}

// childSave waits in the middle of a save.
func childSave(path string) error {
	d, err := open(path)
	if err != nil {
		return err
	}
	return checkpoint.Replace(d.Checkpoint(), func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Repeat("x", 1<<16))
		fmt.Println("saves")
		awaitEnd()
		return err
	})
}
