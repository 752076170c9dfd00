package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vggtrain/internal/fetch"
	"vggtrain/internal/idx"
	"vggtrain/internal/idx/idxtest"

	"github.com/google/go-cmp/cmp"
)

// smallFiles are four sound files of 6 and 4 images of 5×4.
func smallFiles() map[string][]byte {
	return map[string][]byte{
		"train-images-idx3-ubyte": idxtest.Images(6, 5, 4),
		"train-labels-idx1-ubyte": idxtest.Labels(0, 1, 2, 3, 9, 5),
		"t10k-images-idx3-ubyte":  idxtest.Images(4, 5, 4),
		"t10k-labels-idx1-ubyte":  idxtest.Labels(9, 5, 0, 9),
	}
}

func writeFolder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// noWeb are options that find nothing: no variable, no folder, no mirror.
func noWeb(t *testing.T, notices *[]string) OpenOptions {
	dir := t.TempDir()
	return OpenOptions{
		Notice:    func(s string) { *notices = append(*notices, s) },
		getenv:    func(string) string { return "" },
		cacheDir:  filepath.Join(dir, "cache"),
		systemDir: filepath.Join(dir, "system"),
		fetch:     fetch.Options{Mirrors: []string{}, Client: &http.Client{Transport: noTransport{t}}},
	}
}

type noTransport struct{ t *testing.T }

func (n noTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("a test asks for %s", r.URL)
	return nil, http.ErrUseLastResponse
}

func TestOpenFolder(t *testing.T) {
	for name, edit := range map[string]func(map[string][]byte){
		"plain": func(map[string][]byte) {},
		"packed": func(f map[string][]byte) {
			for name, content := range smallFiles() {
				f[name+".gz"] = idxtest.Pack(t, content)
				delete(f, name)
			}
		},
		"mixed": func(f map[string][]byte) {
			f["t10k-labels-idx1-ubyte.gz"] = idxtest.Pack(t, f["t10k-labels-idx1-ubyte"])
			delete(f, "t10k-labels-idx1-ubyte")
		},
		"dots": func(f map[string][]byte) {
			for name, content := range smallFiles() {
				f[strings.Replace(name, "-idx", ".idx", 1)] = content
				delete(f, name)
			}
		},
		"EMNIST's names": func(f map[string][]byte) {
			for name, content := range smallFiles() {
				f["emnist-digits-"+strings.Replace(name, "t10k", "test", 1)] = content
				delete(f, name)
			}
		},
		"wide values": func(f map[string][]byte) {
			for name, content := range smallFiles() {
				wide := append([]byte{0, 0, 0x0b}, content[3:4+4*content[3]]...)
				for _, v := range content[4+4*content[3]:] {
					wide = append(wide, 0, v)
				}
				f[name] = wide
			}
		},
		"packed by name only": func(f map[string][]byte) {
			f["t10k-labels-idx1-ubyte.gz"] = f["t10k-labels-idx1-ubyte"]
			delete(f, "t10k-labels-idx1-ubyte")
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := smallFiles()
			edit(files)
			var notices []string
			o := noWeb(t, &notices)
			o.Spec = writeFolder(t, files)
			data, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			want := &Data{
				Train:   &Set{idxtest.Noise(120), []int32{0, 1, 2, 3, 5, 4}, 5, 4, 1},
				Test:    &Set{idxtest.Noise(80), []int32{5, 4, 0, 5}, 5, 4, 1},
				Classes: []string{"0", "1", "2", "3", "5", "9"}, Origin: o.Spec, Spec: o.Spec, Kind: "other", Digest: data.Digest,
			}
			if diff := cmp.Diff(want, data); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			said := len(notices) == 1 && strings.HasSuffix(notices[0], ": not the published Fashion-MNIST; used as data of your own")
			if otherNames := name == "EMNIST's names"; said == otherNames || otherNames && len(notices) > 0 {
				t.Errorf("notices %q", notices)
			}
		})
	}
}

// Whoever names the labels does not take the files for Fashion-MNIST.
func TestOpenNamed(t *testing.T) {
	files := smallFiles()
	files[classesName] = []byte("a\nb\nc\nd\ne\nf")
	var notices []string
	o := noWeb(t, &notices)
	o.Spec = writeFolder(t, files)
	if _, err := Open(t.Context(), o); err != nil || len(notices) > 0 {
		t.Errorf("error %v, notices %q", err, notices)
	}
}

