package checkpoint

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// brokenFiles is the system's files, of which the nth call fails (counting from 1), and with
// dead, all after it: as if the process had been killed there.
type brokenFiles struct {
	osFilesystem
	nth, calls int
	dead       bool
	failed     string // which call it was
}

var errBroken = &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}

func (b *brokenFiles) fails(call string) bool {
	b.calls++
	if b.calls == b.nth {
		b.failed = call
	}
	return b.calls == b.nth || b.dead && b.calls > b.nth
}

func (b *brokenFiles) Create(path string) (file, error) {
	if b.fails("create") {
		return nil, errBroken
	}
	f, err := b.osFilesystem.Create(path)
	return &brokenFile{f, b}, err
}

func (b *brokenFiles) Rename(from, to string) error {
	if b.fails("rename") {
		return errBroken
	}
	return b.osFilesystem.Rename(from, to)
}

func (b *brokenFiles) Remove(path string) error {
	if b.dead {
		return errBroken
	}
	return b.osFilesystem.Remove(path)
}

func (b *brokenFiles) SyncFolder(path string) error {
	if b.fails("sync folder") {
		return errBroken
	}
	return b.osFilesystem.SyncFolder(path)
}

type brokenFile struct {
	file
	b *brokenFiles
}

func (f *brokenFile) Write(p []byte) (int, error) {
	if f.b.fails("write") {
		n, _ := f.file.Write(p[:len(p)/2]) // a full disk takes a part
		return n, errBroken
	}
	return f.file.Write(p)
}

func (f *brokenFile) WriteAt(p []byte, at int64) (int, error) {
	if f.b.fails("write digest") {
		return 0, errBroken
	}
	return f.file.WriteAt(p, at)
}

func (f *brokenFile) Sync() error {
	if f.b.fails("sync") {
		return errBroken
	}
	return f.file.Sync()
}

func (f *brokenFile) Close() error {
	err := f.file.Close()
	if f.b.fails("close") {
		return errBroken
	}
	return err
}

// Whichever call of a save fails, and whether the process lives on or not, the file is the old
// one or the new one, whole.
func TestEveryFailingCall(t *testing.T) {
	old := &State{Tensors: []Tensor{{"old", []int{1}, []float32{1}}}}
	fresh := &State{Tensors: []Tensor{{"a", []int{2}, []float32{1, 2}}, {"b", []int{1}, []float32{3}}}}
	for _, dead := range []bool{false, true} {
		var calls []string
		for nth := 1; ; nth++ {
			dir := t.TempDir()
			path := filepath.Join(dir, "checkpoint.bin")
			if err := Write(path, old); err != nil {
				t.Fatal(err)
			}
			b := &brokenFiles{nth: nth, dead: dead}
			err := write(b, path, fresh)
			if b.failed == "" {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			calls = append(calls, b.failed)
			want := path + ": not written: " + syscall.ENOSPC.Error() + ": free some room and try again"
			if b.failed == "sync folder" {
				want = path + ": written, but the folder could not be flushed to the disk: " + syscall.ENOSPC.Error() +
					": if power fails now, the file of before may be there"
			}
			if !errors.Is(err, syscall.ENOSPC) || err.Error() != want {
				t.Errorf("%s fails: %v, want %q", b.failed, err, want)
			}
			if !dead {
				wantFiles(t, dir, "checkpoint.bin")
			}
			got, err := Read(path)
			if err != nil {
				t.Fatalf("%s fails (dead: %v): %v", b.failed, dead, err)
			}
			wantName := "old"
			if b.failed == "sync folder" {
				wantName = "a"
			}
			if got.Tensors[0].Name != wantName {
				t.Errorf("%s fails: tensor %s, want %s", b.failed, got.Tensors[0].Name, wantName)
			}
		}
		if got := strings.Join(calls, ", "); got != "create, write, write, write, write digest, sync, close, rename, sync folder" {
			t.Errorf("the calls of a save were: %s", got)
		}
	}
}

// unflushed is the system's files on a file system without fsync.
type unflushed struct {
	osFilesystem
	file, folder error
}

func (u unflushed) Create(path string) (file, error) {
	f, err := u.osFilesystem.Create(path)
	return unflushedFile{f, u.file}, err
}

func (u unflushed) SyncFolder(string) error { return u.folder }

type unflushedFile struct {
	file
	err error
}

func (f unflushedFile) Sync() error { return f.err }

// What a file system does not have is not missed.
func TestReplaceWithoutFlush(t *testing.T) {
	for _, err := range []error{syscall.EINVAL, syscall.ENOTSUP, syscall.EROFS, &fs.PathError{Op: "sync", Path: "x", Err: syscall.ENOSYS}} {
		for _, u := range []unflushed{{file: err}, {folder: err}} {
			path := filepath.Join(t.TempDir(), "x.bin")
			if err := write(u, path, &State{Tensors: []Tensor{{"a", []int{1}, []float32{1}}}}); err != nil {
				t.Errorf("%+v: %v", u, err)
			}
			if _, err := Read(path); err != nil {
				t.Errorf("%+v: %v", u, err)
			}
		}
	}
}

// A file that its owner keeps from others stays so.
func TestReplaceKeepsPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such permissions here")
	}
	path := filepath.Join(t.TempDir(), "best.bin")
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o666} {
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, mode), Write(path, &State{})); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%v became %v, %v", mode, info.Mode(), err)
		}
	}
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	for _, text := range []string{"a: 1\n", "b\n"} {
		if err := Replace(path, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			t.Fatal(err)
		}
		if got := string(mustRead(t, path)); got != text {
			t.Errorf("%q, want %q", got, text)
		}
	}
	own := errors.New("own trouble")
	if err := Replace(path, func(io.Writer) error { return own }); !errors.Is(err, own) {
		t.Errorf("error of the writing function: %v", err)
	}
	wantFiles(t, dir, "config.yaml")
	if got := string(mustRead(t, path)); got != "b\n" {
		t.Errorf("after a failure: %q", got)
	}
}

