package crash

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Nothing in the program calls Watch: what it does at a point is nothing.
func TestNobodyWatches(t *testing.T) {
	root := filepath.Join("..", "..")
	points := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(text, []byte(`"vggtrain/internal/crash"`)) {
			return err
		}
		points += bytes.Count(text, []byte("crash.Point("))
		if bytes.Contains(text, []byte("crash.Watch")) || !bytes.Contains(text, []byte("\n\t\"vggtrain/internal/crash\"\n")) {
			t.Errorf("%s: watches, or imports the package by another name", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if points == 0 {
		t.Error("no points found: what does this test look at?")
	}
}

func TestPoint(t *testing.T) {
	Point("rename", "nobody watches")
	var got string
	Watch(func(what, path string) { got = what + " " + path })
	defer Watch(nil)
	if Point("rename", "a.bin"); got != "rename a.bin" {
		t.Errorf("told of %q", got)
	}
}
