package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestRelease makes the archive of this machine's release, twice: same bytes,
// all files, and a binary that needs nothing and knows what it is. It builds
// everything anew, for minutes where Go's cache is empty, and so has to be asked for:
//
//	VGGTRAIN_TEST_RELEASE=1 go test ./cmd/vggtrain -run TestRelease
func TestRelease(t *testing.T) {
	if os.Getenv("VGGTRAIN_TEST_RELEASE") == "" {
		t.Skip("takes minutes; VGGTRAIN_TEST_RELEASE=1 runs it")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the script needs GNU tar")
	}
	root := filepath.Join("..", "..")
	head, err := exec.Command("git", "-C", root, "rev-parse", "HEAD").Output()
	if err != nil {
		t.Skipf("not a clone: %v", err)
	}
	name := "vggtrain_v9.8.7_linux_" + runtime.GOARCH
	first, second := release(t, name), release(t, name)
	if !bytes.Equal(first, second) {
		t.Error("two archives of one commit differ")
	}
	folder := t.TempDir()
	extract(t, first, folder)
	for _, file := range []string{
		"vggtrain", "README.md", "LICENSE", "THIRD-PARTY-LICENCES.txt", "man/vggtrain.1", "man/vggtrain-fit.1",
		"completions/vggtrain.bash", "completions/_vggtrain", "completions/vggtrain.fish", "completions/vggtrain.ps1",
	} {
		if info, err := os.Stat(filepath.Join(folder, name, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	binary := filepath.Join(folder, name, "vggtrain")
	checkStatic(t, binary)
	cmd := exec.Command(binary, "version")
	cmd.Env = []string{}
	text, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(text), "vggtrain v9.8.7 ") || !strings.Contains(string(text), "commit   "+strings.TrimSpace(string(head))+" of ") ||
		strings.Contains(string(text), "modified") {
		t.Errorf("version: %v\n%s", err, text)
	}
}

// release runs the script and returns the archive that it made.
func release(t *testing.T, name string) []byte {
	t.Helper()
	dist := t.TempDir()
	cmd := exec.Command("bash", filepath.Join("..", "..", "scripts", "release.sh"), "v9.8.7", "linux/"+runtime.GOARCH)
	cmd.Env = append(os.Environ(), "DIST="+dist)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("release.sh: %v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dist, name+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", "-c", "cd '"+dist+"' && sha256sum -c SHA256SUMS").CombinedOutput(); err != nil {
		t.Errorf("SHA256SUMS: %v\n%s", err, out)
	}
	return data
}

// extract writes the files of a .tar.gz below folder.
func extract(t *testing.T, data []byte, folder string) {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(unzipped); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, filepath.FromSlash(head.Name))
		if head.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o755)
		} else {
			var text []byte
			if text, err = io.ReadAll(archive); err == nil {
				err = os.WriteFile(path, text, head.FileInfo().Mode().Perm())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Uid != 0 || head.Gid != 0 || head.Uname != "" || head.Gname != "" {
			t.Errorf("%s belongs to a user: %d %s", head.Name, head.Uid, head.Uname)
		}
	}
}

// checkStatic looks whether a binary wants a dynamic linker or libraries.
func checkStatic(t *testing.T, path string) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("not static: a program header %v", p.Type)
		}
	}
}
