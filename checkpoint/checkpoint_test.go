package checkpoint

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/written.bin anew")

// sample is what scripts/check_safetensors.py calls sample.
func sample() *State {
	weight := make([]float32, 18)
	momentum := make([]float32, 18)
	for i := range weight {
		weight[i] = float32(i-7) / 4
		momentum[i] = 2 * weight[i]
	}
	special := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)),
		float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, math.MaxFloat32}
	return &State{
		Tensors: []Tensor{
			{"optimizer/features.0.weight", []int{2, 1, 3, 3}, momentum},
			{"features.0.weight", []int{2, 1, 3, 3}, weight},
			{"features.0.bias", []int{2}, []float32{0.1, -0.2}},
			{"special", []int{6}, special},
			{"scale", []int{}, []float32{0.5}},
			{"empty", []int{0, 3}, []float32{}},
		},
		Metadata: map[string]string{"vggtrain.arch": "name: \"<é&>\"\n", "note": ""},
	}
}

// bitsEqual compares float32s by their bits, NaN and -0 included.
var bitsEqual = cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })

func wantTensors(t *testing.T, s *State, want []Tensor) {
	t.Helper()
	if len(s.Tensors) != len(want) {
		t.Errorf("%d tensors, want %d", len(s.Tensors), len(want))
	}
	for i := range want {
		got := s.Tensor(want[i].Name)
		if got == nil {
			t.Errorf("no tensor %s", want[i].Name)
		} else if diff := cmp.Diff(want[i], *got, bitsEqual); diff != "" {
			t.Errorf("tensor %s (-want +got):\n%s", want[i].Name, diff)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoint.bin")
	want := sample()
	if err := Write(path, want); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func(string) (*State, error){"Read": Read, "ReadForeign": ReadForeign} {
		got, err := read(path)
		if err != nil {
			t.Fatal(name, err)
		}
		wantTensors(t, got, want.Tensors)
		if diff := cmp.Diff(want.Metadata, got.Metadata); diff != "" {
			t.Errorf("%s: metadata (-want +got):\n%s", name, diff)
		}
		if n := len(got.Weights()); n != 5 {
			t.Errorf("%s: %d weights without a slash, want 5", name, n)
		}
		inParts(t, mustRead(t, path), got, nil)
	}
	if got := want.Tensors[0].Name; got != "optimizer/features.0.weight" {
		t.Errorf("Write reordered the caller's tensors: %s first", got)
	}
}

// A tensor longer than the buffer, of a length that does not divide by it.
func TestRoundTripLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "best.bin")
	data := make([]float32, chunk+1)
	for i := range data {
		data[i] = float32(i)
	}
	want := &State{Tensors: []Tensor{{"optimizer/w", []int{len(data)}, data}, {"w", []int{len(data)}, data}}}
	if err := Write(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	wantTensors(t, got, want.Tensors)
	inParts(t, mustRead(t, path), got, nil)
}

func TestEmptyState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.bin")
	if err := Write(path, &State{}); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path); err != nil || len(got.Tensors) != 0 || len(got.Metadata) != 0 {
		t.Errorf("Read = %v, %v", got, err)
	}
}

func TestGoldenWritten(t *testing.T) {
	golden := filepath.Join("testdata", "written.bin")
	if *update {
		if err := Write(golden, sample()); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "written.bin")
	if err := Write(path, sample()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(mustRead(t, path), mustRead(t, golden)) {
		t.Errorf("Write's bytes are not those of %s", golden)
	}
}

func TestReadForeign(t *testing.T) {
	s, err := ReadForeign(filepath.Join("testdata", "foreign.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	wantTensors(t, s, sample().Tensors[1:])
	if got := s.Metadata["made-by"]; got != "safetensors" {
		t.Errorf("metadata made-by = %q", got)
	}
}

func TestReadForeignTypes(t *testing.T) {
	s, err := ReadForeign(filepath.Join("testdata", "foreign-types.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	negZero := float32(math.Copysign(0, -1))
	values := []float32{0, negZero, 1, -2.5, 0x1p-14, 0x1p-24, 65504, inf, nan}
	bf16 := append([]float32{}, values...)
	bf16[6] = 65536 // BF16 has 8 bits of mantissa
	sameNumber := cmp.Comparer(func(a, b float32) bool {
		return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
	})
	for name, want := range map[string][]float32{"float64": values, "float16": values, "bfloat16": bf16} {
		if diff := cmp.Diff(want, s.Tensor(name).Data, sameNumber); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	one := []float32{1}
	rank9 := []int{1, 1, 1, 1, 1, 1, 1, 1, 1}
	tests := []struct {
		name  string
		state State
		want  string
	}{
		{"name twice", State{Tensors: []Tensor{{"a", nil, one}, {"a", nil, one}}}, `two tensors "a"`},
		{"no name", State{Tensors: []Tensor{{"", nil, one}}}, `cannot be called ""`},
		{"metadata's name", State{Tensors: []Tensor{{"__metadata__", nil, one}}}, "cannot be called"},
		{"name not UTF-8", State{Tensors: []Tensor{{"\xff", nil, one}}}, "cannot be called"},
		{"too few values", State{Tensors: []Tensor{{"a", []int{2}, one}}}, "of shape [2] has 1 values"},
		{"negative", State{Tensors: []Tensor{{"a", []int{-1, -1}, one}}}, "absurd shape"},
		{"overflow", State{Tensors: []Tensor{{"a", []int{math.MaxInt, 2}, one}}}, "absurd shape"},
		{"rank", State{Tensors: []Tensor{{"a", rank9, one}}}, "9 dimensions"},
		{"own key", State{Metadata: map[string]string{digestKey: "x"}}, "container's own"},
		{"metadata not UTF-8", State{Metadata: map[string]string{"a": "\xff"}}, "not UTF-8"},
		{"header too long", State{Metadata: map[string]string{"a": strings.Repeat("x", maxHeader)}}, "header would take"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			err := Write(filepath.Join(dir, "a.bin"), &test.state)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Write: %v, want %q in it", err, test.want)
			}
			wantFiles(t, dir)
		})
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// wantFiles checks which files a folder holds.
func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
