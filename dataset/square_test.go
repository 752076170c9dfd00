package dataset

import (
	"bytes"
	"image"
	"image/draw"
	"testing"

	"vggtrain/internal/idx/idxtest"
)

// Padding that never exists gives what padding that does would.
func TestSquarer(t *testing.T) {
	table, err := Scale{0.25, 0.5}.Table()
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []struct{ rows, cols, side int }{
		{1, 1, 1}, {1, 2, 1}, {2, 1, 3}, {28, 28, 56}, {28, 14, 56}, {13, 28, 56}, {27, 28, 28}, {5, 400, 31},
		{400, 7, 32}, {100, 99, 224}, {99, 100, 17}, {3, 1500, 9}, {1500, 3, 10},
	} {
		longer := max(size.rows, size.cols)
		picture := &image.Gray{Pix: idxtest.Noise(size.rows * size.cols), Stride: size.cols, Rect: image.Rect(0, 0, size.cols, size.rows)}
		for _, fill := range []byte{0, 1, 100, 254, 255} {
			padded := image.NewGray(image.Rect(0, 0, longer, longer))
			for i := range padded.Pix {
				padded.Pix[i] = fill
			}
			corner := image.Pt((longer-size.cols)/2, (longer-size.rows)/2)
			draw.Draw(padded, picture.Rect.Add(corner), picture, image.Point{}, draw.Src)
			want := make([]byte, size.side*size.side)
			resizer, err := NewResizer(longer, longer, 1, size.side)
			if err != nil {
				t.Fatal(err)
			}
			resizer.bytes(want, padded.Pix)

			q, err := NewSquarer(size.rows, size.cols, size.side)
			if err != nil {
				t.Fatal(err)
			}
			got, floats := make([]byte, len(want)), make([]float32, len(want))
			for range 2 { // nothing is left of the first
				q.Floats(floats, picture.Pix, fill, identity)
				toBytes(got, floats)
				if !bytes.Equal(got, want) {
					t.Fatalf("%v filled with %d:\n got %v\nwant %v", size, fill, got, want)
				}
			}
			q.Floats(floats, picture.Pix, fill, table)
			for i, v := range want {
				if floats[i] != (float32(v)/255-0.25)/0.5 {
					t.Fatalf("%v: pixel %d of %d became %v", size, i, v, floats[i])
				}
			}
		}
	}
}

// Rows that are not computed are what computing them gives, for each grey and any size.
func TestFillRow(t *testing.T) {
	for _, size := range []struct{ length, side int }{{1, 4}, {31, 224}, {56, 56}, {1 << 14, 3}, {16383, 224}, {9999, 1}} {
		r, err := NewResizer(size.length, size.length, 1, size.side)
		if err != nil {
			t.Fatal(err)
		}
		want, got := make([]byte, size.side), make([]byte, size.side)
		for v := range 256 {
			r.alongRow(0, bytes.Repeat([]byte{byte(v)}, size.length))
			unpack(want, r.narrow)
			r.fillRow(0, byte(v))
			unpack(got, r.narrow)
			if !bytes.Equal(got, want) {
				t.Fatalf("%v, grey %d: %v, want %v", size, v, got, want)
			}
		}
	}
}

func unpack(dst []byte, pairs []uint64) {
	for i := range dst {
		dst[i] = byte(pairs[i/2] >> (i % 2 * laneBits))
	}
}

func TestSquarerRefuses(t *testing.T) {
	for _, size := range [][3]int{{0, 5, 5}, {5, 0, 5}, {-1, 5, 5}, {5, 5, 0}, {1 << 14, 1<<14 + 1, 5}, {1 << 25, 1, 5}} {
		if _, err := NewSquarer(size[0], size[1], size[2]); err == nil {
			t.Errorf("%v is taken", size)
		}
	}
}
