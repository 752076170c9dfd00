package docs_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The program of library.md, in a module of its own, trains a network that knows most garments.
func TestLibraryFromAnotherModule(t *testing.T) {
	program, err := os.ReadFile("testdata/library/main.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("library.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, body, _ := strings.Cut(string(program), "\npackage main\n"); !strings.Contains(string(page), "```go\npackage main\n"+body+"```\n") {
		t.Error("library.md does not show testdata/library/main.go")
	}
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	// All versions are named, as in a module after go mod tidy: go would otherwise ask for the go.mod of modules
	// that this project does not need, which a fresh machine does not have.
	module, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	module = bytes.Replace(module, []byte("module vggtrain\n"), []byte("module example.com/garments\n"), 1)
	module = append(module, "\nrequire vggtrain v0.0.0\nreplace vggtrain => "+strconv.Quote(root)+"\n"...)
	sums, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"main.go": program, "go.mod": module, "go.sum": sums} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command("go", "run", ".")
	run.Dir = dir
	run.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOPROXY=off")
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	right := regexp.MustCompile(`^(\d+) of 1000 right\n$`).FindSubmatch(out)
	if right == nil {
		t.Fatalf("printed %q", out)
	}
	if n, err := strconv.Atoi(string(right[1])); err != nil || n < 700 {
		t.Errorf("%s of 1000 test images are right, want 700 or more", right[1])
	}
}
