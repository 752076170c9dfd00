package listing

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/memory/memorytest"
)

// packed writes a zip file of lines as of plant's: entries in their order, "name = content".
func packed(t testing.TB, lines string, edit func(*zip.FileHeader)) []byte {
	t.Helper()
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	for line := range strings.Lines(lines) {
		name, content, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " = ")
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if edit != nil {
			edit(h)
		}
		entry, err := w.CreateHeader(h)
		if err == nil && !strings.HasSuffix(name, "/") {
			_, err = io.WriteString(entry, strings.ReplaceAll(content, `\n`, "\n"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// listZip writes a zip file and lists its class folders.
func listZip(t *testing.T, file []byte) (l *List, path string, err error) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "set.zip")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err = classesOf(t.Context(), path)
	return l, path, err
}

// A zip file of a folder lists what the folder does.
func TestZip(t *testing.T) {
	for name, tree := range map[string]string{
		"flat":    twoClasses + "\nval/cat/9.png\ntest/dog/8.png",
		"wrapped": "my photos/cat/1.png\nmy photos/dog/1.png\n__MACOSX/my photos/cat/._1.png\n.DS_Store",
		"strays":  twoClasses + "\ntrain/eel/\nREADME = text\ntrain/sample.png\ntrain/cat/GIF = GIF89a",
		"nested":  "cat/a/b/c/1.png\ndog/1.png\ncat/a/2.png",
		"lacking": "test/cat/1.png",
	} {
		dir := plant(t, t.TempDir(), tree)
		l, err := classesOf(t.Context(), dir)
		want := show(l, err, dir)
		l, path, err := listZip(t, packed(t, tree, nil))
		if diff := cmp.Diff(want, show(l, err, path)); diff != "" {
			t.Errorf("%s (-folder +zip):\n%s", name, diff)
		}
	}
}

func TestZipRead(t *testing.T) {
	l, _, err := listZip(t, packed(t, "cat/1.png = one\ncat/caf\xe9.png = two\ndog\\1.png = three\n./dog/2.png = four", nil))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, item := range l.Train {
		content, err := fs.ReadFile(l.FS, item.Name)
		if err != nil {
			t.Error(err)
		}
		got = append(got, fmt.Sprintf("%q=%s", item.Name, content))
	}
	if diff := cmp.Diff([]string{`"cat/1.png"=one`, `"dog/1.png"=three`, `"cat/caf\xe9.png"=two`, `"dog/2.png"=four`}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := fs.Stat(l.FS, "cat/none.png"); !os.IsNotExist(err) {
		t.Errorf("error %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := fs.ReadFile(l.FS, "cat/1.png"); err == nil {
		t.Error("read after Close")
	}
}

func TestZipErrors(t *testing.T) {
	long := strings.Repeat("a/", 2100)
	for want, test := range map[string]struct {
		lines string
		edit  func(*zip.FileHeader)
	}{
		`"../cat/1.png": a name that leads out of the zip file`:  {"../cat/1.png", nil},
		`"a/../../1.png": a name that leads out of the zip file`: {"a/../../1.png", nil},
		`"/etc/passwd": a name that leads out of the zip file`:   {"/etc/passwd", nil},
		`"cat/1.png": twice in the zip file`:                     {"cat/1.png\ncat/1.png", nil},
		`"cat/./1.png": twice in the zip file`:                   {"cat/1.png\ncat/./1.png", nil},
		`"cat/1.png": a file and a folder in the zip file`:       {"cat/1.png\ncat/1.png/2.png", nil},
		`"cat/1.png": encrypted`:                                 {"cat/1.png", func(h *zip.FileHeader) { h.Flags |= 1 }},
		`a name of 4,205 bytes: no more than 4,096 are read`:     {long + "1.png", nil},
		`"caf\xe9": a class name that is not UTF-8`:              {"caf\xe9/1.png\ndog/1.png", nil},
		"it holds a.txt": {"a.txt", nil},
		"it is empty":    {"", nil},
	} {
		_, path, err := listZip(t, packed(t, test.lines, test.edit))
		if err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(want, `"caf\xe9"`)) || !strings.Contains(err.Error(), filepath.Base(path)) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line with %s", err, want)
		}
	}
	sound := packed(t, twoClasses, nil)
	method := bytes.ReplaceAll(sound, []byte("\x08\x00\x08\x00"), []byte("\x08\x00\x5d\x00")) // flags and method: zstd
	if _, _, err := listZip(t, method); err == nil || !strings.Contains(err.Error(), "packed by method 93") {
		t.Errorf("error %v", err)
	}
	for name, file := range map[string][]byte{"cut": sound[:len(sound)-10], "nothing": nil, "text": []byte("hello"), "torn": torn(sound)} {
		if _, _, err := listZip(t, file); err == nil || !strings.Contains(err.Error(), "sound zip") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// torn overwrites the directory's first entry.
func torn(file []byte) []byte {
	file = bytes.Clone(file)
	at := bytes.Index(file, []byte("PK\x01\x02"))
	copy(file[at:], "????")
	return file
}

// A zip announces any size: what is taken for a file is bounded by its packed bytes.
func TestZipSize(t *testing.T) {
	file := packed(t, "cat/1.png = "+strings.Repeat("a", 5000)+"\ndog/1.png", nil)
	at := bytes.LastIndex(file, []byte("PK\x01\x02"))
	for i := range 4 { // of the first entry
		file[bytes.Index(file, []byte("PK\x01\x02"))+24+i] = 0x7f
	}
	l, _, err := listZip(t, file)
	if err != nil || at < 0 {
		t.Fatal(err)
	}
	info, err := fs.Stat(l.FS, "cat/1.png")
	if err != nil || info.Size() > 40*maxInflation || info.Size() < 5000 {
		t.Errorf("size %d, %v", info.Size(), err)
	}
}

// Files that share their packed bytes, as in a bomb, are refused.
func TestZipOverlap(t *testing.T) {
	file := packed(t, "cat/1.png = "+strings.Repeat("abcd", 5000)+"\ncat/2.png\ndog/1.png", nil)
	if _, _, err := listZip(t, file); err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(file, []byte("PK\x01\x02"))
	second := at + 4 + bytes.Index(file[at+4:], []byte("PK\x01\x02"))
	const size, offset = 20, 42
	binary.LittleEndian.PutUint32(file[at+size:], uint32(len(file)/2))
	binary.LittleEndian.PutUint32(file[second+size:], uint32(len(file)/2+1))
	copy(file[second+offset:][:4], file[at+offset:][:4])
	if _, _, err := listZip(t, file); err == nil || !strings.Contains(err.Error(), "files that take more than the zip has") {
		t.Errorf("error %v", err)
	}
}

// A directory of more than the bound is not taken into memory.
func TestZipDirectoryBound(t *testing.T) {
	const entries = 2000
	var lines strings.Builder
	for i := range entries {
		fmt.Fprintf(&lines, "cat/%d.png\n", i)
	}
	file := packed(t, lines.String(), nil)
	limited := &readLimit{r: bytes.NewReader(file), left: 50_000}
	if _, err := zip.NewReader(limited, int64(len(file))); err == nil || limited.left >= 0 {
		t.Errorf("error %v, %d bytes left", err, limited.left)
	}
	limited = &readLimit{r: bytes.NewReader(file), left: math.MaxInt64}
	if _, err := zip.NewReader(limited, int64(len(file))); err != nil {
		t.Error(err)
	}
}

// FuzzZip lists any bytes as a zip file: one line, or a list whose files can be looked up, in bounded
// memory.
func FuzzZip(f *testing.F) {
	sound := packed(f, twoClasses+"\ntest/dog/8.png\ntrain/eel/\n__MACOSX/x\ndog/../../x.png", nil)
	f.Add(sound)
	f.Add(packed(f, "a/photos/cat/1.png\na/photos/dog/1 = GIF89a\na/photos/labels.csv = path,label\\n", nil))
	f.Add(packed(f, "caf\xe9/1.png\n\x1b/2.png\na\\b\\1.png", func(h *zip.FileHeader) { h.NonUTF8 = true }))
	f.Add(packed(f, "train-images-idx3-ubyte\ntrain-labels-idx1-ubyte", nil))
	f.Add(torn(sound))
	f.Add(sound[:len(sound)-5])
	f.Fuzz(func(t *testing.T, file []byte) {
		var l *List
		var err error
		bound := 1<<20 + 2000*int64(len(file))
		taken := memorytest.Allocated(bound, func() { l, err = fuzzedZip(t.Context(), file) })
		if taken > bound {
			t.Errorf("%d bytes allocated, bound %d", taken, bound)
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line", err)
			}
			return
		}
		check(t, l)
	})
}

func fuzzedZip(ctx context.Context, file []byte) (*List, error) {
	z, err := readZip(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	p := &Place{FS: z, Title: "set.zip", Dir: "."}
	if err := p.enter(ctx, Options{}); err != nil {
		return nil, err
	}
	if tables := p.Tables(); len(tables) > 0 {
		return p.List(tables[0])
	}
	return p.Classes()
}
