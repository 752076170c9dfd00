package photo

import (
	"bytes"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"vggtrain/internal/memory"
)

func TestPrepare(t *testing.T) {
	grey := func(v ...byte) *image.Gray {
		return &image.Gray{Pix: v, Stride: 3, Rect: image.Rect(0, 0, 3, len(v)/3)}
	}
	for _, test := range []struct {
		name  string
		grey  *image.Gray
		alpha *image.Gray
		mode  Invert
		want  Background
		pix   []byte
	}{
		{"dark", grey(0, 9, 127, 200, 200, 200, 127, 9, 127), nil, InvertAuto, Background{Grey: 127}, []byte{0, 9, 127, 200, 200, 200, 127, 9, 127}},
		{"light", grey(0, 9, 128, 200, 200, 200, 128, 9, 128), nil, InvertAuto, Background{Grey: 128, Inverted: true}, []byte{255, 246, 127, 55, 55, 55, 127, 246, 127}},
		{"light, kept", grey(255, 9, 255), nil, InvertNo, Background{Grey: 255}, []byte{255, 9, 255}},
		{"dark, inverted", grey(1, 9, 1), nil, InvertYes, Background{Grey: 1, Inverted: true}, []byte{254, 246, 254}},
		{"bright cutout", grey(90, 200, 90), grey(0, 255, 0), InvertAuto, Background{Grey: 0, Transparent: true}, []byte{0, 200, 0}},
		{"dark cutout", grey(90, 20, 90), grey(0, 255, 0), InvertAuto, Background{Grey: 255, Inverted: true, Transparent: true, Behind: 255}, []byte{0, 235, 0}},
		{"bright cutout, inverted", grey(90, 200, 90), grey(0, 255, 0), InvertYes, Background{Grey: 255, Inverted: true, Transparent: true, Behind: 255}, []byte{0, 55, 0}},
		{"dark cutout, kept", grey(90, 20, 90), grey(0, 255, 0), InvertNo, Background{Grey: 0, Transparent: true}, []byte{0, 20, 0}},
		{"nothing visible", grey(90, 20, 90), grey(0, 0, 0), InvertAuto, Background{Grey: 255, Inverted: true, Transparent: true, Behind: 255}, []byte{0, 0, 0}},
		{"half", grey(200, 100, 0), grey(128, 128, 255), InvertNo, Background{Grey: 0, Transparent: true}, []byte{100, 50, 0}},
	} {
		got := Prepare(test.grey, test.alpha, test.mode)
		if got != test.want || !bytes.Equal(test.grey.Pix, test.pix) {
			t.Errorf("%s: %+v, %v, want %+v, %v", test.name, got, test.grey.Pix, test.want, test.pix)
		}
	}
}

// Whatever a camera's note is, nothing but its orientation counts, and nonsense is none.
func TestOrientation(t *testing.T) {
	orientation := func(file []byte) (found int) {
		jpegMarkers(&source{ReaderAt: bytes.NewReader(file), size: int64(len(file))}, &found)
		return found
	}
	file := readGolden(t, "../photos/turned-6.jpg")
	if got := orientation(file); got != 6 {
		t.Fatalf("orientation %d, want 6", got)
	}
	exif := bytes.Index(file, []byte("Exif"))
	entry := exif + 6 + bytes.Index(file[exif+6:], []byte("\x01\x12\x00\x03")) + 12
	for cut := range entry {
		if got := orientation(file[:max(cut, 2)]); got != 0 {
			t.Errorf("cut after %d bytes: %d", cut, got)
		}
	}
	for at := 2; at < len(file); at++ {
		for v := range 256 {
			if got := orientation(patched(file, at, byte(v))); got < 0 || got > 8 {
				t.Errorf("byte %d as %d: %d", at, v, got)
			}
		}
	}
	if got := orientation(readGolden(t, "grey.jpg")); got != 0 {
		t.Errorf("without a note: %d", got)
	}
}

// Files are decoded at the same time, but not with more memory than there is for all.
func TestPhotoReaderBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewReader()
		point := readGolden(t, "../photos/point.png")
		read := func() *Photo {
			photo, err := r.read(bytes.NewReader(point), 0)
			if err != nil {
				t.Error(err)
			}
			return photo
		}
		if !r.room.TryAcquire(sharedRoom - 1) { // by others: there is room for one pixel of grey
			t.Fatal("no room")
		}
		photo := read()
		if r.room.TryAcquire(1) {
			t.Fatal("a photo that is not closed takes no room")
		}
		photo.Close()
		photo.Close()
		if !r.room.TryAcquire(1) {
			t.Fatal("a photo that was closed still takes room")
		}
		var done atomic.Bool
		go func() {
			read().Close()
			done.Store(true)
		}()
		if synctest.Wait(); done.Load() {
			t.Error("a photo was decoded though there was no room")
		}
		r.room.Release(sharedRoom)
		if synctest.Wait(); !done.Load() {
			t.Error("a photo waits though there is room")
		}
	})
}

// A picture of more than 16 megapixels is decoded alone, and so is a file that is large and has to be
// kept in memory.
func TestPhotoReaderAlone(t *testing.T) {
	large := &picture{header: header{rows: 4001, cols: 4000, room: 4001 * 4000}}
	small := &picture{header: header{rows: 4000, cols: 4000, room: 3 * 4000 * 4000}}
	r := NewReader()
	var h held
	if h.acquire(r, small); h.bytes != small.room || !r.room.TryAcquire(sharedRoom-small.room) {
		t.Errorf("%d bytes for a small picture of %d", h.bytes, small.room)
	}
	r.room.Release(sharedRoom - small.room)
	h.release(r)
	if h.acquire(r, large); h.bytes != sharedRoom || r.room.TryAcquire(1) {
		t.Errorf("%d bytes for a large picture", h.bytes)
	}
	h.release(r)
	file := bytes.NewReader(append(readGolden(t, "../photos/point.png"), make([]byte, smallFile)...))
	if s, err := r.source(&h, file, 0); err != nil || h.bytes != sharedRoom || s.size != file.Size() {
		t.Errorf("%d bytes for a large file: %v", h.bytes, err)
	}
}

