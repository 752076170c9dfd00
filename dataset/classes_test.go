package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/memory/memorytest"
	"vggtrain/internal/photo"
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

// twoClasses is a sound tree of 3×2 pixels an image, each image of the colour that its position has.
func twoClasses(t testing.TB) tree {
	files := tree{}
	for i, name := range []string{"train/cat/a.png", "train/cat/b.PNG", "train/dog/a.png", "test/cat/z.png", "test/dog/a.png"} {
		files[name] = pngOf(t, 3, 2, byte(i))
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

func (files tree) open(t testing.TB) (*Data, error) {
	return Open(t.Context(), OpenOptions{Spec: files.write(t)})
}

func same(v byte, n int) []byte { return bytes.Repeat([]byte{v}, n) }

func TestOpenClasses(t *testing.T) {
	files := twoClasses(t)
	files["train/.DS_Store"], files["train/dog/.a.png"] = nil, nil // hidden
	files["train/dog/notes.txt"], files["test/list.csv"], files["README.md"] = nil, nil, nil
	dir := files.write(t)
	var notices []string
	o := noWeb(t, &notices)
	o.Spec = dir
	got, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want := &Data{
		Train:   &Set{slices.Concat(same(0, 6), same(2, 6), same(1, 6)), []int32{0, 1, 0}, 2, 3, 1},
		Test:    &Set{slices.Concat(same(3, 6), same(4, 6)), []int32{0, 1}, 2, 3, 1},
		Classes: []string{"cat", "dog"}, Origin: dir, Spec: dir, Kind: "folders", Digest: got.Digest,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantNotices := []string{filepath.Join(dir, "train", "dog", "notes.txt") + ": no image by its name, left out; 2 such files in all"}
	if diff := cmp.Diff(wantNotices, notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if _, err := Verify(dir); err == nil || !strings.Contains(err.Error(), "holds class folders") {
		t.Errorf("verify: %v", err)
	}
}

// IDX files win over class folders, as they did before those were known.
func TestOpenClassesBesideIDX(t *testing.T) {
	files := twoClasses(t)
	files["t10k-labels-idx1-ubyte.gz"] = nil
	_, err := files.open(t)
	if err == nil || !strings.Contains(err.Error(), "train-images-idx3-ubyte: no such file") {
		t.Errorf("error %v", err)
	}
}

func TestClassNames(t *testing.T) {
	for _, test := range []struct{ folders, names string }{
		{"Ankle_boot Bag Coat Dress Pullover Sandal Shirt Sneaker T-shirt_top Trouser", strings.Join(Classes, ",")},
		{"ankle-boot bag coat dress pullover sandal shirt sneaker trouser t_shirt_top", strings.Join(Classes, ",")},
		{"Bag Dress T-shirt-top", "T-shirt/top,Dress,Bag"},
		{"Bag Dress Hat", "Bag,Dress,Hat"},
		{"bag dress hat", "bag,dress,hat"},
		{"0 1 10 2", "0,1,10,2"},
	} {
		var folders []classFolder
		for name := range strings.FieldsSeq(test.folders) {
			folders = append(folders, classFolder{name: name})
		}
		names, _ := classNames(folders)
		if got := strings.Join(names, ","); got != test.names {
			t.Errorf("%s: %s, want %s", test.folders, got, test.names)
		}
	}
}

// The first N images are of all classes as long as these have any.
func TestInTurn(t *testing.T) {
	var got []string
	for _, file := range inTurn([][]string{{"a", "b"}, {"c"}, {"d", "e", "f"}}) {
		got = append(got, fmt.Sprint(file.path, file.label))
	}
	if want := "a0 c1 d2 b0 e2 f2"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// Labels follow Fashion-MNIST's order, however train and test spell the names.
func TestOpenClassesKnown(t *testing.T) {
	files := tree{
		"train/ankle_boot/a.png": pngOf(t, 1, 1, 9), "train/t-shirt_top/a.png": pngOf(t, 1, 1, 0), "train/Bag/a.png": pngOf(t, 1, 1, 8),
		"test/Bag/a.png": pngOf(t, 1, 1, 18), "test/T-shirt-top/a.png": pngOf(t, 1, 1, 10), "test/Ankle boot/a.png": pngOf(t, 1, 1, 19),
	}
	data, err := files.open(t)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"T-shirt/top", "Bag", "Ankle boot"}, data.Classes); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
	train, test := &Set{[]byte{0, 8, 9}, []int32{0, 1, 2}, 1, 1, 1}, &Set{[]byte{10, 18, 19}, []int32{0, 1, 2}, 1, 1, 1}
	if diff := cmp.Diff([]Source{train, test}, []Source{data.Train, data.Test}); diff != "" {
		t.Errorf("sets (-want +got):\n%s", diff)
	}
}

func TestOpenClassesErrors(t *testing.T) {
	tests := []struct {
		name string
		edit func(tree)
		want string // after the folder and a slash
	}{
		{"no test", func(f tree) { delete(f, "test/cat/z.png"); delete(f, "test/dog/a.png") }, "test: no such folder: images are looked for in train/CLASS and test/CLASS"},
		{"test is a file", func(f tree) { delete(f, "test/cat/z.png"); delete(f, "test/dog/a.png"); f["test"] = nil }, "test: not a folder"},
		{"class missing in test", func(f tree) { delete(f, "test/dog/a.png") }, "test: no folder of the class dog, which train has"},
		{"class only in test", func(f tree) { f["test/emu/a.png"] = f["test/dog/a.png"] }, "test/emu: a class that train does not have"},
		{"one class", func(f tree) { delete(f, "train/dog/a.png") }, "train: 1 class folders: there must be two or more"},
		{"nothing in a class", func(f tree) { f["train/emu/notes.txt"] = nil }, "train/emu: no images"},
		{"image outside", func(f tree) { f["train/a.png"] = nil }, "train/a.png: an image outside of the class folders"},
		{"folder in a class", func(f tree) { f["test/dog/more/a.png"] = nil }, "test/dog/more: a folder in a class folder"},
		{"other kind", func(f tree) { f["test/dog/A.HEIC"] = nil }, "test/dog/A.HEIC: not an image that is read here"},
		{"size in train", func(f tree) { f["train/dog/0.png"] = pngOf(t, 2, 3, 1); f["train/dog/1.png"] = pngOf(t, 9, 9, 1) }, "train/dog/0.png: 2×3 pixels, but DIR/train/cat/a.png has 3×2: all images must be of one size; resize them first"},
		{"size in test", func(f tree) { f["test/cat/z.png"] = pngOf(t, 3, 3, 1) }, "test/cat/z.png: 3×3 pixels, but DIR/train/cat/a.png has 3×2"},
		{"large side", func(f tree) { f["train/cat/a.png"] = pngOf(t, 1025, 1, 1) }, "train/cat/a.png: 1025×1 pixels: sides from 1 to 1,024 are read"},
		{"tall side", func(f tree) { f["train/cat/a.png"] = pngOf(t, 1, 1025, 1) }, "train/cat/a.png: 1×1025 pixels: sides from 1 to 1,024 are read"},
		{"no image", func(f tree) { f["train/dog/a.png"] = []byte("text") }, "train/dog/a.png: not an image that is read here"},
		{"damaged", func(f tree) { f["test/dog/a.png"] = f["test/dog/a.png"][:50] }, "test/dog/a.png: the PNG is"},
		{"line break in a class", func(f tree) { f["train/do\ng/a.png"] = nil }, `train/do\ng": not a class name that can be printed`},
		{"line break in a file", func(f tree) { f["train/dog/\n.png"] = []byte("text") }, `train/dog/\n.png": not an image`},
		{"one class twice", func(f tree) {
			clear(f)
			for _, name := range []string{"train/Bag/a.png", "train/bag/a.png", "train/Coat/a.png", "test/Bag/a.png", "test/Coat/a.png"} {
				f[name] = pngOf(t, 1, 1, 1)
			}
		}, "train/bag: the same class as the folder Bag: keep one of the two"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := twoClasses(t)
			test.edit(files)
			dir := files.write(t)
			_, err := Open(t.Context(), OpenOptions{Spec: dir})
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(strings.ReplaceAll(err.Error(), dir, "DIR"), "\\\\", "/")
			if runtime.GOOS == "windows" {
				got = strings.ReplaceAll(got, "\\", "/")
			}
			if want := "DIR/" + test.want; !strings.HasPrefix(strings.TrimPrefix(got, `"`), want) || strings.Contains(got, "\n") {
				t.Errorf("error %q, want one line with %q", got, want)
			}
		})
	}
}

func TestOpenClassesTooMany(t *testing.T) {
	files := fstest.MapFS{}
	for i := range maxClasses + 1 {
		files[fmt.Sprintf("train/%d/a.png", i)] = &fstest.MapFile{Data: pngOf(t, 1, 1, 0)}
	}
	_, _, err := folder{files: files, title: "DIR"}.loadClasses(t.Context())
	if err == nil || !strings.HasSuffix(err.Error(), "train: more than 256 class folders: no more are read") {
		t.Errorf("error %v", err)
	}
	set := make([]labelled, 1025)
	files["big.png"] = &fstest.MapFile{Data: pngOf(t, 1024, 1024, 0)}
	_, err = folder{files: files, title: "DIR"}.newSet(set, "big.png")
	if err == nil || !strings.Contains(err.Error(), "1,025 images of 1024×1024 pixels are 1,074,790,400 bytes: no more than 1,073,741,824 are read") {
		t.Errorf("error %v", err)
	}
}

// Links may lead anywhere inside the folder and nowhere else.
func TestOpenClassesLinks(t *testing.T) {
	outside := tree{"a.png": pngOf(t, 3, 2, 7), "dog/a.png": pngOf(t, 3, 2, 7)}.write(t)
	up := func(dir string) string { // from dir to outside, with dots alone
		relative, err := filepath.Rel(dir, outside)
		if err != nil {
			t.Fatal(err)
		}
		return relative
	}
	for _, test := range []struct {
		name, link string
		target     func(dir string) string
		want       string // of the error, "" for none
	}{
		{"file inside", "train/dog/c.png", func(string) string { return "../../pool/a.png" }, ""},
		{"folder inside", "train/emu", func(string) string { return "../pool" }, "test: no folder of the class emu"},
		{"file outside", "train/dog/c.png", func(string) string { return filepath.Join(outside, "a.png") }, "train/dog/c.png: a link that cannot be followed"},
		{"file outside by dots", "train/dog/c.png", func(dir string) string { return filepath.Join(up(filepath.Join(dir, "train/dog")), "a.png") }, "train/dog/c.png: a link that cannot be followed"},
		{"folder outside", "train/emu", func(string) string { return filepath.Join(outside, "dog") }, "train/emu: a link that cannot be followed"},
		{"folder outside by dots", "train/emu", func(dir string) string { return filepath.Join(up(filepath.Join(dir, "train")), "dog") }, "train/emu: a link that cannot be followed"},
		{"no image by its name, outside", "test/dog/notes.txt", func(string) string { return filepath.Join(outside, "a.png") }, "test/dog/notes.txt: a link that cannot be followed"},
		{"nowhere", "train/dog/c.png", func(string) string { return "nowhere.png" }, "train/dog/c.png: a link that cannot be followed"},
		{"itself", "train/dog/c.png", func(string) string { return "c.png" }, "train/dog/c.png: a link that cannot be followed"},
		{"parent", "train/dog/c", func(string) string { return ".." }, "train/dog/c: a folder in a class folder"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := twoClasses(t)
			files["pool/a.png"] = pngOf(t, 3, 2, 9)
			dir := files.write(t)
			if err := os.Symlink(test.target(dir), filepath.Join(dir, filepath.FromSlash(test.link))); err != nil {
				t.Skip(err)
			}
			data, err := Open(t.Context(), OpenOptions{Spec: dir})
			if test.want == "" {
				if err != nil || data.Train.Len() != 4 || !bytes.Equal(inMemory(t, data.Train).image(3), same(9, 6)) {
					t.Errorf("%v, %v", data, err)
				}
				return
			}
			if want := filepath.Join(dir, filepath.FromSlash(test.want)); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %s", err, want)
			}
		})
	}
}

