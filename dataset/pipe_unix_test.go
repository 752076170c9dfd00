//go:build unix

package dataset

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe in place of a file, to which nobody will ever write, is not waited for.
func TestPipes(t *testing.T) {
	for _, name := range []string{"train/dog/p.png", "train/emu", "test/cat/a.txt"} {
		dir := twoClasses(t).write(t)
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Skip(err)
		}
		_, err := Open(t.Context(), OpenOptions{Spec: dir})
		isImage := strings.HasSuffix(name, ".png")
		if isImage != (err != nil) || isImage && err.Error() != filepath.Join(dir, name)+": not a regular file" {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
