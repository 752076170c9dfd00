package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const catsAndDogs = "cat/*.png: 6\ndog/*.png: 6"

// archives are folders that are packed to set.zip, with and without a folder round them.
var archives = []own{
	{
		name:  "classes",
		files: catsAndDogs,
		train: 10, scored: 2, split: "val", classes: catDog,
	},
	{
		name: "splits in a folder, and what a Mac adds",
		files: "photos/Train/cat/*.png: 2\nphotos/Train/dog/*.png: 2\nphotos/Valid/cat/*.png: 1\nphotos/Valid/dog/*.png: 1\n" +
			"__MACOSX/photos/Train/cat/._0.png: x\nphotos/.DS_Store: x",
		train: 4, scored: 2, split: "val", classes: catDog,
	},
	{
		name:  "one that cannot be read",
		files: "train/cat/*.png: 2\ntrain/cat/9.jpg: cut\ntrain/dog/*.png: 2\nval/cat/*.png: 1\nval/dog/*.png: 1",
		train: 4, scored: 2, split: "val", classes: catDog,
		left: []string{"train/cat/9.jpg"}, says: []string{"train/cat/9.jpg"},
	},
}

func TestOwnZips(t *testing.T) {
	for _, c := range archives {
		t.Run(c.name, func(t *testing.T) {
			dir, packed := t.TempDir(), t.TempDir()
			small.layOut(t, dir, c.files)
			var file bytes.Buffer
			w := zip.NewWriter(&file)
			if err := w.AddFS(os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(packed, "set.zip"), file.Bytes())
			c.data = "set.zip"
			c.check(t, packed)
		})
	}
}

// csvLists are files list.csv beside the pictures of catsAndDogs.
var csvLists = map[string]struct {
	own
	list string
}{
	"path and label": {
		own{train: 4, scored: 2, split: "val", classes: catDog},
		"path,label\ncat/0.png,cat\ncat/1.png,cat\ncat/2.png,cat\ndog/0.png,dog\ndog/1.png,dog\ndog/2.png,dog\n",
	},
	"a column that says the split, others, and a mark of the encoding": {
		own{train: 3, scored: 2, test: 1, classes: []string{"a, b", "dog"}},
		"\ufeffid,Label,Split,Path\r\n1,\"a, b\",train,cat/0.png\r\n2,\"a, b\",valid,./cat/1.png\r\n3,dog,train,dog/0.png\r\n" +
			"4,dog,Train,dog/1.png\r\n5,dog,val,dog/2.png\r\n6,\"a, b\",TEST,cat/2.png\r\n",
	},
	"labels that are numbers": {
		own{train: 4, scored: 2, split: "val", classes: []string{"-1", "7"}},
		"path,label\ncat/0.png,-1\ncat/1.png,-1\ncat/2.png,-1\ndog/0.png,7\ndog/1.png,7\ndog/2.png,7\n",
	},
	"a file that is not there": {
		own{train: 4, scored: 2, split: "val", classes: catDog, left: []string{"cat/12.png"}, says: []string{"cat/12.png"}},
		"path,label\ncat/0.png,cat\ncat/1.png,cat\ncat/2.png,cat\ncat/12.png,cat\ndog/0.png,dog\ndog/1.png,dog\ndog/2.png,dog\n",
	},
	"no column path": {
		own{refused: []string{"list.csv", "path"}},
		"file,label\ncat/0.png,cat\n",
	},
	"a line that is too short": {
		own{refused: []string{"list.csv", "3"}},
		"path,label\ncat/0.png,cat\ndog/0.png\n",
	},
}

func TestOwnLists(t *testing.T) {
	for name, c := range csvLists {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			small.layOut(t, dir, catsAndDogs)
			put(t, filepath.Join(dir, "list.csv"), []byte(c.list))
			c.data = "list.csv"
			c.check(t, dir)
		})
	}
}

// kaggle is Kaggle's CSV of pictures of 4×4 pixels with these labels.
func kaggle(labels ...int) string {
	lines := []string{"label"}
	for i := range 16 {
		lines[0] += fmt.Sprintf(",pixel%d", i+1)
	}
	for n, label := range labels {
		line := fmt.Sprint(label)
		for i := range 16 {
			line += fmt.Sprintf(",%d", (label*40+i*9+n)%256)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestKaggle(t *testing.T) {
	for name, c := range map[string]struct {
		own
		train, test string
	}{
		"each class once": {
			own{train: 3, scored: 2, classes: []string{"1", "2", "3"}},
			kaggle(1, 2, 3), kaggle(2, 1),
		},
		"twelve to train on": {
			own{train: 10, scored: 2, test: 3, classes: []string{"0", "9"}},
			kaggle(0, 9, 0, 9, 0, 9, 0, 9, 0, 9, 0, 9), kaggle(9, 9, 0),
		},
		"a pixel that is none": {
			own{refused: []string{"fashion-mnist_train.csv", "3"}},
			strings.Replace(kaggle(1, 2), "\n2,", "\n2,9", 1), kaggle(1, 2),
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "fashion-mnist_train.csv"), []byte(c.train))
			put(t, filepath.Join(dir, "fashion-mnist_test.csv"), []byte(c.test))
			c.check(t, dir)
		})
	}
}
