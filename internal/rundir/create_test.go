package rundir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCreate(t *testing.T) {
	root := t.TempDir()
	d, err := Create(filepath.Join(root, "a", "b") + "/")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(root, "a", "b"); d.Path() != want || d.Checkpoint() != filepath.Join(want, "checkpoint.bin") ||
		d.Best() != filepath.Join(want, "best.bin") {
		t.Errorf("paths: %s, %s, %s", d.Path(), d.Checkpoint(), d.Best())
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	wantTree(t, root, "a/", "a/b/")
	if d, err = Create(d.Path()); err != nil {
		t.Fatalf("a folder that is empty: %v", err)
	}
	defer d.Close()
	if err := d.Write(d.Config(), []byte("lr: 1\n")); err != nil {
		t.Fatal(err)
	}
	wantTree(t, root, "a/", "a/b/", "a/b/.lock", "a/b/config.yaml")
	_, err = Create(d.Path())
	var exists *ExistsError
	if want := d.Path() + ": the folder exists and is not empty: choose another --out, or move it away"; !errors.As(err, &exists) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = Create(d.Config())
	if err == nil || err.Error() != d.Config()+": exists and is not a folder: choose another --out" {
		t.Errorf("a file: %v", err)
	}
	if _, err = Create(filepath.Join(d.Config(), "c")); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("below a file: %v", err)
	}
}

func TestDiscard(t *testing.T) {
	root := t.TempDir()
	d, err := Create(filepath.Join(root, "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	d.Discard()
	wantTree(t, root)

	d, err = Create(filepath.Join(root, "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Write(d.Config(), []byte("x")); err != nil {
		t.Fatal(err)
	}
	d.Discard()
	wantTree(t, root, "a/", "a/b/", "a/b/config.yaml")

	// An empty folder that was there before is not ours to remove.
	own := filepath.Join(root, "own")
	if err := os.Mkdir(own, 0o777); err != nil {
		t.Fatal(err)
	}
	if d, err = Create(own); err != nil {
		t.Fatal(err)
	}
	d.Discard()
	wantTree(t, root, "a/", "a/b/", "a/b/config.yaml", "own/")
}

func TestCreateDefault(t *testing.T) {
	root := filepath.Join(t.TempDir(), "runs")
	now := time.Date(2025, 3, 4, 5, 6, 7, 8, time.UTC)
	var got []string
	for _, arch := range []string{"vgg11-small", "vgg11-small", "vgg11-small", "../my net", ""} {
		d, err := CreateDefault(root, arch, now)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.Base(d.Path()))
		if filepath.Dir(d.Path()) != root {
			t.Errorf("%s is not in %s", d.Path(), root)
		}
	}
	want := []string{"vgg11-small-20250304-050607", "vgg11-small-20250304-050607-2", "vgg11-small-20250304-050607-3",
		"___my_net-20250304-050607", "run-20250304-050607"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d, err := CreateDefault(filepath.Join(root, "x", "y"), "a", now)
	if err != nil {
		t.Fatal(err)
	}
	d.Discard()
	if _, err := os.Stat(filepath.Join(root, "x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folders above stay: %v", err)
	}
}
