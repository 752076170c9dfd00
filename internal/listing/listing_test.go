package listing

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// plant makes files in a folder, a line each: "train/cat/a.png", "train/cat/" for a folder, "@link target",
// and "name = content" for content other than the name.
func plant(t testing.TB, dir, lines string) string {
	t.Helper()
	for line := range strings.Lines(lines) {
		line = strings.TrimSuffix(line, "\n")
		name, content, _ := strings.Cut(line, " =")
		link, isLink := strings.CutPrefix(name, "@")
		var target string
		if isLink {
			link, target, _ = strings.Cut(link, " ")
			name = link
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		switch {
		case err != nil:
		case isLink:
			err = os.Symlink(target, path)
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o700)
		default:
			err = os.WriteFile(path, []byte(strings.TrimPrefix(strings.ReplaceAll(content, `\n`, "\n"), " ")), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// show writes a list in a few words, messages without the folder.
func show(l *List, err error, dir string) string {
	short := func(text string) string {
		return strings.ReplaceAll(filepath.ToSlash(strings.ReplaceAll(text, dir, "DIR")), "DIR/", "/")
	}
	if err != nil {
		return "error " + short(err.Error())
	}
	var lines []string
	for _, s := range []struct {
		name  string
		items []Item
	}{{"train", l.Train}, {"val", l.Val}, {"test", l.Test}} {
		if s.items == nil {
			continue
		}
		line := s.name
		for _, item := range s.items {
			line += fmt.Sprintf(" %s=%s", item.Name, l.Classes[item.Label])
		}
		lines = append(lines, line)
	}
	for _, n := range l.Notices {
		lines = append(lines, "notice "+short(n))
	}
	return strings.Join(lines, "\n")
}

// classesOf lists the class folders of a path.
func classesOf(ctx context.Context, path string) (*List, error) {
	p, err := Open(ctx, path, Options{})
	if err != nil {
		return nil, err
	}
	l, err := p.Classes()
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return l, nil
}

const twoClasses = "train/cat/1.png\ntrain/cat/2.png\ntrain/dog/1.png"

func TestClasses(t *testing.T) {
	const trained = "train train/cat/1.png=cat train/dog/1.png=dog train/cat/2.png=cat"
	tests := []struct{ name, tree, want string }{
		{"train alone", twoClasses, trained},
		{"root", "cat/1.png\ndog/1.JPG\ncat/2.png", "train cat/1.png=cat dog/1.JPG=dog cat/2.png=cat"},
		{"three splits", twoClasses + "\nval/cat/9.png\ntest/dog/8.png", trained + "\nval val/cat/9.png=cat\ntest test/dog/8.png=dog"},
		{"valid", twoClasses + "\nvalid/cat/9.png", trained + "\nval valid/cat/9.png=cat"},
		{"capitals", "Train/cat/1.png\nTrain/dog/1.png\nVALIDATION/cat/9.png\nTest/dog/1.png",
			"train Train/cat/1.png=cat Train/dog/1.png=dog\nval VALIDATION/cat/9.png=cat\ntest Test/dog/1.png=dog"},
		{"wrapped", "photos/cat/1.png\nphotos/dog/1.png\nREADME.txt", "train photos/cat/1.png=cat photos/dog/1.png=dog"},
		{"wrapped twice, with splits", "a/b/train/cat/1.png\na/b/train/dog/1.png", "train a/b/train/cat/1.png=cat a/b/train/dog/1.png=dog"},
		{"nested", "cat/phone/2020/1.png\ncat/2.png\ndog/1.png", "train cat/2.png=cat dog/1.png=dog cat/phone/2020/1.png=cat"},
		{"ignored names", twoClasses + "\ntrain/__MACOSX/cat/._1.png\n.git/a/b.png\ntrain/cat/.hidden.png\ntrain/cat/Thumbs.db\ntrain/@eaDir/x.png\ntrain/DESKTOP.INI", trained},
		{"empty class", twoClasses + "\ntrain/eel/\ntest/eel/.gitkeep\ntest/cat/1.png", trained + "\ntest test/cat/1.png=cat\nnotice /train/eel: no pictures: the class is left out"},
		{"empty classes", twoClasses + "\ntrain/eel/\ntrain/fox/", trained + "\nnotice /train/eel: no pictures: the class is left out (one of 2 such classes)"},
		{"empty test", twoClasses + "\ntest/", trained},
		{"test without classes", twoClasses + "\ntest/1.png\ntest/2.png", trained + "\nnotice /test/1.png: no picture, or in no folder of a class: left out (one of 2 such files)"},
		{"strays", twoClasses + "\ntrain/sample.png\nlabels.txt = x\ntrain/cat/notes = text\nmore/a/b/c.png",
			trained + "\nnotice /train/cat/notes: no picture, or in no folder of a class: left out (one of 4 such files)"},
		{"by content", twoClasses + "\ntrain/cat/3 = GIF89a", trained + " train/cat/3=cat"},
		{"a class called train", "train/1.png\ncar/1.png\nbus/1.png", "train bus/1.png=bus car/1.png=car train/1.png=train"},
		{"foreign pictures", "cat/1.heic\ndog/1.avif", "train cat/1.heic=cat dog/1.avif=dog"},
		{"sorted by bytes", "b/1.png\nB/1.png\na/1.png\n10/1.png\n9/1.png\né/1.png", "train 10/1.png=10 9/1.png=9 B/1.png=B a/1.png=a b/1.png=b é/1.png=é"},
		{"composed and decomposed", "train/caf\u00e9/1.png\ntrain/dog/1.png\ntest/cafe\u0301/1.png", "train train/caf\u00e9/1.png=caf\u00e9 train/dog/1.png=dog\ntest test/cafe\u0301/1.png=caf\u00e9"},
		{"one name in two forms", "caf\u00e9/1.png\ncafe\u0301/2.png\ndog/1.png", "train cafe\u0301/2.png=caf\u00e9 dog/1.png=dog caf\u00e9/1.png=caf\u00e9"},
		{"odd names", "big\u00a0cat/1.png\n\u202eevil/1.png", "train big\u00a0cat/1.png=big\u00a0cat \u202eevil/1.png=\u202eevil"},

		{"empty", "", "error DIR: no pictures of classes: it is empty"},
		{"files alone", "a.png\nb.txt", "error DIR: no pictures of classes: it holds a.png and b.txt"},
		{"no pictures", "Train/cat/a.txt\nTrain/dog/", "error DIR: no pictures of classes: it holds Train/cat and Train/dog"},
		{"one class", "train/cat/1.png\ntest/cat/1.png", "error DIR: only one class has pictures, cat: there must be two or more; it holds test/cat and train/cat"},
		{"many files", "a\nb\nc\nd\ne\nf", "error DIR: no pictures of classes: it holds a, b, c, d and more"},
		{"test alone", "test/cat/1.png\ntest/dog/1.png", "error DIR: no folder train with folders of classes in it: it holds test/cat and test/dog"},
		{"splits without classes", "train/1.png\ntest/1.png", "error DIR: no folder train with folders of classes in it: it holds test/ and train/"},
		{"two folders val", twoClasses + "\nval/cat/1.png\nvalid/cat/1.png", "error /valid: the same split as /val: keep one of the two"},
		{"class of test alone", twoClasses + "\ntest/fox/0.png", "error /test/fox: a class that train does not have: add pictures of it to train, or remove it"},
		{"class of val without pictures in train", twoClasses + "\ntrain/fox/\nval/fox/0.png", "error /val/fox: a class of which /train/fox has no pictures: put some in, or remove both"},
		{"a letter's case", twoClasses + "\ntest/Cat/0.png", "error /test/Cat: train calls it cat: the two differ in a letter's case; rename one"},
		{"control character", "a\x1b[31m/1.png\nb/1.png", `error "/a\x1b[31m": a class name with a control character: rename it`},
		{"no encoding", "caf\xe9/1.png\nb/1.png", `error "/caf\xe9": a class name that is not UTF-8: rename it`},
		{"no encoding of a file", "cat/caf\xe9.png\ndog/1.png", "train cat/caf\xe9.png=cat dog/1.png=dog"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if (strings.Contains(test.tree, "\x1b") || !utf8.ValidString(test.tree)) && runtime.GOOS != "linux" {
				t.Skip("names of bytes are Linux's")
			}
			dir := plant(t, t.TempDir(), test.tree)
			l, err := classesOf(t.Context(), dir)
			if diff := cmp.Diff(test.want, show(l, err, dir)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Links are followed, out of the folder too; loops of them end, and no class has the pictures of others by
// a link to what it is in.
func TestClassesLinks(t *testing.T) {
	outside := plant(t, t.TempDir(), "more/9.png\nalone.png")
	dir := plant(t, t.TempDir(), twoClasses+"\n@train/cat/loop ..\n@train/cat/self .\n@train/dog/out "+filepath.Join(outside, "more")+
		"\n@train/dog/x.png "+filepath.Join(outside, "alone.png")+"\n@train/dog/nowhere.png nothing\n@train/dog/nothing nothing\n@train/eel cat")
	got, err := classesOf(t.Context(), dir)
	want := "train train/cat/1.png=cat train/dog/1.png=dog train/eel/1.png=eel " +
		"train/cat/2.png=cat train/dog/nowhere.png=dog train/eel/2.png=eel " +
		"train/dog/out/9.png=dog train/dog/x.png=dog\n" +
		"notice /train/dog/nothing: no picture, or in no folder of a class: left out"
	if diff := cmp.Diff(want, show(got, err, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	linked := plant(t, t.TempDir(), "@photos "+dir)
	if l, err := classesOf(t.Context(), filepath.Join(linked, "photos")); err != nil || len(l.Train) != len(got.Train) {
		t.Errorf("a link to a set: %v, %v", l, err)
	}
	if l, err := classesOf(t.Context(), linked); err != nil || len(l.Train) != len(got.Train) {
		t.Errorf("a set that a link wraps: %v, %v", l, err)
	}
	loop := plant(t, t.TempDir(), "@a b\n@b a\n@c .")
	if _, err := classesOf(t.Context(), loop); err == nil || !strings.Contains(err.Error(), "no pictures") {
		t.Errorf("loops alone: %v", err)
	}
}

// A class that is a link elsewhere has no pictures of the set that it is in, either.
func TestClassesLinkBack(t *testing.T) {
	set := t.TempDir()
	outside := plant(t, t.TempDir(), "cat/1.png\n@cat/up ..\n@cat/set "+set)
	plant(t, set, "dog/1.png\ndog/2.png\n@dog/up ..\n@cat "+filepath.Join(outside, "cat"))
	got, err := classesOf(t.Context(), set)
	if diff := cmp.Diff("train cat/1.png=cat dog/1.png=dog dog/2.png=dog", show(got, err, set)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Folders that many links lead to are looked into once a class.
func TestClassesDiamonds(t *testing.T) {
	var tree strings.Builder
	for i := range 30 {
		fmt.Fprintf(&tree, "cat/%d/x.txt\n@cat/%d/a ../%d\n@cat/%d/b ../%d\n", i, i, i+1, i, i+1)
	}
	dir := plant(t, t.TempDir(), tree.String()+"cat/30/1.png\ndog/1.png")
	l, err := classesOf(t.Context(), dir)
	if err != nil || len(l.Train) != 2 {
		t.Errorf("%v, %v", l, err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := plant(t, t.TempDir(), "text.txt = hello\nbad.zip = hello\nempty.zip =\ncut.zip = PK\x03\x04\x14")
	for name, want := range map[string]string{
		"none": "none: no such folder", "none.zip": "none.zip: no such file", "none.csv": "none.csv: no such file",
		"text.txt":  "text.txt: not a folder, nor a sound zip or CSV file",
		"bad.zip":   "bad.zip: not a folder, nor a sound zip or CSV file",
		"cut.zip":   "cut.zip: not a sound zip file, but one that is cut short or damaged: fetch or copy it again",
		"empty.zip": "empty.zip: not a folder, nor a sound zip or CSV file",
	} {
		_, err := Open(t.Context(), filepath.Join(dir, name), Options{})
		if err == nil || err.Error() != filepath.Join(dir, want) || errors.Is(err, fs.ErrNotExist) != strings.Contains(want, "no such") {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// A listing ends with its context, and says how far it is.
func TestOpenContext(t *testing.T) {
	dir := plant(t, t.TempDir(), twoClasses)
	ctx, cancel := context.WithCancel(t.Context())
	var seen []int
	p, err := Open(ctx, dir, Options{Progress: func(n int) { seen = append(seen, n) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Classes(); err != nil || !slices.IsSorted(seen) || len(seen) < 3 {
		t.Errorf("%v, progress %v", err, seen)
	}
	cancel()
	if _, err := p.Classes(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
