package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"vggtrain/internal/idx/idxtest"

	"github.com/google/go-cmp/cmp"
)

type resizeCase struct {
	Source             string
	Offset, Rows, Cols int
	Side               int
	SHA256             string
	Pixels             []int
}

// source is the image that scripts/golden_resize.py gave to Pillow.
func (c resizeCase) source(sample []byte) []byte {
	size := c.Rows * c.Cols
	switch c.Source {
	case "sample":
		return sample[c.Offset : c.Offset+size]
	case "white":
		white := make([]byte, size)
		for i := range white {
			white[i] = 255
		}
		return white
	}
	return idxtest.Noise(size)
}

// identity leaves pixels as they are.
var identity = func() *[256]float32 {
	table := new([256]float32)
	for v := range table {
		table[v] = float32(v)
	}
	return table
}()

func toBytes(dst []byte, floats []float32) {
	for i, v := range floats {
		dst[i] = byte(v)
	}
}

// bytes resizes src into pixels.
func (r *Resizer) bytes(dst, src []byte) {
	floats := make([]float32, len(dst))
	r.Floats(floats, src, slices.Repeat([]*[256]float32{identity}, r.channels))
	toBytes(dst, floats)
}

func TestResizeEqualsPIL(t *testing.T) {
	text, err := os.ReadFile("testdata/resize.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Cases []resizeCase }
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 400 {
		t.Fatalf("only %d cases in the golden file", len(golden.Cases))
	}
	sample := inMemory(t, openSample(t).Test).Images
	for _, c := range golden.Cases {
		r, err := NewResizer(c.Rows, c.Cols, 1, c.Side)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, c.Side*c.Side)
		r.bytes(got, c.source(sample))
		if digest := sha256.Sum256(got); hex.EncodeToString(digest[:]) != c.SHA256 {
			t.Errorf("%s at %d, %d×%d to %d: not PIL's pixels", c.Source, c.Offset, c.Rows, c.Cols, c.Side)
		}
		for i, want := range c.Pixels {
			if int(got[i]) != want {
				t.Errorf("%s %d×%d to %d: pixel %d is %d, PIL's %d", c.Source, c.Rows, c.Cols, c.Side, i, got[i], want)
			}
		}
	}
}

// Any table is looked up by the pixels.
func TestResizeFloats(t *testing.T) {
	var table [256]float32
	tables := []*[256]float32{&table}
	for v := range table {
		table[v] = float32(v) * 1.5
	}
	src := inMemory(t, openSample(t).Train).image(3)
	for _, side := range []int{1, 9, 14, 28, 56, 57, 112, 224} {
		r, err := NewResizer(28, 28, 1, side)
		if err != nil {
			t.Fatal(err)
		}
		pixels, got, want := make([]byte, side*side), make([]float32, side*side), make([]float32, side*side)
		r.bytes(pixels, src)
		r.Floats(got, src, tables)
		for i, v := range pixels {
			want[i] = table[v]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("side %d (-want +got):\n%s", side, diff)
		}
	}
}

// Channels side by side are each resized as if they were alone.
func TestResizeChannels(t *testing.T) {
	for _, c := range []struct{ rows, cols, channels, side int }{{28, 28, 3, 56}, {28, 28, 2, 57}, {100, 61, 3, 40}, {3, 5, 4, 7}, {1, 1, 3, 1}} {
		src := idxtest.Noise(c.rows * c.cols * c.channels)
		all, err := NewResizer(c.rows, c.cols, c.channels, c.side)
		if err != nil {
			t.Fatal(err)
		}
		one, err := NewResizer(c.rows, c.cols, 1, c.side)
		if err != nil {
			t.Fatal(err)
		}
		size := c.side * c.side
		got, want := make([]byte, size*c.channels), make([]byte, size)
		floats, tables := make([]float32, len(got)), make([]*[256]float32, c.channels)
		for k := range tables {
			tables[k] = new([256]float32)
			for v := range tables[k] {
				tables[k][v] = float32(1000*k + v)
			}
		}
		all.bytes(got, src)
		all.Floats(floats, src, tables)
		for k := range c.channels {
			plane := make([]byte, c.rows*c.cols)
			for i := range plane {
				plane[i] = src[i*c.channels+k]
			}
			one.bytes(want, plane)
			for i, v := range want {
				if at := i*c.channels + k; got[at] != v || floats[at] != float32(1000*k)+float32(v) {
					t.Fatalf("%+v: channel %d, pixel %d: %d, %v; want %d", c, k, i, got[at], floats[at], v)
				}
			}
		}
	}
}

func TestResizerBounds(t *testing.T) {
	for _, c := range [][3]int{{0, 28, 56}, {28, -1, 56}, {28, 28, 0}, {28, 28, maxResize + 1}, {maxResize + 1, 1, 5}} {
		if _, err := NewResizer(c[0], c[1], 1, c[2]); err == nil {
			t.Errorf("NewResizer(%v): no error", c)
		}
	}
	if _, err := NewResizer(28, 28, 0, 56); err == nil {
		t.Error("no channels: no error")
	}
	// The largest: its sums must not overflow on white.
	r, err := NewResizer(1, maxResize, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 1)
	r.bytes(got, resizeCase{Source: "white", Rows: 1, Cols: maxResize}.source(nil))
	if got[0] != 255 {
		t.Errorf("white of %d pixels becomes %d", maxResize, got[0])
	}
}

func TestResizeAllocatesNothing(t *testing.T) {
	r, err := NewResizer(28, 28, 1, 56)
	if err != nil {
		t.Fatal(err)
	}
	tables := []*[256]float32{{}}
	src, dst := idxtest.Noise(28*28), make([]float32, 56*56)
	if n := testing.AllocsPerRun(10, func() { r.Floats(dst, src, tables) }); n != 0 {
		t.Errorf("%v allocations an image", n)
	}
}

func BenchmarkResize(b *testing.B) {
	for _, side := range []int{56, 84, 224, 14} {
		b.Run(fmt.Sprintf("28to%d", side), func(b *testing.B) {
			r, err := NewResizer(28, 28, 1, side)
			if err != nil {
				b.Fatal(err)
			}
			tables := []*[256]float32{{}}
			src, dst := inMemory(b, openSample(b).Train).image(3), make([]float32, side*side)
			for b.Loop() {
				r.Floats(dst, src, tables)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(side*side), "ns/pixel")
		})
	}
}