// What the process may not take is told before it is taken.
func TestPictureFits(t *testing.T) {
	limit := func(bytes int64) func() memory.Bound {
		return func() memory.Bound { return memory.Bound{Bytes: bytes, From: "there are"} }
	}
	p := &picture{imageFormat: imageFormat{name: "PNG"}, header: header{rows: 10_000, cols: 10_000, room: 400_000_000}}
	for _, none := range []func() memory.Bound{limit(0), limit(1 << 40)} {
		if err := p.fits(none); err != nil {
			t.Error(err)
		}
	}
	if err := p.fits(limit(300_000_000)); err == nil || !strings.HasPrefix(err.Error(), "the PNG of 10000×10000 pixels takes 381.5 MiB to decode: there are ") {
		t.Errorf("a small machine: %v", err)
	}
	p.room = 1 << 62
	if _, ok := errors.AsType[*memory.RefusedError](p.fits(limit(0))); !ok {
		t.Errorf("more than there are addresses: %v", p.fits(limit(0)))
	}
	p.room = askedRoom - 1
	if err := p.fits(limit(1)); err != nil {
		t.Errorf("a small picture: %v", err)
	}
}

// first returns the grey of the first pixel.
func first(p *Photo) byte {
	defer p.Close()
	grey, _ := p.Grey()
	return grey.Pix[0]
}

func TestPhotosOfFolder(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret.png")
	point := readGolden(t, "../photos/point.png")
	for path, content := range map[string][]byte{
		"b.png": point, "a.PNG": point, "c.jpeg": []byte("no image"), "d.webp": []byte("RIFF"), "f.heic": []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"),
		".hidden.png": point, "notes.txt": nil, "scan": point, "thumbs.db": point, "@eaDir/x.png": point, "__MACOSX/x.png": point, "desktop.ini": nil, "in/e.png": point, outside: point,
	} {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, content, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	links := map[string]string{"inside.png": "b.png", "out.png": outside, "up.png": "../" + filepath.Base(dir) + "/b.png", "loop.png": "loop.png", "folder.png": "in"}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	var notices []string
	files := Files(dir, func(s string) { notices = append(notices, s) })
	want := []struct{ name, failure string }{
		{"a.PNG", ""}, {"b.png", ""},
		{"c.jpeg", "not an image that is read here: it begins as no PNG"},
		{"d.webp", "not an image that is read here: it begins as no PNG"},
		{"f.heic", "HEIC is not read here: convert the picture (heif-convert IN.heic OUT.png, or magick IN.heic OUT.png)"},
		{"inside.png", ""},
		{"loop.png", "cannot be read: "}, {"out.png", ""}, {"scan", ""}, {"up.png", ""},
	}
	if len(files) != len(want) {
		t.Fatalf("%d files: %v", len(files), files)
	}
	r := NewReader()
	for i, w := range want {
		path := filepath.Join(dir, w.name)
		photo, err := r.Read(files[i])
		switch {
		case files[i].Name != path:
			t.Errorf("%s instead of %s", files[i].Name, path)
		case w.failure == "" && (err != nil || first(photo) != 77):
			t.Errorf("%s: %v, %v", path, photo, err)
		case w.failure != "" && (err == nil || !strings.HasPrefix(err.Error(), path+": "+w.failure)):
			t.Errorf("%s: %v, want %q", path, err, w.failure)
		}
	}
	if len(notices) != 1 || !strings.HasPrefix(notices[0], filepath.Join(dir, "folder.png")+": ") || !strings.Contains(notices[0], "; 3 such in all") {
		t.Errorf("notices %q", notices)
	}
	if files := Files(dir, nil); len(files) != len(want) {
		t.Errorf("%d files where nobody is told of what is left out", len(files))
	}
}

func TestPhotosNone(t *testing.T) {
	dir, classes := t.TempDir(), t.TempDir()
	for _, name := range []string{"cat", "dog", "eel", "fox", ".git", "@eaDir"} {
		if err := os.Mkdir(filepath.Join(classes, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		classes:                               classes + ": no image in this folder, which holds cat, dog, eel, …: name one of them, or " + classes + "/*/*",
		dir:                                   dir + ": no image in this folder: ",
		filepath.Join(dir, "absent.png"):      filepath.Join(dir, "absent.png") + ": no such file",
		filepath.Join(dir, "of two\nlines.x"): `"` + dir + `/of two\nlines.x": no such file`,
	} {
		files := Files(path, nil)
		if len(files) != 1 || files[0].Name != path {
			t.Fatalf("%q: %v", path, files)
		}
		if _, err := NewReader().Read(files[0]); err == nil || filepath.Separator == '/' && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %q", path, err, want)
		}
	}
}

func TestPhotoFrom(t *testing.T) {
	r := NewReader()
	photo, err := r.Read(From("-", "standard input", bytes.NewReader(readGolden(t, "../photos/point.png"))))
	if err != nil || photo.channels != 1 || first(photo) != 77 {
		t.Errorf("%v, %v", photo, err)
	}
	if _, err := r.Read(From("-", "standard input", strings.NewReader(""))); err == nil || err.Error() != "standard input: the file is empty: replace it" {
		t.Errorf("nothing: %v", err)
	}
}
