package listing

import (
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"vggtrain/internal/memory/memorytest"
)

// check holds a list to what is promised of it.
func check(t *testing.T, l *List) {
	t.Helper()
	if !slices.IsSorted(l.Classes) || len(l.Classes) < 2 || len(slices.Compact(slices.Clone(l.Classes))) != len(l.Classes) {
		t.Errorf("classes %q", l.Classes)
	}
	for _, class := range l.Classes {
		if err := CheckClass(class); err != nil || ClassKey(class) != class {
			t.Errorf("class %q: %v", class, err)
		}
	}
	trained := make([]bool, len(l.Classes))
	for s, items := range [][]Item{l.Train, l.Val, l.Test} {
		for i, item := range items {
			if item.Label < 0 || int(item.Label) >= len(l.Classes) {
				t.Fatalf("split %d: label %d of item %d", s, item.Label, i)
			}
			if s == 0 {
				trained[item.Label] = true
			}
		}
	}
	if slices.Contains(trained, false) {
		t.Errorf("a class without pictures: %v", trained)
	}
	for _, n := range l.Notices {
		if strings.Contains(n, "\n") || n == "" {
			t.Errorf("notice %q", n)
		}
	}
}

// grow makes in dir what lines say, each a path whose file has the content; one that begins with @ is a
// link to what follows a space. What cannot be made is not; nothing is made outside of dir.
func grow(t *testing.T, dir, lines string, content []byte) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for line := range strings.SplitSeq(lines, "\n") {
		name, target, _ := strings.Cut(line, " ")
		link, isLink := strings.CutPrefix(name, "@")
		if !isLink {
			link = line
		}
		if root.MkdirAll(path.Dir(link), 0o700) != nil {
			continue
		}
		if isLink {
			_ = root.Symlink(target, link)
		} else {
			_ = root.WriteFile(link, content, 0o600)
		}
	}
}

// FuzzClassFolders lists any tree, with links to anywhere inside: one line, or a sound list, in bounded
// memory.
func FuzzClassFolders(f *testing.F) {
	sound := "train/cat/a.png\ntrain/dog/b.jpg\ntest/cat/a.gif\ntest/dog/c.jpeg"
	gif := []byte("GIF89a")
	f.Add(sound, gif)
	f.Add(sound+"\ntrain/dog/.hidden\ntrain/notes.txt\n@train/cat/l.png a.png\n@train/cat/loop ..", gif)
	f.Add(sound+"\n@train/emu emu\n@test/emu ../train/cat\n@train/fox dog\n@train/cat/a ../dog\n@train/dog/a ../cat", gif)
	f.Add(sound+"\ntest/cow/a.png\ntrain/cow/a.webp\nvalid/cow/b.png", gif)
	f.Add("photos/train/Bag/a.png\nphotos/train/ankle_boot/a\nphotos/Test/Ankle_boot/a.png", gif)
	f.Add("a/b/c/cat/1\na/b/c/dog/deep/er/2\n@a/up ../..", gif)
	f.Add("cat/1.png\ndog/2.png\nlabels.csv", []byte("path,label\ncat/1.png,x\ndog/2.png,y\n"))
	f.Fuzz(func(t *testing.T, lines string, content []byte) {
		if len(lines) > 1<<12 || strings.Contains(lines, " /") || strings.Contains(lines, "..") && runtime.GOOS == "windows" {
			t.Skip() // links to the whole disk
		}
		for line := range strings.SplitSeq(lines, "\n") {
			if name, target, isLink := strings.Cut(line, " "); isLink && strings.HasPrefix(name, "@") && strings.Count(target, "..") > strings.Count(path.Clean(name), "/") {
				t.Skip() // as well
			}
		}
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		grow(t, dir, lines, content)
		var l *List
		var err error
		n := int64(1 + strings.Count(lines, "\n") + strings.Count(lines, "/"))
		bound := 1<<20 + n*n*8<<10 // a folder may be in each class once
		if got := memorytest.Allocated(bound, func() { l, err = classesOf(t.Context(), dir) }); got > bound {
			t.Errorf("%d bytes allocated, bound %d", got, bound)
		}
		if err != nil {
			if text := err.Error(); !strings.Contains(text, filepath.Base(dir)) || strings.Contains(text, "\n") {
				t.Errorf("error %q, want one line that names the folder", text)
			}
			return
		}
		check(t, l)
	})
}

// FuzzList lists any bytes as a CSV list.
func FuzzList(f *testing.F) {
	for _, text := range []string{
		"path,label\na.png,cat\nb.png,dog\n", "\xef\xbb\xbflabel,path,split\r\ncat,a.png,Train\r\ndog,b.png,train\r\ndog,../c.png,valid\r\n",
		"path,label\n\"a,b.png\",\"ca\"\"t\"\n/etc/x.png,dog", "path,label\na.png\n", "path,label\n\"open", "label,pixel1\n1,2\n", "", "path,label\n\\a\\b.png,caf\xe9\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p := &Place{FS: fstest.MapFS{"list.csv": {Data: text}}, Title: "DIR", Dir: ".", Table: "list.csv"}
		if err := p.enter(t.Context(), Options{}); err != nil {
			t.Fatal(err)
		}
		form, header, err := p.FormOfTable("list.csv")
		if err == nil && form != Paths {
			err = p.NoTable("list.csv", header)
		}
		var l *List
		if err == nil {
			l, err = p.List("list.csv")
		}
		if err != nil {
			if text := err.Error(); !strings.Contains(text, "list.csv") || strings.Contains(text, "\n") {
				t.Errorf("error %q, want one line that names the file", text)
			}
			return
		}
		check(t, l)
	})
}