// What Spec says opens the same data again, from any folder and whatever the environment says.
func TestOpenAgain(t *testing.T) {
	dir := writeFolder(t, smallFiles())
	t.Chdir(filepath.Dir(dir))
	for spec, want := range map[string]string{filepath.Base(dir): dir, "sample": "sample"} {
		var notices []string
		o := noWeb(t, &notices)
		o.getenv = func(string) string { return spec }
		first, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if first.Spec != want {
			t.Errorf("%s: opened again by %q, want %q", spec, first.Spec, want)
		}
		t.Chdir(t.TempDir())
		o.Spec, o.getenv = first.Spec, func(string) string { return "elsewhere" }
		again, err := Open(t.Context(), o)
		if err != nil || again.Digest != first.Digest || again.Spec != first.Spec {
			t.Errorf("%s: opened again: %v, %v", spec, again, err)
		}
		t.Chdir(filepath.Dir(dir))
	}
}

func TestOpenFolderErrors(t *testing.T) {
	tests := []struct {
		name string
		edit func(map[string][]byte)
		want string // after the folder and a slash
	}{
		{"missing", func(f map[string][]byte) { delete(f, "t10k-labels-idx1-ubyte") }, "t10k-labels-idx1-ubyte: no such file, neither packed (.gz) nor plain"},
		{"test alone", func(f map[string][]byte) { delete(f, "train-labels-idx1-ubyte"); delete(f, "train-images-idx3-ubyte") }, "t10k-images-idx3-ubyte: no images to train on beside it: no such file of the name train-images-idx3-ubyte"},
		{"cut", func(f map[string][]byte) { f["train-images-idx3-ubyte"] = f["train-images-idx3-ubyte"][:100] }, "train-images-idx3-ubyte: 120 bytes of pixels announced, 84 present: the file is cut short; fetch it again"},
		{"counts", func(f map[string][]byte) { f["train-labels-idx1-ubyte"] = idxtest.Labels(1, 2) }, "train-labels-idx1-ubyte: 2 labels, but "},
		{"label", func(f map[string][]byte) { f["t10k-labels-idx1-ubyte"] = idxtest.Labels(1, 2, 10, 3) }, "t10k-labels-idx1-ubyte: label 10 of image 2 (counted from 0) is one that train does not have"},
		{"sizes", func(f map[string][]byte) { f["t10k-images-idx3-ubyte"] = idxtest.Images(4, 4, 5) }, "t10k-images-idx3-ubyte: images of 4×5, but "},
		{"swapped", func(f map[string][]byte) { f["train-images-idx3-ubyte"] = f["train-labels-idx1-ubyte"] }, "train-images-idx3-ubyte: magic number 0x00000801"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := smallFiles()
			test.edit(files)
			var notices []string
			o := noWeb(t, &notices)
			o.Spec = writeFolder(t, files)
			_, err := Open(t.Context(), o)
			if err == nil {
				t.Fatal("no error")
			}
			if want := filepath.Join(o.Spec, test.want); !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %q, want it to start with %q", err, want)
			}
		})
	}
}

func TestOpenWrongFolder(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "odd", "train-images-idx3-ubyte.gz"), 0o700); err != nil {
		t.Fatal(err)
	}
	for spec, want := range map[string]string{
		filepath.Join(dir, "none"): filepath.Join(dir, "none") + ": no such folder",
		file:                       file + ": not a folder, nor a sound zip or CSV file",
		filepath.Join(dir, "odd"):  filepath.Join(dir, "odd") + ": no pictures of classes: it holds train-images-idx3-ubyte.gz/",
	} {
		var notices []string
		o := noWeb(t, &notices)
		o.Spec = spec
		if _, err := Open(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", spec, err, want)
		}
		o.Spec, o.getenv = "auto", func(string) string { return spec }
		if _, err := Open(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "VGGTRAIN_DATA: "+want) {
			t.Errorf("%s: error %v, want %q after the variable's name", spec, err, want)
		}
	}
}

// Which source wins when several are there.
func TestOpenOrder(t *testing.T) {
	real := filepath.Dir(filepath.Join(debianFolder, "x"))
	small := writeFolder(t, smallFiles())
	hasReal := func() bool { _, err := os.Stat(real); return err == nil }()
	const sample = "Fashion-MNIST was not found: this is the built-in sample, 5,000 of its 60,000 training and 1,000 of its 10,000 test images, " +
		"so accuracy will be lower\nfor all of it: vggtrain data fetch, "
	tests := []struct {
		name, spec, variable, cache, system string
		origin                              string
		notices                             []string // parts of each
		needsReal                           bool
	}{
		{name: "nothing", spec: "auto", origin: sampleTitle, notices: []string{"could not be downloaded", sample}},
		{name: "sample by name", spec: "sample", variable: small, origin: sampleTitle},
		{name: "sample by variable", spec: "auto", variable: "sample", origin: sampleTitle},
		{name: "folder over variable", spec: small, variable: "sample", origin: small, notices: []string{"not the published"}},
		{name: "variable", variable: small, origin: small, notices: []string{"not the published"}},
		{name: "other data in the cache", cache: small, origin: sampleTitle, notices: []string{"not the published file; looking elsewhere", "downloaded", sample}},
		{name: "cache", cache: real, system: small, origin: real, needsReal: true},
		{name: "system", system: real, origin: real, needsReal: true},
		{name: "bad cache, then system", cache: small, system: real, origin: real, notices: []string{"looking elsewhere"}, needsReal: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.needsReal && !hasReal {
				t.Skip("the real Fashion-MNIST is not here: apt-get install dataset-fashion-mnist")
			}
			var notices []string
			o := noWeb(t, &notices)
			o.Spec, o.getenv = test.spec, func(string) string { return test.variable }
			if test.cache != "" {
				o.cacheDir = test.cache
			}
			if test.system != "" {
				o.systemDir = test.system
			}
			data, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if data.Origin != test.origin {
				t.Errorf("origin %s, want %s", data.Origin, test.origin)
			}
			if len(notices) != len(test.notices) {
				t.Fatalf("notices %q, want %q", notices, test.notices)
			}
			for i, part := range test.notices {
				if !strings.Contains(notices[i], part) {
					t.Errorf("notice %q, want %q in it", notices[i], part)
				}
			}
		})
	}
}