// A whole train folder elsewhere is outside, too.
func TestOpenClassesTrainLink(t *testing.T) {
	files := twoClasses(t)
	outside := files.write(t)
	delete(files, "train/cat/a.png")
	delete(files, "train/cat/b.PNG")
	delete(files, "train/dog/a.png")
	dir := files.write(t)
	if err := os.Symlink(filepath.Join(outside, "train"), filepath.Join(dir, "train")); err != nil {
		t.Skip(err)
	}
	_, err := Open(t.Context(), OpenOptions{Spec: dir})
	if want := filepath.Join(dir, "train") + ": a link that cannot be followed"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestOpenClassesCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if data, err := Open(ctx, OpenOptions{Spec: twoClasses(t).write(t)}); !errors.Is(err, context.Canceled) {
		t.Errorf("data %v, error %v", data, err)
	}
}

// Of many files that are wrong it is always the first that is named.
func TestOpenClassesFirstError(t *testing.T) {
	files := fstest.MapFS{}
	for name, content := range twoClasses(t) {
		files[name] = &fstest.MapFile{Data: content}
	}
	for i := range 200 {
		files[fmt.Sprintf("train/dog/%03d.png", i)] = &fstest.MapFile{Data: pngOf(t, 3, 2, byte(i))}
	}
	for i := 77; i < 200; i++ {
		files[fmt.Sprintf("train/dog/%03d.png", i)].Data = []byte("text")
	}
	for range 50 {
		_, _, err := folder{files: files, title: "DIR"}.loadClasses(t.Context())
		if err == nil || !strings.Contains(filepath.ToSlash(err.Error()), "train/dog/077.png: ") {
			t.Fatalf("error %v", err)
		}
	}
}

