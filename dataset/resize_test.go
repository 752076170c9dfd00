package dataset

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"vggtrain/internal/idx/idxtest"
	"vggtrain/internal/memory/memorytest"
)

type resizeCase struct {
	Mode               Mode // "": Stretch
	Source             string
	Offset, Rows, Cols int
	Channels           int // 0: 1, of a grey image
	Side               int
	SHA256             string
	Pixels             []int
}

// bytes are the image that scripts/golden_resize.py gave to Pillow.
func (c resizeCase) bytes(sample []byte) []byte {
	size := c.Rows * c.Cols
	if c.Channels > 0 {
		size *= 3
	}
	switch c.Source {
	case "sample":
		return sample[c.Offset : c.Offset+size]
	case "white":
		return bytes.Repeat([]byte{255}, size)
	}
	return idxtest.Noise(size)
}

// byRow hides the memory of an image, as if it were decoded row by row.
func byRow(p *Pixels) *Pixels {
	hidden := &Pixels{}
	hidden.ByRow(p.Rows, p.Cols, p.Channels, p.Row)
	hidden.Fill = p.Fill
	return hidden
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
	if len(golden.Cases) < 800 {
		t.Fatalf("only %d cases in the golden file", len(golden.Cases))
	}
	sample := inMemory(t, openSample(t).Test).Images
	for _, c := range golden.Cases {
		q := newPreparer(t, Preparation{Channels: max(c.Channels, 1), Side: c.Side, Mode: cmp.Or(c.Mode, Stretch)})
		p := &Pixels{}
		p.Share(c.bytes(sample), c.Rows, c.Cols, 1)
		if c.Channels > 0 {
			p.Channels, p.Fill = 3, []byte{200, 3, 77}[:c.Channels]
		}
		got := make([]byte, q.Size())
		for name, p := range map[string]*Pixels{"memory": p, "rows": byRow(p)} {
			if err := q.Bytes(got, p); err != nil {
				t.Fatal(err)
			}
			if digest := sha256.Sum256(got); hex.EncodeToString(digest[:]) != c.SHA256 {
				t.Errorf("%+v in %s: not PIL's pixels", c, name)
			}
		}
		for i, want := range c.Pixels {
			if int(got[i]) != want {
				t.Errorf("%+v: pixel %d is %d, PIL's %d", c, i, got[i], want)
			}
		}
	}
}

func newPreparer(t testing.TB, p Preparation, scales ...Scale) *Preparer {
	t.Helper()
	q, err := NewPreparer(p, scales)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// Floats are the scaled values of Bytes: for images in memory or read by rows, grown or not, for every
// mode, and with grey repeated for three channels.
func TestPreparerFloats(t *testing.T) {
	scales := []Scale{{0.25, 0.5}, {0.1, 2}, {-1, 0.75}}
	for _, size := range []struct{ rows, cols int }{{28, 28}, {28, 56}, {19, 7}, {31, 90}, {56, 56}} {
		for _, side := range []int{1, 9, 14, 28, 56, 57, 112} {
			for _, mode := range Modes {
				for from, to := range map[int]int{1: 1, 10: 3, 3: 3, 30: 1} {
					from = from%10 + from/10 // 1 to 1, 1 to 3, 3 to 3, 3 to 1
					q := newPreparer(t, Preparation{Channels: to, Side: side, Mode: mode}, scales[:to]...)
					p := &Pixels{}
					p.Share(idxtest.Noise(size.rows*size.cols*from), size.rows, size.cols, from)
					pixels, floats := make([]byte, q.Size()), make([]float32, q.Size())
					for _, p := range []*Pixels{byRow(p), p} {
						if err := errors.Join(q.Bytes(pixels, p), q.Floats(floats, p)); err != nil {
							t.Fatal(err)
						}
						for i, v := range pixels {
							s := scales[i%to]
							if want := (float32(v)/255 - float32(s.Mean)) / float32(s.Deviation); floats[i] != want {
								t.Fatalf("%v to %d, %s, %d to %d channels: value %d is %v, want %v", size, side, mode, from, to, i, floats[i], want)
							}
							if from == 1 && v != pixels[i/to*to] {
								t.Fatalf("%v to %d, %s: grey has become colour at %d", size, side, mode, i)
							}
						}
					}
				}
			}
		}
	}
}

// Padding that never exists gives what padding that does would, and is of the corners' median colour.
func TestPad(t *testing.T) {
	for _, size := range []struct{ rows, cols, side int }{
		{1, 1, 1}, {1, 2, 1}, {2, 1, 3}, {28, 28, 56}, {28, 14, 56}, {13, 28, 56}, {27, 28, 28}, {5, 400, 31},
		{400, 7, 32}, {100, 99, 224}, {99, 100, 17}, {3, 1500, 9}, {1500, 3, 10}, {1, 2500, 5}, {2500, 1, 300},
	} {
		for _, channels := range []int{1, 3} {
			longer := max(size.rows, size.cols)
			p := &Pixels{}
			p.Share(idxtest.Noise(size.rows*size.cols*channels), size.rows, size.cols, channels)
			fill := cornerColour(p)
			padded := &Pixels{}
			for i := range padded.Make(longer, longer, channels) {
				padded.Pix[i] = fill[i%channels]
			}
			above, before := (longer-size.rows)/2, (longer-size.cols)/2
			for y := range size.rows {
				copy(padded.Pix[((y+above)*longer+before)*channels:], p.Row(y, nil))
			}
			q := newPreparer(t, Preparation{Channels: channels, Side: size.side, Mode: Pad})
			whole := newPreparer(t, Preparation{Channels: channels, Side: size.side, Mode: Stretch})
			got, want := make([]byte, q.Size()), make([]byte, q.Size())
			if err := whole.Bytes(want, padded); err != nil {
				t.Fatal(err)
			}
			for range 2 { // nothing is left of the first
				if err := q.Bytes(got, p); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("%v, %d channels:\n got %v\nwant %v", size, channels, got, want)
				}
			}
		}
	}
}

