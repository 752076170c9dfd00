package dataset

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	kaggleTrain = "label,pixel1,pixel2,pixel3,pixel4\n7,1,2,3,4\n10,5,6,7,8\n7,9,10,11,12\n"
	kaggleTest  = "label,pixel1,pixel2,pixel3,pixel4\n10,13,14,15,16\n"
)

func TestOpenKaggle(t *testing.T) {
	train := &Set{[]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, []int32{0, 1, 0}, 2, 2, 1}
	test := &Set{[]byte{13, 14, 15, 16}, []int32{1}, 2, 2, 1}
	for name, c := range map[string]struct {
		files   tree
		under   string
		test    Source
		classes []string
	}{
		"pair":             {tree{"fashion-mnist_train.csv": []byte(kaggleTrain), "fashion-mnist_test.csv": []byte(kaggleTest)}, "", test, nil},
		"plain names":      {tree{"train.csv": []byte(kaggleTrain), "Test.CSV": []byte(kaggleTest), "sample_submission.csv": []byte("id,label\n")}, "", test, nil},
		"no labels":        {tree{"train.csv": []byte(kaggleTrain), "test.csv": []byte("pixel1,pixel2,pixel3,pixel4\n1,2,3,4\n")}, "", nil, nil},
		"one":              {tree{"digits.csv": []byte(kaggleTrain)}, "", nil, nil},
		"one, by name":     {tree{"a_train.csv": []byte(kaggleTrain), "a_test.csv": []byte(kaggleTest)}, "a_train.csv", nil, nil},
		"wrapped":          {tree{"mnist/a_train.csv": []byte(kaggleTrain), "mnist/a_test.csv": []byte(kaggleTest)}, "", test, nil},
		"names, by one":    {tree{"train.csv": []byte(kaggleTrain), "classes.txt": []byte("\xef\xbb\xbfcat\r\ndog\r\n\r\n")}, "", nil, []string{"cat", "dog"}},
		"names, by number": {tree{"train.csv": []byte(kaggleTrain), "classes.txt": []byte("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk")}, "", nil, []string{"h", "k"}},
	} {
		dir := c.files.write(t)
		data, notices, err := openNamed(t, filepath.Join(dir, c.under))
		if err != nil || len(notices) > 0 {
			t.Errorf("%s: %v, notices %q", name, err, notices)
			continue
		}
		if c.classes == nil {
			c.classes = []string{"7", "10"}
		}
		want := &Data{Train: train, Test: c.test, Classes: c.classes, Origin: data.Origin, Spec: filepath.Join(dir, c.under), Kind: Other, Digest: data.Digest}
		if diff := cmp.Diff(want, data); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	zipped, _, err := openNamed(t, tree{"x_train.csv": []byte(kaggleTrain), "x_test.csv": []byte(kaggleTest)}.zip(t))
	if err != nil || cmp.Diff(Source(test), zipped.Test) != "" {
		t.Errorf("zip: %v, %v", zipped, err)
	}
}

func TestOpenKaggleErrors(t *testing.T) {
	for name, c := range map[string]struct {
		files tree
		want  string
	}{
		"test alone":   {tree{"a_test.csv": []byte(kaggleTest)}, "a_test.csv: no file to train on beside it"},
		"two to train": {tree{"a_train.csv": []byte(kaggleTrain), "b_train.csv": []byte(kaggleTrain)}, ": 2 CSV files of images"},
		"sizes":        {tree{"train.csv": []byte(kaggleTrain), "test.csv": []byte("label,pixel1\n7,1\n")}, "test.csv: images of 1×1, but those to train on have 2×2"},
		"label":        {tree{"train.csv": []byte(kaggleTrain), "test.csv": []byte(strings.Replace(kaggleTest, "10,", "8,", 1))}, "test.csv: label 8 of image 0 (counted from 0) is one that train does not have"},
		"one class":    {tree{"train.csv": []byte(kaggleTest)}, "train.csv: only one label, 10: there must be two classes or more"},
		"pixel":        {tree{"train.csv": []byte(kaggleTrain + "7,1,2,3,256\n")}, "train.csv: line 5, column 5: pixel 256"},
		"few names":    {tree{"train.csv": []byte(kaggleTrain), "classes.txt": []byte("a\nb\nc")}, "classes.txt has 3 names, but there are 2 labels, 7 to 10: it needs a name for each"},
		"names twice":  {tree{"train.csv": []byte(kaggleTrain), "classes.txt": []byte("a\na")}, "classes.txt: line 2: a is the name of line 1, too"},
		"empty name":   {tree{"train.csv": []byte(kaggleTrain), "classes.txt": []byte("a\n\nb")}, "classes.txt: line 2: an empty class name"},
	} {
		dir := c.files.write(t)
		_, _, err := openNamed(t, dir)
		if err == nil || !strings.HasPrefix(err.Error(), dir) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %s", name, err, c.want)
		}
	}
}

// The digest changes with whatever a training depends on, labels above 255 too.
func TestSetsDigest(t *testing.T) {
	set := func(label int32, pixel byte, rows int) *Set {
		return &Set{[]byte{1, pixel}, []int32{label}, rows, 2 / rows, 1}
	}
	seen := map[[32]byte]string{}
	for name, got := range map[string][32]byte{
		"plain":      setsDigest([]string{"a", "b"}, set(0, 2, 1)),
		"label":      setsDigest([]string{"a", "b"}, set(256, 2, 1)),
		"pixel":      setsDigest([]string{"a", "b"}, set(0, 3, 1)),
		"shape":      setsDigest([]string{"a", "b"}, set(0, 2, 2)),
		"name":       setsDigest([]string{"a", "c"}, set(0, 2, 1)),
		"a set more": setsDigest([]string{"a", "b"}, set(0, 2, 1), set(0, 2, 1)),
	} {
		if other := seen[got]; other != "" {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[got] = name
	}
	if setsDigest([]string{"a"}, set(0, 2, 1), nil) != setsDigest([]string{"a"}, set(0, 2, 1)) {
		t.Error("a set that there is not changes the digest")
	}
}