// The digest changes with whatever a training depends on, and with nothing else.
func TestClassDigest(t *testing.T) {
	digest := func(edit func(tree)) [32]byte {
		files := twoClasses(t)
		edit(files)
		data, err := files.open(t)
		if err != nil {
			t.Fatal(err)
		}
		return data.Digest
	}
	rename := func(f tree, from, to string) { f[to] = f[from]; delete(f, from) }
	plain := digest(func(tree) {})
	for name, edit := range map[string]func(tree){
		"a file's name":           func(f tree) { rename(f, "train/cat/a.png", "train/cat/aa.png") },
		"a file that is no image": func(f tree) { f["train/cat/notes.txt"] = nil },
	} {
		if digest(edit) != plain {
			t.Errorf("%s changes the digest", name)
		}
	}
	seen := map[[32]byte]string{plain: "nothing"}
	for name, edit := range map[string]func(tree){
		"a pixel of train": func(f tree) { f["train/dog/a.png"] = pngOf(t, 3, 2, 100) },
		"a pixel of test":  func(f tree) { f["test/dog/a.png"] = pngOf(t, 3, 2, 100) },
		"a label":          func(f tree) { rename(f, "train/cat/b.PNG", "train/dog/0.png") },
		"the order":        func(f tree) { rename(f, "train/cat/a.png", "train/cat/c.png") },
		"another class name": func(f tree) {
			rename(f, "train/cat/a.png", "train/cow/a.png")
			rename(f, "train/cat/b.PNG", "train/cow/b.png")
			rename(f, "test/cat/z.png", "test/cow/z.png")
		},
		"the shape": func(f tree) {
			for i, name := range []string{"train/cat/a.png", "train/cat/b.PNG", "train/dog/a.png", "test/cat/z.png", "test/dog/a.png"} {
				f[name] = pngOf(t, 2, 3, byte(i))
			}
		},
		"one image more": func(f tree) { f["test/dog/b.png"] = f["test/dog/a.png"] },
	} {
		got := digest(edit)
		if before, ok := seen[got]; ok {
			t.Errorf("%s has the digest of %s", name, before)
		}
		seen[got] = name
	}
}

