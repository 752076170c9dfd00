package predict

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/photo"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

const side = 32

// network is small, its weights are drawn, and its normalisation is one.
func network(t *testing.T) *trained.Network {
	t.Helper()
	n := &trained.Network{
		Arch:        model.NewVGG("tiny", [][2]int{{1, 8}, {1, 16}}, []int{32}, 0.5),
		Classes:     dataset.Classes,
		Preparation: dataset.Preparation{Channels: 1, Side: side, Mode: dataset.Pad, Garments: true},
		Normalize:   configs.NormalizeBy([]float64{0.286}, []float64{0.353}),
	}
	return drawn(t, n)
}

// drawn gives a network its layers, and weights that are drawn.
func drawn(t *testing.T, n *trained.Network) *trained.Network {
	t.Helper()
	var err error
	if n.Layers, err = model.Resolve(n.Arch, n.Channels, n.Side, n.Side, len(n.Classes)); err != nil {
		t.Fatal(err)
	}
	if n.Params, err = model.NewParams(n.Layers); err != nil {
		t.Fatal(err)
	}
	if err := n.Params.Init("kaiming", 3); err != nil {
		t.Fatal(err)
	}
	return n
}

func newWorkers(t *testing.T, threads int) *model.Workers {
	t.Helper()
	workers, err := model.NewWorkers(threads, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Close)
	return workers
}

// pictures writes the images of a set as PNG files.
func pictures(t *testing.T, set dataset.Source) []photo.File {
	t.Helper()
	dir := t.TempDir()
	for i := range set.Len() {
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("%05d.png", i)))
		if err != nil {
			t.Fatal(err)
		}
		p, err := dataset.Read(t.Context(), set, i)
		if err != nil {
			t.Fatal(err)
		}
		m := &image.Gray{Pix: p.Pix, Stride: p.Cols, Rect: image.Rect(0, 0, p.Cols, p.Rows)}
		if err := errors.Join(png.Encode(file, m), file.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return photo.Files(dir, nil)
}

