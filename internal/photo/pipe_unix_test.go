//go:build unix

package photo

import (
	"os"
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

// Names of a folder's files need not be in an encoding.
func TestNameInNoEncoding(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a\xff.png")
	if err := os.WriteFile(name, readGolden(t, "alpha-16.png"), 0o600); err != nil {
		t.Skip(err) // some disks have letters only
	}
	for _, path := range []string{dir, name} {
		photo, err := NewReader().Read(Files(path, nil)[0])
		if err != nil {
			t.Errorf("%q: %v", path, err)
			continue
		}
		photo.Close()
	}
}

// A file with holes may announce any length, behind a whole picture too. Whoever reads on is to be spared.
func TestFileWithHoles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long.png")
	if err := os.WriteFile(path, readGolden(t, "alpha-16.png"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Skip(err) // no such files here
	}
	want := path + ": the file is larger than 4,294,967,296 bytes: make the image smaller"
	if _, err := NewReader().Read(Files(path, nil)[0]); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
