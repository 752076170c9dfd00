package photo_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"image"
	"os"
	"path/filepath"
	"testing"

	"vggtrain/dataset"
	"vggtrain/internal/photo"
)

// What a network gets of a photo is what Pillow makes of it: upright, over black or white, inverted,
// padded, resized.
func TestPhotosEqualPIL(t *testing.T) {
	text, err := os.ReadFile("testdata/photos.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			File                        string
			Invert                      photo.Invert
			Side, Background, Tolerance int
			Pixels                      string
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 80 {
		t.Fatalf("only %d cases in the golden file", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		t.Run(c.File+"/"+string(c.Invert), func(t *testing.T) {
			m, err := photo.NewReader().Read(photo.Files(filepath.Join("testdata", filepath.FromSlash(c.File)), nil)[0])
			if err != nil {
				t.Fatal(err)
			}
			grey, alpha := m.Grey()
			background := photo.Prepare(grey, alpha, c.Invert)
			if d := distance(background.Grey, byte(c.Background)); d > c.Tolerance {
				t.Errorf("background %d, want %d", background.Grey, c.Background)
			}
			want, err := hex.DecodeString(c.Pixels)
			if err != nil {
				t.Fatal(err)
			}
			q, err := dataset.NewPreparer(dataset.Preparation{Channels: 1, Side: c.Side, Mode: dataset.Pad}, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, p := make([]byte, c.Side*c.Side), &dataset.Pixels{}
			p.Share(grey.Pix, m.Rows(), m.Cols(), 1)
			p.Fill = []byte{background.Fill()}
			if err := q.Bytes(got, p); err != nil {
				t.Fatal(err)
			}
			worst := 0
			for i, v := range got {
				worst = max(worst, distance(v, want[i]))
			}
			if worst > c.Tolerance {
				t.Errorf("%d levels from Pillow's, allowed are %d\n got %v\nwant %v", worst, c.Tolerance, got, want)
			}
		})
	}
}

func distance(a, b byte) int { return max(int(a)-int(b), int(b)-int(a)) }

// Each image of Fashion-MNIST is bright on black, and its negative dark on white.
func TestBackgroundOfFashionMNIST(t *testing.T) {
	data, err := dataset.Sample()
	if err != nil {
		t.Fatal(err)
	}
	if !testing.Short() {
		if whole, err := dataset.Open(t.Context(), dataset.OpenOptions{Spec: "/usr/share/datasets/fashion-mnist"}); err == nil {
			data = whole
		}
	}
	for _, s := range []dataset.Source{data.Train, data.Test} {
		for i := range s.Len() {
			p, err := dataset.Read(t.Context(), s, i)
			if err != nil {
				t.Fatal(err)
			}
			m := &image.Gray{Pix: bytes.Clone(p.Pix), Stride: p.Cols, Rect: image.Rect(0, 0, p.Cols, p.Rows)}
			if b := photo.Prepare(m, nil, photo.InvertAuto); b.Inverted || !bytes.Equal(m.Pix, p.Pix) {
				t.Fatalf("image %d was inverted", i)
			}
			photo.Prepare(m, nil, photo.InvertYes)
			if b := photo.Prepare(m, nil, photo.InvertAuto); !b.Inverted || !bytes.Equal(m.Pix, p.Pix) {
				t.Fatalf("the negative of image %d was not inverted", i)
			}
		}
	}
}