// run returns all results.
func run(t *testing.T, n *trained.Network, threads int, o Options, files []photo.File) []Result {
	t.Helper()
	p, err := New(newWorkers(t, threads), n, o)
	if err != nil {
		t.Fatal(err)
	}
	var results []Result
	if err := p.Run(t.Context(), files, func(r Result) error {
		results = append(results, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return results
}

// A test image as a PNG file is what eval's image is, to the last bit, whatever comes with it.
func TestPredictionsAreThoseOfEval(t *testing.T) {
	data, err := dataset.Sample()
	if err != nil {
		t.Fatal(err)
	}
	n, set := network(t), dataset.Head(data.Test, 2*Batch+9)
	scores, err := n.Evaluate(t.Context(), newWorkers(t, 2), set, Batch, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	files := pictures(t, set)
	check := func(what string, results []Result, first int) {
		for i, r := range results {
			want := scores.Predictions[first+i]
			if r.Err != nil || len(r.Guesses) != 1 || r.Guesses[0] != (trained.Prediction{Class: want.Class, Probability: want.Probability}) || r.Photo.Name != files[first+i].Name {
				t.Fatalf("%s, image %d: %+v, eval's is %+v", what, first+i, r, want)
			}
		}
	}
	all := run(t, n, 2, Options{photo.InvertAuto, true, 1}, files)
	if len(all) != set.Len() {
		t.Fatalf("%d results for %d photos", len(all), set.Len())
	}
	check("all", all, 0)
	check("one", run(t, n, 1, Options{photo.InvertAuto, true, 1}, files[40:41]), 40)
	check("few", run(t, n, 3, Options{photo.InvertNo, true, 1}, files[200:207]), 200)
}

// Photos of any size and kind, one after another, are each what it is once it is prepared.
func TestPredictPrepares(t *testing.T) {
	photos := photo.Files("../photo/testdata/photos", nil)
	if len(photos) < 16 {
		t.Fatalf("only %d photos", len(photos))
	}
	prepared := &dataset.Set{Labels: make([]int32, len(photos)), Rows: side, Cols: side, Channels: 1, Images: make([]byte, len(photos)*side*side)}
	q, err := dataset.NewPreparer(dataset.Preparation{Channels: 1, Side: side, Mode: dataset.Pad}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range photos {
		m, err := photo.NewReader().Read(file)
		if err != nil {
			t.Fatal(err)
		}
		grey, alpha := m.Grey()
		p := &dataset.Pixels{}
		p.Share(grey.Pix, m.Rows(), m.Cols(), 1)
		p.Fill = []byte{photo.Prepare(grey, alpha, photo.InvertAuto).Fill()}
		m.Close()
		if err := q.Bytes(prepared.Images[i*side*side:][:side*side], p); err != nil {
			t.Fatal(err)
		}
	}
	n := network(t)
	want := run(t, n, 1, Options{photo.InvertNo, false, 3}, pictures(t, prepared))
	for i, got := range run(t, n, 1, Options{photo.InvertAuto, false, 3}, photos) {
		if diff := cmp.Diff(want[i].Guesses, got.Guesses); diff != "" || got.Err != nil {
			t.Errorf("%s (-prepared +photo): %v\n%s", got.Photo.Name, got.Err, diff)
		}
	}
}

// A photo that cannot be read costs nothing but itself.
func TestPredictGoesOn(t *testing.T) {
	data, err := dataset.Sample()
	if err != nil {
		t.Fatal(err)
	}
	n, files := network(t), pictures(t, dataset.Head(data.Test, Batch+2))
	o := Options{photo.InvertAuto, true, 3}
	want := run(t, n, 2, o, files)
	bad := map[int]bool{0: true, 7: true, Batch - 1: true, Batch: true}
	for i := range bad {
		if err := os.WriteFile(files[i].Name, []byte("no image"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for i, got := range run(t, n, 2, o, files) {
		if bad[i] {
			if got.Err == nil || got.Guesses != nil || !strings.HasPrefix(got.Err.Error(), files[i].Name+": ") {
				t.Errorf("image %d: %+v", i, got)
			}
		} else if diff := cmp.Diff(want[i], got, cmpopts.IgnoreFields(Result{}, "Photo")); diff != "" {
			t.Errorf("image %d (-alone +among bad ones):\n%s", i, diff)
		}
	}
}

// Photos may be as long as they like, within bounds.
func TestPredictLongPhotos(t *testing.T) {
	long := func(cols, rows int) photo.File {
		var file bytes.Buffer
		if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, cols, rows))); err != nil {
			t.Fatal(err)
		}
		return photo.From("-", "standard input", &file)
	}
	files := []photo.File{long(1<<14, 3), long(3, 1<<16-1), long(1<<16-1, 1), long(2, 1<<16)}
	want := []string{"", "", "", "standard input: "}
	for i, r := range run(t, network(t), 2, Options{photo.InvertAuto, true, 1}, files) {
		if r.Err == nil != (want[i] == "") || r.Err != nil && !strings.HasPrefix(r.Err.Error(), want[i]) {
			t.Errorf("photo %d: error %v, want %q", i, r.Err, want[i])
		}
	}
}

func TestGuesses(t *testing.T) {
	p := &Predictor{classes: 4, options: Options{TopK: 9}}
	got, err := p.guesses([]float32{1, 3, 1, 3})
	if err != nil {
		t.Fatal(err)
	}
	high, low := 1/(2+2*math.Exp(-2)), 1/(2+2*math.Exp(2))
	want := []int{1, 3, 0, 2}
	for i, g := range got {
		if p := []float64{high, high, low, low}[i]; g.Class != want[i] || !(math.Abs(g.Probability-p) <= 1e-15) {
			t.Errorf("guess %d: %v, want class %d with %v", i, g, want[i], p)
		}
	}
	p.options.TopK = 2
	if got, err := p.guesses([]float32{1, 3, 1, 3}); err != nil || len(got) != 2 {
		t.Errorf("%v, %v, want two", got, err)
	}
	for _, logits := range [][]float32{{1, float32(math.NaN()), 0, 0}, {float32(math.Inf(1)), 0, 0, 0}} {
		if got, err := p.guesses(logits); err == nil {
			t.Errorf("%v gives %v", logits, got)
		}
	}
}

func TestNewRefusesNormalisation(t *testing.T) {
	n := network(t)
	n.Normalize = configs.NormalizeBy([]float64{0.5}, []float64{0})
	if _, err := New(newWorkers(t, 1), n, Options{photo.InvertAuto, true, 1}); err == nil || !strings.Contains(err.Error(), "a deviation of 0: ") {
		t.Errorf("error %v", err)
	}
}

func TestPredictEnds(t *testing.T) {
	data, err := dataset.Sample()
	if err != nil {
		t.Fatal(err)
	}
	files := pictures(t, dataset.Head(data.Test, 3))
	p, err := New(newWorkers(t, 2), network(t), Options{photo.InvertAuto, true, 1})
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("no room")
	count := 0
	if err := p.Run(t.Context(), files, func(Result) error { count++; return full }); err != full || count != 1 {
		t.Errorf("after %d results: %v", count, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Run(ctx, files, func(Result) error { t.Error("a result"); return nil }); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

// What eval says of an image does not depend on the set: one, a few, or all but the first.
func TestEvalOfFewImages(t *testing.T) {
	data, err := dataset.Sample()
	if err != nil {
		t.Fatal(err)
	}
	n, workers := network(t), newWorkers(t, 2)
	evaluate := func(index []int) []trained.Prediction {
		scores, err := n.Evaluate(t.Context(), workers, dataset.Subset(data.Test, index), Batch, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		return scores.Predictions
	}
	var all []int
	for i := range Batch + 30 {
		all = append(all, i)
	}
	want := evaluate(all)
	for _, index := range [][]int{{7}, {9, 8}, all[1:], all[Batch-1:], {Batch + 29, 3, 77}} {
		for k, got := range evaluate(index) {
			if got != want[index[k]] {
				t.Errorf("image %d of %d: %v, want %v", index[k], len(index), got, want[index[k]])
			}
		}
	}
}
