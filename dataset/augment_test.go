package dataset

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/idx/idxtest"
	"vggtrain/internal/rng"
)

func TestParseAugment(t *testing.T) {
	for list, want := range map[string]Augment{
		"none": {}, "": {}, "flip": {Flip: true}, "crop": {Crop: true},
		"flip,crop": {true, true}, "crop, flip": {true, true}, "flip,flip": {Flip: true},
	} {
		if got, err := ParseAugment(list); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", list, got, err, want)
		}
		if again, err := ParseAugment(want.String()); err != nil || again != want {
			t.Errorf("%q is written %q, which is read as %v (%v)", list, want, again, err)
		}
	}
	for _, list := range []string{"flop", "flip,", "none,flip", "FLIP"} {
		if got, err := ParseAugment(list); err == nil {
			t.Errorf("%q: %v, no error", list, got)
		}
	}
}

func TestShift(t *testing.T) {
	src := []byte{
		1, 2, 3,
		4, 5, 6,
	}
	p := &Pixels{}
	p.Share(src, 2, 3, 1)
	for _, c := range []struct {
		down, right int
		want        []byte
	}{
		{0, 0, []byte{1, 2, 3, 4, 5, 6}},
		{1, 0, []byte{4, 5, 6, 0, 0, 0}},
		{-1, 0, []byte{0, 0, 0, 1, 2, 3}},
		{0, 1, []byte{2, 3, 0, 5, 6, 0}},
		{0, -2, []byte{0, 0, 1, 0, 0, 4}},
		{1, -1, []byte{0, 4, 5, 0, 0, 0}},
		{2, 0, make([]byte, 6)},
		{0, 3, make([]byte, 6)},
		{-2, -3, make([]byte, 6)},
	} {
		dst := []byte{9, 9, 9, 9, 9, 9}
		shift(dst, p, c.down, c.right, zeros)
		if diff := cmp.Diff(c.want, dst); diff != "" {
			t.Errorf("down %d, right %d (-want +got):\n%s", c.down, c.right, diff)
		}
	}
}

// The edges of a picture are repeated as far as needed: by definition, the nearest pixel is taken.
func TestShiftEdges(t *testing.T) {
	const rows, cols = 3, 4
	for _, channels := range []int{1, 3} {
		p, dst := &Pixels{}, make([]byte, rows*cols*channels)
		p.Share(idxtest.Noise(len(dst)), rows, cols, channels)
		for down := -3; down <= 3; down++ {
			for right := -4; right <= 4; right++ {
				shift(dst, p, down, right, edges)
				for i, v := range dst {
					y, x, c := i/(cols*channels), i/channels%cols, i%channels
					y, x = min(max(y+down, 0), rows-1), min(max(x+right, 0), cols-1)
					if want := p.Pix[(y*cols+x)*channels+c]; v != want {
						t.Fatalf("down %d, right %d, byte %d: %d, want %d", down, right, i, v, want)
					}
				}
			}
		}
	}
}

// cropTwo is the margin of 28 pixels.
const cropTwo = 2

// padded is the definition of the crop: margins of zeros, then a cut.
func padded(src []byte, rows, cols, top, left int) []byte {
	wide := cols + 2*cropTwo
	frame := make([]byte, (rows+2*cropTwo)*wide)
	for y := range rows {
		copy(frame[(y+cropTwo)*wide+cropTwo:], src[y*cols:(y+1)*cols])
	}
	out := make([]byte, 0, rows*cols)
	for y := range rows {
		at := (y+top)*wide + left
		out = append(out, frame[at:at+cols]...)
	}
	return out
}

// mirrored is the definition of the flip.
func mirrored(src []byte, rows, cols int) []byte {
	out := make([]byte, len(src))
	for y := range rows {
		for x := range cols {
			out[y*cols+x] = src[y*cols+cols-1-x]
		}
	}
	return out
}

// Each of the 25 crops, flipped or not, must come, about as often as the others, and nothing else.
func TestApply(t *testing.T) {
	const draws = 20_000
	src, p := idxtest.Noise(28*28), &Pixels{}
	p.Share(src, 28, 28, 1)
	for _, a := range []Augment{{}, {Flip: true}, {Crop: true}, {true, true}} {
		variants := map[string]int{}
		add := func(image []byte) {
			variants[string(image)] = 0
			if a.Flip {
				variants[string(mirrored(image, 28, 28))] = 0
			}
		}
		if a.Crop {
			for top := range 2*cropTwo + 1 {
				for left := range 2*cropTwo + 1 {
					add(padded(src, 28, 28, top, left))
				}
			}
		} else {
			add(src)
		}
		dst := make([]byte, len(src))
		stream := rng.New(1, rng.Augment, 1)
		for i := range uint64(draws) {
			a.apply(dst, p, zeros, stream.Split(i))
			if _, ok := variants[string(dst)]; !ok {
				t.Fatalf("%v: draw %d is no variant", a, i)
			}
			variants[string(dst)]++
		}
		p := 1 / float64(len(variants))
		limit := 5 * math.Sqrt(draws*p*(1-p)) // five deviations: one in a million for each
		for _, n := range variants {
			if !(math.Abs(float64(n)-draws*p) <= limit) {
				t.Errorf("%v: a variant comes %d times, want %.0f ± %.0f", a, n, draws*p, limit)
			}
		}
	}
}

// Channels move together.
func TestApplyChannels(t *testing.T) {
	all := &Pixels{}
	all.Share(idxtest.Noise(42*29*3), 42, 29, 3)
	varied, want := make([]byte, len(all.Pix)), make([]byte, 42*29)
	for i := range uint64(50) {
		draws, outside := rng.New(1, rng.Augment, 1).Split(i), border(i%2 == 0)
		Augment{true, true}.apply(varied, all, outside, draws)
		for c := range 3 {
			one := &Pixels{}
			for k := range one.Make(42, 29, 1) {
				one.Pix[k] = all.Pix[3*k+c]
			}
			Augment{true, true}.apply(want, one, outside, draws)
			for k, v := range want {
				if varied[3*k+c] != v {
					t.Fatalf("draw %d: channel %d, pixel %d: %d, want %d", i, c, k, varied[3*k+c], v)
				}
			}
		}
	}
}

// A crop is the same whether or not there is also a flip.
func TestDrawsAreApart(t *testing.T) {
	p, crop, both := &Pixels{}, make([]byte, 28*28), make([]byte, 28*28)
	p.Share(idxtest.Noise(28*28), 28, 28, 1)
	for i := range uint64(50) {
		draws := rng.New(1, rng.Augment, 1).Split(i)
		Augment{Crop: true}.apply(crop, p, zeros, draws)
		Augment{Crop: true, Flip: true}.apply(both, p, zeros, draws)
		if string(both) != string(crop) && string(both) != string(mirrored(crop, 28, 28)) {
			t.Errorf("image %d: the crop with flip is another", i)
		}
	}
}

func ExampleAugment() {
	a, err := ParseAugment("crop,flip")
	fmt.Println(a, err)
	_, err = ParseAugment("flip,rotate")
	fmt.Println(err)
	// Output:
	// flip,crop <nil>
	// augment: "rotate" is not known: give none, or a list of flip and crop
}