// plant makes in dir what lines say, each a path whose file has the content; one that begins with @
// is a link to what follows a space. What cannot be made is not; nothing is made outside of dir.
func plant(t *testing.T, dir, lines string, content []byte) {
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
			err = root.Symlink(target, link)
		} else {
			err = root.WriteFile(link, content, 0o600)
		}
		if err != nil {
			t.Logf("%q: %v", line, err)
		}
	}
}

// decodingBytes is what reading an image file may allocate at most: as in the tests of photo, of the costliest kind.
func decodingBytes(file []byte) int64 {
	most := int64(512<<10 + 4*len(file))
	if p, err := photo.ReadPicture(bytes.NewReader(file), 0); err == nil {
		most += 25 * int64((p.Rows+31)&^31) * int64((p.Cols+31)&^31)
	}
	return most
}

func readGolden(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("../internal/photo/testdata/images", name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// Any tree, with links to anywhere, gives an error of one line or sound sets, in which is no image
// from outside, and takes no more memory than its images do one by one.
func FuzzClassFolders(f *testing.F) {
	sound := "train/cat/a.png\ntrain/dog/b.jpg\ntest/cat/a.gif\ntest/dog/c.jpeg"
	grey := readGolden(f, "grey.png")
	f.Add(sound, grey)
	f.Add(sound+"\ntrain/dog/.hidden\ntrain/notes.txt\n@train/cat/l.png a.png", grey)
	f.Add(sound+"\n@train/cat/l.png ../../../outside/cat/a.png", grey)
	f.Add(sound+"\n@test/dog/l.png ../../../outside/./cat/../cat/a.png\n@test/cat/x.png /etc/passwd", grey)
	f.Add("@train ../outside\n@test ../outside", grey)
	f.Add(sound+"\n@train/emu emu\n@test/emu ../train/cat\n@train/fox dog", grey)
	f.Add(sound+"\ntest/cow/a.png\ntrain/cow/a.webp", grey)
	f.Add("train/Bag/a.png\ntrain/ankle_boot/a.png\ntest/Ankle boot/a.png\ntest/bag/a.png", grey)
	f.Add(sound, readGolden(f, "colour-420-progressive.jpg")[:200])
	foreign := pngOf(f, 13, 11, 213) // of grey.png's size
	f.Fuzz(func(t *testing.T, lines string, content []byte) {
		if decodingBytes(content) > 1<<20 || len(lines) > 1<<12 {
			t.Skip() // the images' own fuzzing is elsewhere
		}
		parent := t.TempDir()
		plant(t, parent, "outside/cat/a.png\noutside/dog/a.png", foreign)
		dir := filepath.Join(parent, "data")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		plant(t, dir, lines, content)
		var data *Data
		var err error
		bound := 1<<20 + int64(1+strings.Count(lines, "\n"))*(64<<10+decodingBytes(content)) // a line is an image at most
		if got := memorytest.Allocated(bound, func() { data, _, err = openClasses(t.Context(), dir) }); got > bound {
			t.Errorf("%d bytes allocated, bound %d", got, bound)
		}
		if err != nil {
			if text := err.Error(); !strings.Contains(text, dir) || strings.Contains(text, "\n") {
				t.Errorf("error %q, want one line that names a file", text)
			}
			return
		}
		for name, source := range map[string]Source{"train": data.Train, "test": data.Test} {
			s := inMemory(t, source)
			if s.Len() < len(data.Classes) || len(s.Images) != s.Len()*s.Rows*s.Cols ||
				!slices.IsSorted(s.Labels[:len(data.Classes)]) || int(slices.Max(s.Labels)) != len(data.Classes)-1 {
				t.Errorf("%s: %d×%d×%d, %d classes, %d bytes, labels %v", name, s.Len(), s.Rows, s.Cols, len(data.Classes), len(s.Images), s.Labels)
			}
			if bytes.Contains(s.Images, same(213, 13*11)) {
				t.Errorf("%s: an image from outside", name)
			}
		}
	})
}
