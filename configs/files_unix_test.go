//go:build unix

package configs

import (
	"path/filepath"
	"syscall"
	"testing"
)

// What is no file is refused in one line, and at once: a pipe would wait for its writer, a device
// would never end.
func TestLoadNoFiles(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	for _, name := range []string{pipe, "/dev/zero", "/dev/null", t.TempDir() + "/"} {
		_, recipeErr := LoadRecipe(name)
		_, archErr := LoadArch(name)
		for _, err := range []error{recipeErr, archErr} {
			if want := name + ": not a file: give a .yaml file, or the folder of a run"; err == nil || err.Error() != want {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
}
