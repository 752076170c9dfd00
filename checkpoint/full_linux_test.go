package checkpoint

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A real limit of the system: no file may grow beyond 64 KiB. It holds for the whole process, so
// the test runs itself again.
func TestFileSizeLimit(t *testing.T) {
	const limit = 64 << 10
	if path := os.Getenv("CHECKPOINT_TEST_LIMITED"); path != "" {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			t.Fatal(err)
		}
		err := Write(path, &State{Tensors: []Tensor{{"big", []int{limit}, make([]float32, limit)}}})
		if !errors.Is(err, syscall.EFBIG) || !isOurs(err) || !strings.HasPrefix(err.Error(), path+": not written: ") {
			t.Errorf("Write: %v, want EFBIG", err)
		}
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "checkpoint.bin")
	if err := Write(path, &State{Tensors: []Tensor{{"old", []int{1}, []float32{1}}}}); err != nil {
		t.Fatal(err)
	}
	again := exec.Command(os.Args[0], "-test.run=^TestFileSizeLimit$")
	again.Env = append(os.Environ(), "CHECKPOINT_TEST_LIMITED="+path)
	if out, err := again.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wantFiles(t, dir, "checkpoint.bin")
	if s, err := Read(path); err != nil || s.Tensor("old") == nil {
		t.Errorf("the previous file: %v, %v", s, err)
	}
}
