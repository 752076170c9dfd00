package predict

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/photo"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// kinds are pictures of all kinds that people have: by size, colour, ground, transparency and format.
func kinds(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	paint := func(cols, rows int, at func(x, y int) color.NRGBA) *image.NRGBA {
		m := image.NewNRGBA(image.Rect(0, 0, cols, rows))
		for y := range rows {
			for x := range cols {
				m.SetNRGBA(x, y, at(x, y))
			}
		}
		return m
	}
	disc := func(cols, rows int, ground, ink color.NRGBA) *image.NRGBA {
		return paint(cols, rows, func(x, y int) color.NRGBA {
			if (2*x-cols)*(2*x-cols)+(2*y-rows)*(2*y-rows) < min(cols, rows)*min(cols, rows)/2 {
				return color.NRGBA{ink.R - byte(x), ink.G + byte(y), ink.B, ink.A}
			}
			return ground
		})
	}
	white, black, clear := color.NRGBA{255, 255, 255, 255}, color.NRGBA{0, 0, 0, 255}, color.NRGBA{90, 10, 30, 0}
	red, grey, shade := color.NRGBA{230, 20, 30, 255}, color.NRGBA{120, 120, 120, 255}, color.NRGBA{20, 120, 200, 100}
	for name, m := range map[string]image.Image{
		"white": disc(40, 40, white, red), "black": disc(33, 35, black, red), "wide": disc(90, 31, white, grey),
		"high": disc(20, 77, black, grey), "cutout": disc(50, 40, clear, red), "shade": disc(28, 41, clear, shade),
		"tiny": disc(1, 1, white, red), "long": disc(300, 2, red, white), "same": disc(side, side, grey, red),
		"margin": paint(64, 64, func(x, y int) color.NRGBA {
			if max(x, y) < 20 {
				return white
			}
			return black
		}),
		"grey": image.NewGray(image.Rect(0, 0, 30, 50)), "deep": image.NewNRGBA64(image.Rect(0, 0, 31, 30)),
	} {
		var file bytes.Buffer
		if err := png.Encode(&file, m); err != nil {
			t.Fatal(err)
		}
		files[name+".png"] = file.Bytes()
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, disc(61, 47, white, red), nil); err != nil {
		t.Fatal(err)
	}
	files["camera.jpg"] = bytes.Clone(file.Bytes())
	file.Reset()
	if err := gif.Encode(&file, disc(37, 20, white, red), nil); err != nil {
		t.Fatal(err)
	}
	files["palette.gif"] = bytes.Clone(file.Bytes())
	for turn := range 8 { // a phone's
		name := fmt.Sprintf("turned-%d.jpg", turn+1)
		text, err := os.ReadFile(filepath.Join("../photo/testdata/photos", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	return files
}

// A set's pictures give what eval gives, to the last bit, whatever they are and however they are
// prepared, with no option and with those that are only for garments.
func TestPicturesAreThoseOfEval(t *testing.T) {
	dir := t.TempDir()
	var names []string
	for name, text := range kinds(t) {
		for k, class := range []string{"cat", "dog"} {
			for _, split := range []string{"train", "test"} {
				path := filepath.Join(dir, split, class, fmt.Sprint(k, name))
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, text, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
		names = append(names, name)
	}
	data, err := dataset.Open(t.Context(), dataset.OpenOptions{Spec: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range dataset.Modes {
		for _, channels := range []int{1, 3} {
			n := pictureNetwork(t, dataset.Preparation{Channels: channels, Side: side, Mode: mode})
			loaded, err := data.Load(t.Context(), dataset.LoadOptions{Channels: channels, Side: side, Mode: mode, Strict: true})
			if err != nil {
				t.Fatal(err)
			}
			if loaded.Test.Len() != 2*len(names) {
				t.Fatalf("%d pictures of %d", loaded.Test.Len(), 2*len(names))
			}
			scores, err := n.Evaluate(t.Context(), newWorkers(t, 2), loaded.Test, Batch, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			want := map[trained.Prediction]int{} // in the set's order, which is not that of the files
			for i, p := range scores.Predictions {
				p.Class = p.Class*2 + int(scores.Labels[i])
				want[p]++
			}
			for _, o := range []Options{{photo.InvertAuto, true, 1}, {photo.InvertNo, false, 1}} {
				got := map[trained.Prediction]int{}
				for label, class := range []string{"cat", "dog"} {
					for _, r := range run(t, n, 1+label, o, photo.Files(filepath.Join(dir, "test", class), nil)) {
						if r.Err != nil || r.Garment != nil {
							t.Fatalf("%s: %+v", r.Photo.Name, r)
						}
						got[trained.Prediction{Class: r.Guesses[0].Class*2 + label, Probability: r.Guesses[0].Probability}]++
					}
				}
				for p, count := range got {
					if want[p] != count {
						t.Errorf("%s, %d channels: predict has %d of %v, eval %d", mode, channels, count, p, want[p])
					}
				}
				if len(got) < len(names)/2 {
					t.Errorf("%s, %d channels: only %d answers differ", mode, channels, len(got))
				}
			}
		}
	}
}

// pictureNetwork is like network, of other data than garments.
func pictureNetwork(t *testing.T, prepare dataset.Preparation) *trained.Network {
	t.Helper()
	mean, deviation := []float64{0.4, 0.5, 0.6}, []float64{0.2, 0.25, 0.3}
	return drawn(t, &trained.Network{
		Arch:        model.NewVGG("tiny", [][2]int{{1, 8}, {1, 16}}, []int{32}, 0.5),
		Classes:     []string{"cat", "dog"},
		Preparation: prepare,
		Normalize:   configs.NormalizeBy(mean[:prepare.Channels], deviation[:prepare.Channels]),
	})
}
