package checkpoint

import (
	"os"
	"path/filepath"
	"strings"
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
	for path, want := range map[string]string{
		dir:                               "not a safetensors file: a folder: ",
		text:                              "not a safetensors file: it begins with ",
		filepath.Join(dir, "missing.bin"): "no such file: ",
	} {
		_, wrong := Read(path)
		metadata, err := Peek(path)
		if err == nil || err.Error() != wrong.Error() || !strings.HasPrefix(err.Error(), path+": "+want) {
			t.Errorf("%s: %q, %v, want what Read says, %v, and %s", path, metadata, err, wrong, want)
		}
	}
}
