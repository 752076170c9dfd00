package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vggtrain/internal/display"
	"vggtrain/internal/memory/memorytest"
)

// What a text of n bytes may allocate in all, in bytes: to be read, and, if it is an architecture
// of so many layers, to be resolved and counted.
const (
	readBase, readPerByte    = 1 << 20, 2 << 10
	countBase, countPerLayer = 1 << 20, 12 << 10
)

// Whatever the file, ParseArch returns: a valid architecture that survives YAML, or one line. What
// it returns can be resolved and counted, or one line says why not.
func FuzzParseArch(f *testing.F) {
	for _, seed := range []string{
		smallYAML, "blocks:\n- - 1\n  - 8\n", "a: &x {b: *x}", "? [a]\n: |\n  b", "'\"\\u0000", "%YAML 1.2\n--- >-\n",
		"blocks: [[64, 8192], [64, 1], [1, 1]]\nhidden: [65536, 65536]\ndropout: 0.999\n", "blocks: [[1, 99999999999999999999]]",
		"blocks: [" + strings.Repeat("[64, 1],", 5) + "]\n", "\ufeffname: x\r\nblocks:\r\n  - [1, 8] # c\r\n", "blocks: [[1, 8]]\ndropout: 1e-320\nname: no",
		lenetYAML, "layers: [conv: {out: 8192, kernel: 32, stride: 32, padding: 31}, maxpool: {kernel: 16}, flatten, dropout, linear: 65536, linear: classes]\ndropout: 0.5",
		"layers:\n- dropout: 0.5\n- conv:\n    out: 1\n    kernel: 1\n- relu\n- flatten\n- sigmoid\n- linear: classes", "layers: [" + strings.Repeat("relu, ", 62) + "flatten, linear: classes]",
		"layers: [conv: {out: 9, kernel: 3}, lrn: {size: 5, alpha: 5e-4, beta: 0.5, k: 1e-3}, lrn: {size: 32}, flatten, linear: classes]",
		"{blocks: [[1,2]], hidden: [[[[[[[[[[", "---\n---\nblocks: []\n...\n", "blocks: !!seq [[0x1, 1_0]]\n", "\"\\e\": 1",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var a *Arch
		var err error
		bound := int64(readBase + readPerByte*len(data))
		if got := memorytest.Allocated(bound, func() { a, err = ParseArch("fuzz.yaml", data) }); got > bound {
			t.Errorf("%d bytes take %d bytes to read, more than %d", len(data), got, bound)
		}
		if err != nil {
			checkLine(t, err)
			return
		}
		text, err := a.YAML()
		if err != nil {
			t.Fatalf("%+v is parsed but not valid: %v", a, err)
		}
		again, err := ParseArch("again.yaml", text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		layers := a.Layers(10)
		if !slices.Equal(layers, again.Layers(10)) || a.Name != again.Name {
			t.Errorf("%+v became %+v", a, again)
		}
		if len(layers) < 200 { // deeper ones take long, see TestCountBounds
			checkSummary(t, a, 56)
			checkSummary(t, a, maxSide)
		} else if _, err := Resolve(a, 1, maxSide, maxSide, 10); err != nil {
			checkLine(t, err)
		}
	})
}

// checkSummary counts a network, which must not take memory in proportion to its sizes.
func checkSummary(t *testing.T, a *Arch, side int) {
	t.Helper()
	in := Input{1, 1, side, side}
	title := fmt.Sprintf("%.300s… at %v", fmt.Sprintf("%+v", a), in)
	var s *Summary
	var err error
	bound := int64(countBase + countPerLayer*len(a.Layers(10)))
	if got := memorytest.Allocated(bound, func() { s, err = Summarize(a, in, 10) }); got > bound {
		t.Errorf("%s takes %d bytes to count, more than %d", title, got, bound)
	}
	if err != nil {
		checkLine(t, err)
		return
	}
	if s.Params <= 0 || s.Params > maxElements || s.MACs <= 0 || s.MACs > maxMACs || s.WeightBytes != 4*s.Params || s.TrainBytes < s.WeightBytes {
		t.Errorf("%s: %d parameters, %d MACs, %d and %d bytes", title, s.Params, s.MACs, s.WeightBytes, s.TrainBytes)
	}
	for _, l := range s.Layers {
		for _, size := range l.Output {
			if size < 1 {
				t.Errorf("%s: %s has shape %v", title, l.Name, l.Output)
			}
		}
	}
}

// The deepest networks that there are images for, and the most layers that there can be.
func TestCountBounds(t *testing.T) {
	for _, blocks := range []int{5, 14, 64} {
		a := NewVGG("deep", slices.Repeat([][2]int{{64, 1}}, blocks), slices.Repeat([]int{1}, 16), 0)
		checkSummary(t, a, 56)
		checkSummary(t, a, maxSide)
	}
}

// Whatever the text, ParseInput returns a shape within its bounds that String writes back, or one line.
func FuzzParseInput(f *testing.F) {
	for _, seed := range []string{
		"1x1x224x224", "65536x4096x16384x16384", "0x1x1x1", "1x1x1x-1", "1X1X1X1", "1×1×1×1", "1x1x1x1x1", "xxx", "", "+1x1x1x1", "01x1x1x1",
		"1x1x1x99999999999999999999", "1_0x1x1x1", "0x10x1x1x1", "1x1x\n1x1", "1x1x1x1\x00", "\xffx1x1x1", "１x1x1x1", "1x1x1x2147483648",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var in Input
		var err error
		bound := int64(64<<10 + 64*len(text))
		if got := memorytest.Allocated(bound, func() { in, err = ParseInput(text) }); got > bound {
			t.Errorf("%d bytes take %d bytes to read, more than %d", len(text), got, bound)
		}
		if err != nil {
			checkLine(t, err)
			return
		}
		for i, n := range []int{in.N, in.C, in.H, in.W} {
			if err := inputBounds[i].size(n); err != nil {
				t.Errorf("%q is %v: %v", text, in, err)
			}
		}
		if again, err := ParseInput(in.String()); err != nil || again != in {
			t.Errorf("%q is %v, and %v again: %v", text, in, again, err)
		}
	})
}

// checkLine checks that an error is one short line that a terminal can show.
func checkLine(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); len(text) > 1000 || !display.Printable(text) {
		t.Errorf("not one short line of text: %q", text)
	}
}
