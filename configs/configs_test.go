package configs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
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
		if err := yaml.UnmarshalWithOptions(text, &got, yaml.Strict()); err != nil {
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
	if r.Resize != 224 || r.LR != 0.01 || r.Momentum != 0 || r.BatchSize != 128 || r.Epochs != 10 ||
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
	if err := os.WriteFile(file, []byte("lr: 0.2\narch:\n  name: x\n  hidden: []\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	r, err := LoadRecipe(file)
	if err != nil || r.LR != 0.2 {
		t.Fatalf("%+v, %v", r, err)
	}
	name, text, err := r.Arch.Load()
	if want := "\n\n  name: x\n  hidden: []\n"; err != nil || name != file || string(text) != want {
		t.Errorf("arch: %s %q %v, want %q", name, text, err, want)
	}
	name, text, err = Network{Name: file}.Load()
	if err != nil || name != file || !strings.HasPrefix(string(text), "lr: 0.2") {
		t.Errorf("arch from a file: %s %q %v", name, text, err)
	}
	name, text, err = Network{Name: "vgg11"}.Load()
	if err != nil || name != "vgg11.yaml" || !strings.Contains(string(text), "name: vgg11") {
		t.Errorf("arch by name: %s %q %v", name, text, err)
	}
	long := filepath.Join(dir, "long.yaml")
	if err := os.WriteFile(long, make([]byte, 8<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadRecipe(long); err == nil || !strings.HasPrefix(err.Error(), long+": more than 32768 bytes") {
		t.Errorf("8 MiB: %v", err)
	}
	if _, text, err := (Network{Name: long}).Load(); err != nil || len(text) > 1<<16 {
		t.Errorf("8 MiB: %d bytes read, %v", len(text), err)
	}
	missing := filepath.Join(dir, "none.yaml")
	if _, err := LoadRecipe(missing); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), missing+": no such file") {
		t.Errorf("missing: %v", err)
	}
	if _, err := LoadRecipe(dir + "/"); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("a folder: %v", err)
	}
}
