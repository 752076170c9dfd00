package predict

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"testing"

	"vggtrain/dataset"
	"vggtrain/internal/photo"
)

// grey is image i of a set, of its own memory.
func grey(t *testing.T, s dataset.Source, i int) *image.Gray {
	t.Helper()
	p, err := dataset.Read(t.Context(), s, i)
	if err != nil {
		t.Fatal(err)
	}
	return &image.Gray{Pix: bytes.Clone(p.Pix), Stride: p.Cols, Rect: image.Rect(0, 0, p.Cols, p.Rows)}
}

// Fashion-MNIST's own images are whole; they and their negatives stay as they are.
func TestFashionMNISTIsNotTrimmed(t *testing.T) {
	data, err := dataset.Sample()
	if err != nil {
		t.Fatal(err)
	}
	if !testing.Short() {
		if whole, err := dataset.Open(t.Context(), dataset.OpenOptions{Spec: "/usr/share/datasets/fashion-mnist"}); err == nil {
			data = whole
		}
	}
	framed := 0
	for _, s := range []dataset.Source{data.Train, data.Test} {
		for i := range s.Len() {
			m := grey(t, s, i)
			for range 2 {
				fill := photo.Prepare(m, nil, photo.InvertAuto).Fill()
				if box := trimmed(m, fill); !box.Empty() {
					t.Fatalf("image %d: trimmed to %v", i, box)
				}
				g := &Garment{}
				if g.unframe(cut(m, settingOff(m, fill, 0))); g.Inverted {
					framed++
				}
				photo.Prepare(m, nil, photo.InvertYes)
			}
		}
	}
	if framed > 0 {
		t.Errorf("%d garments and negatives look framed", framed)
	}
}

// A garment is found anywhere on a canvas, dark or light.
func TestTrimmed(t *testing.T) {
	data, err := dataset.Sample()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		m := grey(t, data.Test, i)
		box := settingOff(m, 0, distinct)
		for _, canvas := range []image.Rectangle{image.Rect(0, 0, 56, 56), image.Rect(0, 0, 36, 34), image.Rect(0, 0, 90, 29)} {
			at := image.Pt(canvas.Dx()-28-3, (canvas.Dy()-28)/2)
			wide := image.NewGray(canvas)
			draw.Draw(wide, m.Rect.Add(at), m, image.Point{}, draw.Src)
			for range 2 {
				fill := photo.Prepare(wide, nil, photo.InvertAuto).Fill()
				if got, want := trimmed(wide, fill), box.Add(at); got != want {
					t.Fatalf("image %d on %v: %v, want %v", i, canvas, got, want)
				}
				photo.Prepare(wide, nil, photo.InvertYes)
			}
		}
	}
}

func TestTrimmedRules(t *testing.T) {
	faint := image.NewGray(image.Rect(0, 0, 100, 100)) // but for one pixel
	draw.Draw(faint, image.Rect(20, 20, 60, 60), image.NewUniform(color.Gray{Y: 9}), image.Point{}, draw.Src)
	faint.SetGray(30, 30, color.Gray{Y: 99})
	if box := trimmed(faint, 0); box != image.Rect(20, 20, 60, 60) {
		t.Errorf("faint: %v", box)
	}
	for _, c := range []struct {
		name        string
		noise, size int // levels of grey everywhere; side of a bright square on 100×100
		want        bool
	}{
		{"small", 0, 30, true}, {"large", 0, 85, true}, {"whole", 0, 86, false},
		{"noisy", 6, 85, true}, {"noisy whole", 6, 86, false},
		{"noisier", 12, 66, true}, {"noisier large", 12, 67, false},
		{"all noise", 13, 20, false}, {"nothing", 0, 0, false},
	} {
		m := image.NewGray(image.Rect(0, 0, 100, 100))
		for i := range m.Pix {
			m.Pix[i] = byte(c.noise * (i % 2))
		}
		square := image.Rect(3, 5, 3+c.size, 5+c.size)
		draw.Draw(m, square, image.White, image.Point{}, draw.Src)
		box := trimmed(m, 0)
		if box.Empty() == c.want || c.want && box != square {
			t.Errorf("%s: %v", c.name, box)
		}
	}
}
