package dataset

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pngOf is a grey PNG of which all pixels are v.
func pngOf(t testing.TB, cols, rows int, v byte) []byte {
	t.Helper()
	grey := image.NewGray(image.Rect(0, 0, cols, rows))
	for i := range grey.Pix {
		grey.Pix[i] = v
	}
	var file bytes.Buffer
	if err := png.Encode(&file, grey); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// tree is files by path.
type tree map[string][]byte

// twoClasses is a sound tree, each picture of the colour that its position has, and as wide.
func twoClasses(t testing.TB) tree {
	files := tree{}
	for i, name := range []string{"train/cat/a.png", "train/cat/b.PNG", "train/dog/a.png", "val/cat/y.png", "test/cat/z.png", "test/dog/a.png"} {
		files[name] = pngOf(t, 1+i, 2, byte(i))
	}
	return files
}

func (files tree) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (files tree) zip(t testing.TB) string {
	t.Helper()
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entry, err := w.Create(name)
		if err == nil {
			_, err = entry.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(tree{"set.zip": file.Bytes()}.write(t), "set.zip")
}

// openNamed opens what spec names, and returns the notices, too.
func openNamed(t testing.TB, spec string) (data *Data, notices []string, err error) {
	data, err = Open(t.Context(), OpenOptions{Spec: spec, Notice: func(text string) { notices = append(notices, text) }})
	return data, notices, err
}

// widthsAndColours writes a source in short: the label, the width and the colour of each picture.
func widthsAndColours(t *testing.T, s Source) string {
	if s == nil {
		return "none"
	}
	var all []string
	for i := range s.Len() {
		p, err := Read(t.Context(), s, i)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%d:%d=%d", s.Label(i), p.Cols, p.Pix[0]))
	}
	return strings.Join(all, " ")
}

// Folders, a zip of them and a list of the same pictures are the same data.
func TestOpenPictures(t *testing.T) {
	files := twoClasses(t)
	list := "path,label,split\ntrain/cat/a.png,cat,train\ntrain/cat/b.PNG,cat,train\ntrain/dog/a.png,dog,train\n" +
		"val/cat/y.png,cat,val\ntest/cat/z.png,cat,test\ntest/dog/a.png,dog,test\n"
	listed := maps.Clone(files)
	listed["list.csv"] = []byte(list)
	loose := tree{"labels.csv": []byte(list)} // no class folders: the list counts
	for name, content := range files {
		flat := strings.ReplaceAll(name, "/", "_")
		loose[flat], loose["labels.csv"] = content, bytes.ReplaceAll(loose["labels.csv"], []byte(name), []byte(flat))
	}
	for name, test := range map[string]struct{ spec, kind string }{
		"folders":                  {files.write(t), ClassFolders},
		"zip":                      {files.zip(t), ClassFolders},
		"list":                     {filepath.Join(listed.write(t), "list.csv"), Listed},
		"folder of a list":         {loose.write(t), Listed},
		"zip of a list":            {loose.zip(t), Listed},
		"folders, a list in it":    {listed.write(t), ClassFolders},
		"zip of folders, and list": {listed.zip(t), ClassFolders},
	} {
		data, notices, err := openNamed(t, test.spec)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if data.Kind != test.kind || data.Spec != test.spec || data.Origin != test.spec || data.Garments() {
			t.Errorf("%s: kind %s, spec %s, origin %s", name, data.Kind, data.Spec, data.Origin)
		}
		if diff := cmp.Diff([]string{"cat", "dog"}, data.Classes); diff != "" {
			t.Errorf("%s: classes (-want +got):\n%s", name, diff)
		}
		got := []string{widthsAndColours(t, data.Train), widthsAndColours(t, data.Val), widthsAndColours(t, data.Test)}
		if diff := cmp.Diff([]string{"0:1=0 1:3=2 0:2=1", "0:4=3", "0:5=4 1:6=5"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if wanted := strings.Contains(name, "in it") || strings.Contains(name, "and list"); wanted != (len(notices) > 0) {
			t.Errorf("%s: notices %q", name, notices)
		}
	}
}

// Garments' names have no order or spelling of their own.
func TestOpenPicturesGarments(t *testing.T) {
	dir := tree{"Dress/a.png": nil, "bag/a.png": nil, "Coat/a.png": nil}.write(t)
	data, _, err := openNamed(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Coat", "Dress", "bag"}, data.Classes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if data.Val != nil || data.Test != nil || data.Train.Len() != 3 {
		t.Errorf("%+v", data)
	}
}

func TestOpenPicturesErrors(t *testing.T) {
	for name, test := range map[string]struct {
		files tree
		under string // what --data names
		want  string
	}{
		"folder":            {tree{"Train/cat/a.txt": nil, "Train/dog/b.txt": nil}, "", ": no pictures of classes: it holds Train/cat and Train/dog"},
		"empty":             {tree{".hidden": nil}, "", ": no pictures of classes: it is empty"},
		"a picture":         {tree{"a.png": nil}, "a.png", ": not a folder, nor a sound zip or CSV file"},
		"another CSV":       {tree{"a.csv": []byte("id,name\n1,2\n")}, "a.csv", ": columns id and name: a list has the columns path and label"},
		"an empty CSV":      {tree{"a.csv": nil}, "a.csv", ": the file is empty"},
		"two lists":         {tree{"a.csv": []byte("path,label\n"), "b.csv": []byte("path,label\n")}, "", ": 2 lists of pictures: name one of them"},
		"no CSV":            {tree{"a.png": nil}, "b.csv", ": no such file"},
		"one class, a list": {tree{"images/a.png": nil, "l.csv": []byte("path,label\nimages/a.png,cat\n")}, "", ": only one class has pictures, cat"},
	} {
		spec := filepath.Join(test.files.write(t), test.under)
		_, _, err := openNamed(t, spec)
		if err == nil || !strings.HasPrefix(err.Error(), spec) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %s", name, err, test.want)
		}
	}
	spec := twoClasses(t).write(t)
	if _, err := Open(t.Context(), OpenOptions{Spec: spec, Classes: "names.txt"}); err == nil || !strings.Contains(err.Error(), "--classes is for IDX files") {
		t.Errorf("error %v", err)
	}
}

func TestOpenPicturesCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if data, err := Open(ctx, OpenOptions{Spec: twoClasses(t).write(t)}); !errors.Is(err, context.Canceled) {
		t.Errorf("data %v, error %v", data, err)
	}
}

// IDX files win over class folders, as they did before those were known.
func TestOpenPicturesBesideIDX(t *testing.T) {
	files := twoClasses(t)
	files["t10k-labels-idx1-ubyte.gz"] = nil
	_, _, err := openNamed(t, files.write(t))
	if err == nil || !strings.Contains(err.Error(), "t10k-images-idx3-ubyte: no such file") {
		t.Errorf("error %v", err)
	}
}