// cornerColour is the definition: of each channel, the lower median of the pixels in four corners.
func cornerColour(p *Pixels) (colour []byte) {
	high, wide := max(1, p.Rows/14), max(1, p.Cols/14)
	for c := range p.Channels {
		var values []byte
		for _, top := range []int{0, p.Rows - high} {
			for _, left := range []int{0, p.Cols - wide} {
				for i := range high * wide {
					values = append(values, p.Pix[((top+i/wide)*p.Cols+left+i%wide)*p.Channels+c])
				}
			}
		}
		slices.Sort(values)
		colour = append(colour, values[(len(values)-1)/2])
	}
	return colour
}

// The middle is what torchvision's CenterCrop takes, whose halves are rounded to even.
func TestFrame(t *testing.T) {
	for _, c := range []struct {
		rows, cols, side int
		want             frame
	}{
		{100, 57, 56, frame{rows: 100, cols: 57, outRows: 98, outCols: 56, top: 21}},
		{57, 100, 56, frame{rows: 57, cols: 100, outRows: 56, outCols: 98, left: 21}},
		{10, 13, 10, frame{rows: 10, cols: 13, outRows: 10, outCols: 13, left: 2}}, // 1.5
		{10, 15, 10, frame{rows: 10, cols: 15, outRows: 10, outCols: 15, left: 2}}, // 2.5
		{1, 65535, 224, frame{rows: 1, cols: 65535, outRows: 224, outCols: 14679840, left: 7339808}},
	} {
		if got := newFrame(Crop, c.rows, c.cols, c.side); got != c.want {
			t.Errorf("%d×%d to %d: %+v, want %+v", c.rows, c.cols, c.side, got, c.want)
		}
	}
}

func TestPreparerBounds(t *testing.T) {
	for _, p := range []Preparation{{0, 28, Crop, false}, {2, 28, Crop, false}, {1, 0, Crop, false}, {1, -1, Crop, false}, {3, maxResize + 1, Crop, false}} {
		if _, err := NewPreparer(p, nil); err == nil {
			t.Errorf("%+v: no error", p)
		}
	}
	q := newPreparer(t, Preparation{Channels: 1, Side: 2})
	for _, c := range [][3]int{{0, 28, 1}, {28, -1, 1}, {maxSide + 1, 1, 1}, {1, maxSide + 1, 1}, {20_000, 20_000, 3}, {5, 5, 2}, {5, 5, 4}} {
		p := &Pixels{Rows: c[0], Cols: c[1], Channels: c[2], row: func(int, []byte) []byte { panic("read") }}
		if err := q.Bytes(make([]byte, 4), p); err == nil {
			t.Errorf("%v: no error", c)
		}
	}
}

// The longest pictures of each mode take little memory and time, and nothing of them that is not in
// the window is read.
func TestLongestPictures(t *testing.T) {
	for _, mode := range Modes {
		for _, size := range [][2]int{{1, maxSide}, {maxSide, 1}, {maxSide, 3051}, {3051, maxSide}} {
			p := &Pixels{Rows: size[0], Cols: size[1], Channels: 3}
			read := 0
			p.row = func(y int, buffer []byte) []byte {
				read++
				for i := range buffer {
					buffer[i] = byte(y + i)
				}
				return buffer
			}
			q := newPreparer(t, Preparation{Channels: 3, Side: 32, Mode: mode})
			if testing.Short() && size[0]*size[1] > maxSide && mode != Crop {
				continue
			}
			dst := make([]byte, q.Size())
			const bound = 64 << 20
			taken := memorytest.Allocated(bound, func() {
				if err := q.Bytes(dst, p); err != nil {
					t.Fatal(err)
				}
			})
			t.Logf("%v, %s: %d rows read, %d bytes", size, mode, read, taken)
			if taken > bound {
				t.Errorf("%v, %s: %d bytes, want at most %d", size, mode, taken, bound)
			}
			if mode == Crop && read > min(size[0], 2*size[1]+4) {
				t.Errorf("%v, %s: %d rows are read", size, mode, read)
			}
		}
	}
}

func TestPreparerAllocatesNothing(t *testing.T) {
	for _, mode := range Modes {
		q := newPreparer(t, Preparation{Channels: 3, Side: 56, Mode: mode})
		p := &Pixels{Fill: []byte{1, 2, 3}}
		p.Share(idxtest.Noise(40*30*3), 40, 30, 3)
		p.Fill = []byte{1, 2, 3}
		dst := make([]float32, q.Size())
		n := testing.AllocsPerRun(10, func() {
			if err := q.Floats(dst, p); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations an image", mode, n)
		}
	}
}

func BenchmarkPrepare(b *testing.B) {
	for _, side := range []int{56, 84, 224, 14} {
		b.Run(fmt.Sprintf("28to%d", side), func(b *testing.B) {
			q := newPreparer(b, Preparation{Channels: 1, Side: side})
			p, dst := &Pixels{}, make([]float32, side*side)
			p.Share(inMemory(b, openSample(b).Train).image(3), 28, 28, 1)
			for b.Loop() {
				if err := q.Floats(dst, p); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(side*side), "ns/pixel")
		})
	}
	b.Run("photo", func(b *testing.B) { // of 12 megapixels
		q := newPreparer(b, Preparation{Channels: 3, Side: 224})
		p, dst := &Pixels{}, make([]byte, q.Size())
		p.Make(3000, 4000, 3)
		for b.Loop() {
			if err := q.Bytes(dst, p); err != nil {
				b.Fatal(err)
			}
		}
	})
}
