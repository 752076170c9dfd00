//go:build unix

package photo

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe in place of a file, to which nobody will ever write, is not waited for.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.png")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := NewReader().Read(Files(path, nil)[0]); err == nil || err.Error() != path+": not a regular file: use - for standard input" {
		t.Errorf("error %v", err)
	}
}
