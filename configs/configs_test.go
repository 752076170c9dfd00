package configs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// The chapter's and the paper's networks (Simonyan & Zisserman 2015, table 1).
func TestArch(t *testing.T) {
	want := map[string][][2]int{
		"vgg11":       {{1, 64}, {1, 128}, {2, 256}, {2, 512}, {2, 512}},
		"vgg13":       {{2, 64}, {2, 128}, {2, 256}, {2, 512}, {2, 512}},
		"vgg16":       {{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}},
		"vgg19":       {{2, 64}, {2, 128}, {4, 256}, {4, 512}, {4, 512}},
		"vgg11-small": {{1, 16}, {1, 32}, {2, 64}, {2, 128}, {2, 128}},
	}
	for name, blocks := range want {
		text, err := Arch(name)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Name    string
			Blocks  [][2]int
			Hidden  []int
			Dropout float64
		}
		if err := yaml.Load(text, &got, yaml.WithKnownFields()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(blocks, got.Blocks); diff != "" || got.Name != name ||
			!cmp.Equal(got.Hidden, []int{4096, 4096}) || got.Dropout != 0.5 {
			t.Errorf("%s: %+v\n%s", name, got, diff)
		}
	}
	want["alexnet"], want["lenet"], want["vgg11-lrn"] = nil, nil, nil // model's tests know them
	for _, name := range ArchNames() {
		if _, ok := want[name]; !ok {
			t.Errorf("an architecture that no test knows: %s", name)
		}
	}
}

func TestRecipes(t *testing.T) {
	if diff := cmp.Diff([]string{"d2l", "fast"}, RecipeNames()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range RecipeNames() {
		r, err := LoadRecipe(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Over(Defaults()).Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := r.Origin("lr").String(); !strings.HasPrefix(got, "recipe "+name+":") {
			t.Errorf("%s: lr's origin is %s", name, got)
		}
	}
	r, err := LoadRecipe("d2l")
	if err != nil {
		t.Fatal(err)
	}
	// The chapter: 224 pixels, plain SGD at 0.01, batches of 128, 10 epochs, dropout 0.5, Xavier.
	if r.Resize != 224 || r.LR != 0.01 || r.Optimizer.Momentum != 0 || r.BatchSize != 128 || r.Epochs != 10 ||
		r.Dropout != 0.5 || r.Init != "xavier" || r.Schedule != "constant" || r.Augment != "none" || r.Normalize.Kind != "none" {
		t.Errorf("d2l is not the chapter's:\n%s", r.YAML())
	}
}

func TestUnknownNames(t *testing.T) {
	_, err := Arch("vgg12")
	var unknown *UnknownError
	if !errors.As(err, &unknown) || err.Error() != `unknown architecture "vgg12": did you mean vgg11?` {
		t.Errorf("vgg12: %v", err)
	}
	_, err = LoadRecipe("d21")
	if !errors.As(err, &unknown) || unknown.Nearest != "d2l" {
		t.Errorf("d21: %v", err)
	}
	_, err = LoadRecipe("keras")
	if !errors.As(err, &unknown) || err.Error() != `unknown recipe "keras": there are d2l, fast` {
		t.Errorf("keras: %v", err)
	}
	for _, name := range []string{strings.Repeat("x", 1e6), "vgg11" + strings.Repeat("x", 40)} {
		if _, err := Arch(name); err == nil || len(err.Error()) > 200 {
			t.Errorf("%.60s...: an error of %d bytes", name, len(err.Error()))
		}
	}
	for _, name := range []string{"", "../arch/vgg11", ".."} {
		if _, err := Arch(name); !errors.As(err, &unknown) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestLoadFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.yaml")
	if err := os.WriteFile(file, []byte("lr: 0.2\narch:\n  name: x\n  blocks: [[1, 8]]\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	r, err := LoadRecipe(file)
	if err != nil || r.LR != 0.2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if arch, err := r.Arch.Load(); err != nil || r.Arch.File != file || arch.Name != "x" {
		t.Errorf("arch: %s %+v %v", r.Arch.File, arch, err)
	}
	if _, err := LoadArch(file); err == nil || err.Error() != file+`:1:1: unknown key "lr"; the keys are name, blocks, hidden, layers, dropout` {
		t.Errorf("a recipe as an architecture: %v", err)
	}
	if arch, err := LoadArch("vgg11"); err != nil || arch.Name != "vgg11" || len(arch.Blocks) != 5 {
		t.Errorf("arch by name: %+v %v", arch, err)
	}
	long := filepath.Join(dir, "long.yaml")
	if err := os.WriteFile(long, make([]byte, 8<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadRecipe(long); err == nil || !strings.HasPrefix(err.Error(), long+":1:1: more than 32768 bytes") {
		t.Errorf("8 MiB: %v", err)
	}
	if _, err := LoadArch(long); err == nil || !strings.HasPrefix(err.Error(), long+":1:1: more than 32768 bytes") {
		t.Errorf("8 MiB: %v", err)
	}
	missing := filepath.Join(dir, "none.yaml")
	if _, err := LoadRecipe(missing); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), missing+": no such file") {
		t.Errorf("missing: %v", err)
	}
	if _, err := LoadRecipe(dir + "/"); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("a folder: %v", err)
	}
}
