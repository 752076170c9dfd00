package checkpoint

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

// The copying conversions are those of big-endian machines; on the others the memory itself has
// to be the file's form.
func TestFileForm(t *testing.T) {
	values := []float32{1, -0.5, float32(math.Inf(1)), math.Float32frombits(0x7fa12345)}
	want := []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf, 0, 0, 0x80, 0x7f, 0x45, 0x23, 0xa1, 0x7f}
	got := make([]byte, len(want))
	encodeF32(got, values)
	if !bytes.Equal(got, want) {
		t.Errorf("encodeF32 = % x, want % x", got, want)
	}
	if same := bytes.Equal(memoryOf(values), want); same == bigEndian {
		t.Errorf("memory has the file's form: %t, big-endian: %t", same, bigEndian)
	}

	inPlace := make([]float32, len(values))
	copy(memoryOf(inPlace), want)
	decodeF32(inPlace, memoryOf(inPlace))
	sameBits := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }
	if !slices.EqualFunc(inPlace, values, sameBits) {
		t.Errorf("decodeF32 in place = %v, want %v", inPlace, values)
	}
	if len(memoryOf(nil)) != 0 {
		t.Error("no values have memory")
	}
}
