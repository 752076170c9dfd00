package predict

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"testing"

	xdraw "golang.org/x/image/draw"

	"vggtrain/dataset"
	"vggtrain/internal/photo"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// learned trains the small network on garments.
func learned(t *testing.T, train dataset.Source, workers *model.Workers) *trained.Network {
	t.Helper()
	n := network(t)
	trainer, err := model.NewTrainer(workers, n.Layers, n.Params, model.TrainerOptions{Batch: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	optimizer, err := model.NewOptimizer(trainer, model.OptimizerOptions{Momentum: 0.9})
	if err != nil {
		t.Fatal(err)
	}
	o := n.LoaderOptions(workers, train, 50)
	o.Shuffle = true
	loader, err := dataset.NewLoader(train, o)
	if err != nil {
		t.Fatal(err)
	}
	step := uint64(0)
	for epoch := range 3 {
		for b, err := range loader.Epoch(t.Context(), epoch+1) {
			if err != nil {
				t.Fatal(err)
			}
			step++
			if _, err := trainer.Step(step, b.Images, b.Labels, b.Rows); err != nil {
				t.Fatal(err)
			}
			if err := optimizer.Step(0.02); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n
}

// A garment on a canvas of twice its size, dark or light, anywhere on it, is right as often as on its
// own, within three points; and it is not if it is not trimmed.
func TestGarmentsOnCanvas(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a network")
	}
	data, err := dataset.Sample()
	if err != nil {
		t.Fatal(err)
	}
	const images = 300
	workers := newWorkers(t, 2)
	n := learned(t, data.Train, workers)
	right := func(o Options, paint func(m *image.Gray, i int) *image.Gray) (count, trimmed int) {
		p, err := New(workers, n, o)
		if err != nil {
			t.Fatal(err)
		}
		var files []photo.File
		for i := range images {
			var file bytes.Buffer
			if err := png.Encode(&file, paint(grey(t, data.Test, i), i)); err != nil {
				t.Fatal(err)
			}
			files = append(files, photo.From("-", "-", &file))
		}
		i := 0
		if err := p.Run(t.Context(), files, func(r Result) error {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if r.Guesses[0].Class == int(data.Test.Label(i)) {
				count++
			}
			if !r.Garment.Trimmed.Empty() {
				trimmed++
			}
			i++
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return count, trimmed
	}
	trim := Options{photo.InvertAuto, true, 1}
	alone, none := right(trim, func(m *image.Gray, _ int) *image.Gray { return m })
	if alone < images*7/10 || none > 0 {
		t.Fatalf("alone %d are right, %d trimmed", alone, none)
	}
	for name, canvas := range map[string]func(m *image.Gray, i int) *image.Gray{
		"pasted": func(m *image.Gray, i int) *image.Gray {
			wide := image.NewGray(image.Rect(0, 0, 56, 56))
			draw.Draw(wide, m.Rect.Add(image.Pt(i%29, i*7%29)), m, image.Point{}, draw.Src)
			return wide
		},
		"enlarged": func(m *image.Gray, _ int) *image.Gray {
			wide := image.NewGray(image.Rect(0, 0, 112, 112))
			xdraw.BiLinear.Scale(wide, image.Rect(28, 28, 84, 84), m, m.Rect, draw.Src, nil)
			return wide
		},
		"camera": func(m *image.Gray, _ int) *image.Gray { // with a JPEG's noise round the garment
			wide := image.NewGray(image.Rect(0, 0, 112, 112))
			xdraw.BiLinear.Scale(wide, image.Rect(28, 28, 84, 84), m, m.Rect, draw.Src, nil)
			var file bytes.Buffer
			if err := jpeg.Encode(&file, wide, nil); err != nil {
				t.Fatal(err)
			}
			decoded, err := jpeg.Decode(&file)
			if err != nil {
				t.Fatal(err)
			}
			draw.Draw(wide, wide.Rect, decoded, image.Point{}, draw.Src)
			return wide
		},
		"framed": func(m *image.Gray, _ int) *image.Gray { // bright on black, on white
			wide := image.NewGray(image.Rect(0, 0, 56, 42))
			draw.Draw(wide, wide.Rect, image.White, image.Point{}, draw.Src)
			draw.Draw(wide, m.Rect.Add(image.Pt(14, 7)), m, image.Point{}, draw.Src)
			return wide
		},
	} {
		light := func(m *image.Gray, i int) *image.Gray {
			wide := canvas(m, i)
			for k, v := range wide.Pix {
				wide.Pix[k] = 255 - v
			}
			return wide
		}
		for ground, paint := range map[string]func(*image.Gray, int) *image.Gray{"dark": canvas, "light": light} {
			got, trimmed := right(trim, paint)
			lost, _ := right(Options{photo.InvertAuto, false, 1}, paint)
			t.Logf("%s, %s: %d right, %d alone, %d if not trimmed; %d trimmed", name, ground, got, alone, lost, trimmed)
			if got < alone-images*3/100 || trimmed != images {
				t.Errorf("%s, %s: %d are right, alone %d; %d are trimmed", name, ground, got, alone, trimmed)
			}
			if lost > alone-images*3/100 {
				t.Errorf("%s, %s: %d are right without trimming, alone %d: the canvas is too easy", name, ground, lost, alone)
			}
		}
	}
}