func TestTempNames(t *testing.T) {
	for _, path := range []string{"checkpoint.bin", "runs/a.tmp-b/best.bin", "x.tmp-01234567"} {
		if of, ok := TempOf(TempName(path)); !ok || of != path {
			t.Errorf("of a temporary file of %s: %q, %t", path, of, ok)
		}
	}
	for _, name := range []string{"", "checkpoint.bin", "a.tmp-", "a.tmp-0123456", "a.tmp-012345678", "a.tmp-0123456G", "a.tmp-01234567.bin"} {
		if of, ok := TempOf(name); ok {
			t.Errorf("%q is taken for a temporary file of %q", name, of)
		}
	}
}

func TestReplaceRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{
		filepath.Join(dir, "folder"):        "is there and is not a file",
		filepath.Join(dir, "none", "a.bin"): "make the folder first",
	}
	if _, err := os.Stat("/dev/null"); err == nil {
		paths["/dev/null"] = "is there and is not a file"
	}
	for path, want := range paths {
		if err := Write(path, &State{}); err == nil || !isOurs(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// A link stays a link, and what it leads to is replaced; one that leads nowhere is refused.
func TestReplaceFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(dir, "folder", "target")
	if err := errors.Join(os.Mkdir(filepath.Dir(target), 0o777), os.WriteFile(target, []byte("old"), 0o666)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("folder", "target"), link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	write := func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }
	if err := Replace(link, write); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is no link any more: %v, %v", info, err)
	}
	if text, err := os.ReadFile(target); err != nil || string(text) != "new" {
		t.Errorf("what it leads to holds %q, %v", text, err)
	}
	if err := os.Remove(target); err != nil {
		t.Fatal(err)
	}
	var refused *Error
	if err := Replace(link, write); !errors.As(err, &refused) || refused.Path != link {
		t.Errorf("a link to nothing: %v", err)
	}
	if _, err := os.Lstat(link); err != nil {
		t.Error(err)
	}
}

func TestReplaceLeavesTheSystemsLinks(t *testing.T) {
	const link = "/proc/self/fd/0" // writing it could harm nobody but this test
	if _, err := os.Lstat(link); err != nil {
		t.Skip("no /proc here")
	}
	called := false
	err := Replace(link, func(io.Writer) error { called = true; return errors.New("refused too late") })
	if err == nil || called {
		t.Errorf("%s was to be replaced: %v", link, err)
	}
}

// What the system says of a file is told without the name of the temporary one, with what helps.
func TestWriteError(t *testing.T) {
	for want, err := range map[string]error{
		"a.bin: not written: " + syscall.EDQUOT.Error() + ": free some room and try again": &fs.PathError{Op: "write", Path: "a.bin.tmp-1", Err: syscall.EDQUOT},
		"a.bin: not written: " + syscall.ENOENT.Error() + ": make the folder first":        &fs.PathError{Op: "open", Path: "a.bin.tmp-1", Err: syscall.ENOENT},
		"a.bin: not written: " + syscall.EACCES.Error() + ": fix this and try again":       &os.LinkError{Op: "rename", Old: "a.bin.tmp-1", New: "a.bin", Err: syscall.EACCES},
		"a.bin: not written: odd: fix this and try again":                                  errors.New("odd"),
	} {
		if got := writeError("a.bin", err); got.Error() != want || !errors.Is(got, err) {
			t.Errorf("%v, want %s", got, want)
		}
	}
}
