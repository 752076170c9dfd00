//go:build unix

package configs

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What is no file is refused in one line, and at once: a pipe would wait for its writer, a device
// would never end.
func TestLoadNoFiles(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	for _, name := range []string{pipe, "/dev/zero", "/dev/null", t.TempDir() + "/"} {
		done := make(chan error, 2)
		go func() {
			_, err := LoadRecipe(name)
			done <- err
			_, _, err = Network{Name: name}.Load()
			done <- err
		}()
		for range 2 {
			select {
			case err := <-done:
				if want := name + ": not a file: give a .yaml file"; err == nil || err.Error() != want || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s: %v, want %q", name, err, want)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%s: still reading", name)
			}
		}
	}
}
