package main

import (
	"runtime"
	"strings"
	"testing"
)

// own is a set of someone's own, and what fit is to make of it.
type own struct {
	name  string
	files string   // see drawing.layOut
	data  string   // what --data names below the folder; "": the folder
	flags []string // added to those of all cases

	train, scored, test int      // how many pictures; test 0: none is scored at the end alone
	classes             []string // of the network
	split               string   // what eval scores if it is not told; "": test
	left                []string // files that are left out
	says                []string // parts of notices
	silent              []string // what no notice says
	refused             []string // parts of the error, if it is to be one
	linux               bool     // other systems have no such files
}

var ownFolders = []own{
	{
		name:  "garments' names are sorted like others",
		files: "train/dress/*.png: 3\ntrain/coat/*.png: 3\ntrain/bag/*.png: 3\ntest/dress/*.png: 2\ntest/coat/*.png: 2\ntest/bag/*.png: 2",
		train: 6, scored: 3, test: 6, classes: []string{"bag", "coat", "dress"},
	},
	{
		name:  "val",
		files: "train/cat/*.png: 2\ntrain/dog/*.png: 2\nval/cat/*.png: 1\nval/dog/*.png: 1",
		train: 4, scored: 2, split: "val", classes: catDog,
	},
	{
		name:  "valid",
		files: "train/cat/*.png: 2\ntrain/dog/*.png: 2\nvalid/cat/*.png: 1\nvalid/dog/*.png: 1",
		train: 4, scored: 2, split: "val", classes: catDog,
	},
	{
		name:  "validation beside TEST in other letters",
		files: "TRAIN/cat/*.png: 2\nTRAIN/dog/*.png: 3\nValidation/cat/*.png: 1\nValidation/dog/*.png: 1\nTEST/cat/*.png: 2\nTEST/dog/*.png: 1",
		train: 5, scored: 2, test: 3, classes: catDog,
	},
	{
		name:  "Train and Test",
		files: "Train/cat/*.png: 5\nTrain/dog/*.png: 5\nTest/cat/*.png: 1\nTest/dog/*.png: 1",
		train: 8, scored: 2, test: 2, classes: catDog,
	},
	{
		name:  "test asked for",
		files: "train/cat/*.png: 5\ntrain/dog/*.png: 5\ntest/cat/*.png: 1\ntest/dog/*.png: 1",
		flags: []string{"--val", "test"},
		train: 10, scored: 2, classes: catDog,
	},
	{
		name:  "train alone",
		files: "train/cat/*.png: 6\ntrain/dog/*.png: 6",
		train: 10, scored: 2, split: "val", classes: catDog,
	},
	{
		name:  "train alone, four held out",
		files: "train/cat/*.png: 6\ntrain/dog/*.png: 6",
		flags: []string{"--val", "4"},
		train: 8, scored: 4, split: "val", classes: catDog,
	},
	{
		name:  "classes alone",
		files: "cat/*.png: 6\ndog/*.png: 6",
		train: 10, scored: 2, split: "val", classes: catDog,
	},
	{
		name:  "classes alone, a share held out",
		files: "cat/*.png: 6\ndog/*.png: 6",
		flags: []string{"--val", "50%"},
		train: 6, scored: 6, split: "val", classes: catDog,
	},
	{
		name:  "classes in a folder that wraps them",
		files: "photos/of mine/cat/*.png: 6\nphotos/of mine/dog/*.png: 6\nREADME.md: words",
		train: 10, scored: 2, split: "val", classes: catDog,
	},
	{
		name:  "splits in a folder that wraps them",
		files: "photos/train/cat/*.png: 2\nphotos/train/dog/*.png: 2\nphotos/val/cat/*.png: 1\nphotos/val/dog/*.png: 1",
		train: 4, scored: 2, split: "val", classes: catDog,
	},
	{
		name:  "a picture a class and no more: train is scored",
		files: "cat/*.png: 1\ndog/*.png: 1\neel/*.png: 1",
		train: 3, scored: 3, split: "train", classes: []string{"cat", "dog", "eel"},
		says: []string{"train"},
	},
	{
		name:  "val beside test",
		files: "train/cat/*.png: 2\ntrain/dog/*.png: 2\nval/cat/*.png: 1\nval/dog/*.png: 2\ntest/cat/*.png: 3\ntest/dog/*.png: 1",
		train: 4, scored: 3, test: 4, classes: catDog,
	},
	{
		name:  "a class that val lacks",
		files: "train/cat/*.png: 2\ntrain/dog/*.png: 2\nval/cat/*.png: 1",
		train: 4, scored: 1, split: "val", classes: catDog,
	},
	{
		name:  "folders below a class",
		files: "train/cat/phone/*.png: 1\ntrain/cat/phone/2024/may/*.png: 1\ntrain/dog/*.png: 2\nval/cat/*.png: 1\nval/dog/old/*.png: 1",
		train: 4, scored: 2, split: "val", classes: catDog,
	},
	{
		name: "what systems leave behind",
		files: "train/cat/*.png: 2\ntrain/dog/*.png: 2\nval/cat/*.png: 1\nval/dog/*.png: 1\n" +
			"train/__MACOSX/cat/._0.png: x\n__MACOSX/train/cat/._0.png: x\ntrain/.git/*.png: 1\n.cache/*.png: 1\ntrain/cat/.hidden.png: a JPEG\n" +
			"train/cat/._1.png: x\ntrain/cat/Thumbs.db: x\ntrain/dog/desktop.ini: x\ntrain/.DS_Store: x\ntrain/@eaDir/*.png: 1\ntrain/dog/@eaDir/0.png/*.jpg: 1",
		train: 4, scored: 2, split: "val", classes: catDog,
		silent: []string{"__MACOSX", ".git", ".cache", "hidden", "._", "Thumbs", "desktop.ini", "DS_Store", "@eaDir", "no pictures", "ignored"},
	},
	{
		name:  "an empty class",
		files: "train/cat/*.png: 2\ntrain/dog/*.png: 2\ntrain/eel/.gitkeep: x\nval/cat/*.png: 1\nval/dog/*.png: 1\nval/eel/.gitkeep: x",
		train: 4, scored: 2, split: "val", classes: catDog,
		says: []string{"eel"},
	},
	{
		name:  "a stray picture, and a text",
		files: "train/cat/*.png: 2\ntrain/dog/*.png: 2\ntrain/sample*.png: 1\ntrain/dog/notes.txt: words\nval/cat/*.png: 1\nval/dog/*.png: 1",
		train: 4, scored: 2, split: "val", classes: catDog,
		says: []string{"2 "},
	},
	{
		name:  "mixed sizes and kinds, whatever the name says",
		files: "train/cat/*.png: 2\ntrain/cat/a.png: a JPEG\ntrain/cat/no-ending: a JPEG\ntrain/dog/*.GIF: 2\ntrain/dog/1.JPG: a JPEG\nval/cat/*.bmp: 1\nval/dog/*.tif: 1",
		train: 7, scored: 2, split: "val", classes: catDog,
	},
	{
		name:  "links",
		files: "elsewhere/*.png: 3\nset/train/cat/*.png: 2\nset/train/cat/link.png: @set/train/cat/0.png\nset/train/dog: @elsewhere\nset/train/cat/loop: @set/train/cat\nset/val/cat/*.png: 1\nset/val/dog/*.png: 1",
		data:  "set",
		train: 6, scored: 2, split: "val", classes: catDog,
	},
	{
		name:  "a link that leads nowhere",
		files: "train/cat/*.png: 2\ntrain/cat/link.png: @absent.png\ntrain/dog/*.png: 2\nval/cat/*.png: 1\nval/dog/*.png: 1",
		train: 4, scored: 2, split: "val", classes: catDog,
		left: []string{"train/cat/link.png"}, says: []string{"link.png"},
	},
	{
		name:  "a cut JPEG",
		files: "train/cat/*.jpg: 2\ntrain/cat/001.jpg: cut\ntrain/dog/*.jpg: 2\nval/cat/*.jpg: 1\nval/dog/*.jpg: 1",
		train: 4, scored: 2, split: "val", classes: catDog,
		left: []string{"train/cat/001.jpg"}, says: []string{"train/cat/001.jpg"},
	},
	{
		name:  "an empty file, a HEIC photo and a wrong one in val",
		files: "train/cat/*.png: 2\ntrain/cat/9.png: empty\ntrain/dog/*.png: 2\ntrain/dog/phone.heic: HEIC\nval/cat/*.png: 1\nval/cat/bad.png: words\nval/dog/*.png: 1",
		train: 4, scored: 2, split: "val", classes: catDog,
		left: []string{"train/cat/9.png", "train/dog/phone.heic", "val/cat/bad.png"}, says: []string{"train/cat/9.png", "phone.heic"},
	},
	{
		name:  "a cut JPEG where it may not be",
		files: "train/cat/*.jpg: 2\ntrain/cat/001.jpg: cut\ntrain/dog/*.jpg: 2\nval/cat/*.jpg: 1\nval/dog/*.jpg: 1",
		flags: []string{"--strict"}, refused: []string{"001.jpg"},
	},
	{
		name: "too many that cannot be read",
		files: "train/cat/*.jpg: 2\ntrain/dog/*.jpg: 2\nval/cat/*.jpg: 1\nval/dog/*.jpg: 1\n" +
			strings.Join(numbered("train/cat/bad%.jpg: cut", 11), "\n"),
		refused: []string{"11 "},
	},
	{
		name:    "a class in test alone",
		files:   "train/cat/*.png: 2\ntrain/dog/*.png: 2\ntest/cat/*.png: 1\ntest/dog/*.png: 1\ntest/fox/*.png: 1",
		refused: []string{"fox"},
	},
	{
		name:    "one class",
		files:   "train/cat/*.png: 2\ntest/cat/*.png: 1",
		refused: []string{"cat"},
	},
	{
		name:    "names that differ in a letter's case",
		files:   "train/cat/*.png: 2\ntrain/dog/*.png: 2\ntest/Cat/*.png: 1\ntest/dog/*.png: 1",
		refused: []string{"test/Cat", "cat"},
	},
	{
		name:    "a name with a control character",
		files:   "train/cat/*.png: 2\ntrain/d\tog/*.png: 2",
		linux:   true,
		refused: []string{"d\\tog"},
	},
	{
		name:    "a name in no encoding",
		files:   "train/cat/*.png: 2\ntrain/\xff\xfe/*.png: 2",
		linux:   true,
		refused: []string{"\\xff\\xfe"},
	},
	{
		name:    "a folder that holds no classes",
		files:   "photos/readme.txt: words\nphotos/more/notes.txt: words",
		refused: []string{"photos"},
	},
	{
		name:  "a split that holds no pictures",
		files: "train/cat/*.png: 2\ntrain/dog/*.png: 2\ntest/readme.txt: words",
		train: 2, scored: 2, split: "val", classes: catDog,
		says: []string{"test/readme.txt"},
	},
	{
		name:  "names with spaces, signs and compositions",
		files: "train/big\u00a0cat/*.png: 2\ntrain/👩\u200d🔬/*.png: 2\ntrain/caf\u00e9/*.png: 2\nval/big\u00a0cat/*.png: 1\nval/👩\u200d🔬/*.png: 1\nval/cafe\u0301/*.png: 1",
		train: 6, scored: 3, split: "val", classes: []string{"big\u00a0cat", "caf\u00e9", "👩\u200d🔬"},
	},
	{
		name:  "three hundred classes",
		files: strings.Join(numbered("%/*.bmp: 2", 300), "\n"),
		train: 300, scored: 300, split: "val", classes: sorted(numbered("%", 300)),
	},
	{
		name:  "the first of each class",
		files: "train/cat/*.png: 6\ntrain/dog/*.png: 6\nval/cat/*.png: 1\nval/dog/*.png: 1",
		flags: []string{"--limit-train", "4"},
		train: 4, scored: 2, split: "val", classes: catDog,
	},
	{
		name:  "a limit that leaves a class out",
		files: "train/cat/*.png: 6\ntrain/dog/*.png: 6\ntrain/eel/*.png: 6\nval/cat/*.png: 1\nval/dog/*.png: 1",
		flags: []string{"--limit-train", "2"},
		train: 2, scored: 2, split: "val", classes: []string{"cat", "dog", "eel"},
		says: []string{"limit-train"},
	},
}

var catDog = []string{"cat", "dog"}

// Sets in the layouts that people have give the splits and classes that docs/data.md says.
func TestOwnFolders(t *testing.T) {
	for _, c := range ownFolders {
		t.Run(c.name, func(t *testing.T) {
			if c.linux && runtime.GOOS != "linux" {
				t.Skip("no such files here")
			}
			dir := t.TempDir()
			small.layOut(t, dir, c.files)
			c.check(t, dir)
		})
	}
}
