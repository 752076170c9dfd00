package dataset

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Of data that are not Fashion-MNIST's four files, every picture is read.
func TestVerifyPictures(t *testing.T) {
	files := twoClasses(t)
	for _, spec := range []string{files.write(t), files.zip(t)} {
		var seen []int
		r, err := Verify(t.Context(), OpenOptions{Spec: spec}, func(done, total int) { seen = append(seen, done*100+total) })
		if err != nil || r.Files != nil || r.Data.Train.Len() != 3 || len(r.Unreadable) > 0 {
			t.Errorf("%+v, %v", r, err)
		}
		if want := []int{106, 206, 306, 406, 506, 606}; !slices.Equal(seen, want) {
			t.Errorf("progress %v, want %v", seen, want)
		}
	}
	files["train/dog/a.png"], files["test/cat/x.png"] = files["train/dog/a.png"][:40], []byte("text")
	dir := files.write(t)
	r, err := Verify(t.Context(), OpenOptions{Spec: dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		filepath.Join(dir, "train", "dog", "a.png") + ": the PNG is cut short: replace the file",
		filepath.Join(dir, "test", "cat", "x.png") + ": not an image that is read here: it begins as no PNG, JPEG, GIF, WebP, BMP, TIFF or PNM does; convert it to one of them",
	}
	if diff := cmp.Diff(want, r.Unreadable); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
