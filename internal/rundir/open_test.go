package rundir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	d := newDir(t)
	path := d.Path()
	if err := d.Write(d.Config(), []byte("lr: 1\n")); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := open(path + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Path() != path {
		t.Errorf("%s, want %s", d.Path(), path)
	}
	if err := d.Write(d.Config(), []byte("lr: 2\n")); err != nil {
		t.Error(err)
	}
	wantTree(t, path, ".lock", "config.yaml")

	// What Discard takes away is what Create has made.
	d.Discard()
	wantTree(t, path, "config.yaml")

	for file, want := range map[string]string{
		d.Config():                   "is not a folder: name the folder of a run",
		filepath.Join(path, "x"):     "no such folder: name the folder of a run: file does not exist",
		filepath.Join(path, "\x00"):  "invalid argument: fix this and try again",
		filepath.Join(path, "x/y/z"): "no such folder: name the folder of a run: file does not exist",
	} {
		if _, err := open(file); err == nil || err.Error() != file+": "+want {
			t.Errorf("%v, want %s: %s", err, file, want)
		}
	}
	if _, err := open(filepath.Join(path, "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

func TestWriteWithoutLock(t *testing.T) {
	d := newDir(t)
	d.Close()
	for _, d := range []*Dir{d, At(d.Path())} {
		_, _, stepsErr := d.Steps(0)
		_, metricsErr := d.Metrics(nil)
		for _, err := range []error{stepsErr, metricsErr, d.Write(d.Config(), nil), d.Write(d.Score(), nil)} {
			if err == nil || !strings.HasPrefix(err.Error(), d.Path()+": written to without its lock") {
				t.Errorf("got %v", err)
			}
		}
		wantTree(t, d.Path())
	}
}

func TestRemovesTemps(t *testing.T) {
	ours := []string{"config.yaml.tmp-00000000", "steps.jsonl.tmp-9abcdef0", "metrics.csv.tmp-12345678",
		"checkpoint.bin.tmp-deadbeef", "best.bin.tmp-0badf00d", "curves.png.tmp-12345678", "report.html.tmp-12345678", "score.json.tmp-12345678", ".lock.tmp-12345678"}
	others := []string{"best.bin", "best.bin.tmp-", "best.bin.tmp-1234567", "best.bin.tmp-123456789", "best.bin.tmp-1234567G",
		"best.bin.tmp-DEADBEEF", "best.bin.tmp-12345678.tmp-12345678", "notes.txt.tmp-12345678", "tmp-12345678", ".tmp-12345678", "xbest.bin.tmp-12345678"}
	d := newDir(t)
	path := d.Path()
	d.Close()
	for _, name := range append(ours, others...) {
		mustWrite(t, filepath.Join(path, name), "x")
	}
	folder := filepath.Join(path, "best.bin.tmp-aaaaaaaa")
	mustMkdir(t, folder)

	if d := At(path); d.Checkpoint() != filepath.Join(path, "checkpoint.bin") {
		t.Error(d.Checkpoint())
	}
	before := countFiles(t, path)
	if before != len(ours)+len(others)+1 {
		t.Fatalf("%d files", before)
	}
	d, err := open(path)
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	for _, name := range ours {
		if _, err := os.Lstat(filepath.Join(path, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := countFiles(t, path); n != len(others)+1 {
		t.Errorf("%d files, want %d", n, len(others)+1)
	}
}

// A process that is killed in a save leaves its temporary file, which who opens the folder next
// removes; and one that was killed before it had written anything leaves an empty folder.
func TestKilledInASave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	for _, take := range []func(string) (*Dir, error){open, Create} {
		if err := os.MkdirAll(path, 0o777); err != nil {
			t.Fatal(err)
		}
		c := startChild(t, "save", path)
		c.wantSays("saves")
		c.kill()
		if n := countFiles(t, path); n != 2 {
			t.Errorf("%d files, want the lock and the temporary one", n)
		}
		d, err := take(path)
		if err != nil {
			t.Fatal(err)
		}
		wantTree(t, path, ".lock")
		d.Close()
	}
}

func countFiles(t *testing.T, path string) int {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
