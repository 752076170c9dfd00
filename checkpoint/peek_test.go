package checkpoint

import (
	"os"
	"path/filepath"
	"testing"
)

// A glance reads the header only: neither the length of the data nor what is in it makes a difference.
func TestPeek(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.bin")
	state := &State{Tensors: []Tensor{{Name: "w", Shape: []int{2}, Data: []float32{1, 2}}}, Metadata: map[string]string{"vggtrain.arch": "name: x"}}
	if err := Write(path, state); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	if _, err := ReadMetadata(path); err == nil {
		t.Error("a file with another length was read")
	}
	metadata, err := Peek(path)
	if err != nil || metadata["vggtrain.arch"] != "name: x" {
		t.Errorf("%q, %v", metadata, err)
	}
}

func TestPeekAtOthers(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.bin")
	if err := os.WriteFile(text, []byte("no checkpoint, but a text of some length"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, text, filepath.Join(dir, "missing.bin")} {
		if metadata, err := Peek(path); err == nil {
			t.Errorf("%s: %q", path, metadata)
		}
	}
}