func TestOpenCancelled(t *testing.T) {
	var notices []string
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if data, err := Open(ctx, noWeb(t, &notices)); err != context.Canceled {
		t.Errorf("data %v, error %v, want context.Canceled", data, err)
	}
}

func TestLocate(t *testing.T) {
	var notices []string
	o := noWeb(t, &notices)
	if got := Locate(o); got != o.cacheDir {
		t.Errorf("nothing there: %s, want the cache folder", got)
	}
	if err := os.Mkdir(o.systemDir, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := Locate(o); got != o.systemDir {
		t.Errorf("only the system's folder there: %s", got)
	}
	o.getenv = func(string) string { return "data" }
	if got := Locate(o); got != "data" {
		t.Errorf("variable set: %s", got)
	}
}

func TestVerify(t *testing.T) {
	files := smallFiles()
	delete(files, "train-labels-idx1-ubyte")
	files["t10k-images-idx3-ubyte"] = []byte("text")
	if real, err := os.ReadFile(filepath.Join(debianFolder, "t10k-labels-idx1-ubyte.gz")); err == nil {
		files["t10k-labels-idx1-ubyte.gz"] = real
	} else {
		t.Logf("without a published file (%v): apt-get install dataset-fashion-mnist", err)
	}
	dir := writeFolder(t, files)
	verify := func(dir string) (*Report, error) { return Verify(t.Context(), OpenOptions{Spec: dir}, nil) }
	report, err := verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	reports := report.Files
	want := []string{"other", "missing", "damaged", "ok"}
	if files["t10k-labels-idx1-ubyte.gz"] == nil {
		want[3] = "other"
	}
	for i, r := range reports {
		hasDigest, hasDetail := len(r.SHA256) == 64, r.Detail != ""
		if r.Status != want[i] || r.Name != idx.Published[i].Name || !strings.HasPrefix(r.Path, filepath.Join(dir, r.Name)) ||
			hasDigest != (r.Status == "ok" || r.Status == "other") || hasDetail != (r.Status != "ok") {
			t.Errorf("file %d: %+v, want status %s", i, r, want[i])
		}
	}
	if len(reports) != 4 {
		t.Errorf("%d reports", len(reports))
	}
	if _, err := verify(filepath.Join(dir, "none")); err == nil || !strings.HasSuffix(err.Error(), "no such folder") {
		t.Errorf("error %v", err)
	}
	// The digest is of the bytes in the file, whatever they are packed in.
	sum := sha256.Sum256(files["train-images-idx3-ubyte"])
	if digest := hex.EncodeToString(sum[:]); reports[0].SHA256 != digest {
		t.Errorf("digest %s, want %s", reports[0].SHA256, digest)
	}
}

// Where `data fetch` puts the files is where fit looks first, or where they are already.
func TestFetchDir(t *testing.T) {
	var notices []string
	o := noWeb(t, &notices)
	if got := FetchDir(o); got != o.cacheDir {
		t.Errorf("nothing anywhere: %s", got)
	}
	if err := os.MkdirAll(o.systemDir, 0o777); err != nil {
		t.Fatal(err)
	}
	if got := FetchDir(o); got != o.cacheDir {
		t.Errorf("an empty folder of the system: %s", got)
	}
	o.getenv = func(string) string { return "elsewhere" }
	if got := FetchDir(o); got != "elsewhere" {
		t.Errorf("named by the variable: %s", got)
	}
	o.getenv = func(string) string { return "sample" }
	if got := FetchDir(o); got != o.cacheDir {
		t.Errorf("the sample: %s", got)
	}
	if _, err := os.Stat(debianFolder); err == nil && !testing.Short() {
		o.systemDir = debianFolder
		if got := FetchDir(o); got != debianFolder {
			t.Errorf("the system's are whole: %s", got)
		}
	}
}
