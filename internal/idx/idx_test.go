package idx

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"
	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/idx/idxtest"
	"vggtrain/internal/memory/memorytest"
)

func TestRead(t *testing.T) {
	file := idxtest.Images(3, 2, 5)
	packed := idxtest.Pack(t, file)
	for name, content := range map[string][]byte{"plain": file, "packed": packed, "zeros behind": append(bytes.Clone(packed), make([]byte, 600)...),
		"members": slices.Concat(idxtest.Pack(t, file[:20]), idxtest.Pack(t, nil), idxtest.Pack(t, file[20:]))} {
		got, err := Read(bytes.NewReader(content), int64(len(content)), Images, MaxBytes)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff([]int{3, 2, 5}, got.Dims); diff != "" {
			t.Errorf("%s: dims (-want +got):\n%s", name, diff)
		}
		if !bytes.Equal(got.Pixels, file[16:]) {
			t.Errorf("%s: other pixels", name)
		}
	}
}

// All types of values hold the same pixels and labels.
func TestReadTypes(t *testing.T) {
	pixels, labels := []byte{0, 1, 127}, []int64{3, -2, 100}
	for magic, write := range map[uint32]func(b []byte, v int64) []byte{
		0x0800: func(b []byte, v int64) []byte { return append(b, byte(v)) },
		0x0900: func(b []byte, v int64) []byte { return append(b, byte(v)) },
		0x0b00: func(b []byte, v int64) []byte { return binary.BigEndian.AppendUint16(b, uint16(v)) },
		0x0c00: func(b []byte, v int64) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) },
		0x0d00: func(b []byte, v int64) []byte { return binary.BigEndian.AppendUint32(b, math.Float32bits(float32(v))) },
		0x0e00: func(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, math.Float64bits(float64(v))) },
	} {
		images, ids, table := idxtest.Header(magic|3, 3, 1, 1), idxtest.Header(magic|1, 3), idxtest.Header(magic|2, 3, 2)
		for i := range pixels {
			images, ids = write(images, int64(pixels[i])), write(ids, labels[i])
			table = write(write(table, labels[i]), 7)
		}
		want := slices.Clone(labels)
		if magic == 0x0800 { // which has no sign
			want[1] = 254
		}
		got, err := Read(bytes.NewReader(images), int64(len(images)), Images, MaxBytes)
		if err != nil || !bytes.Equal(got.Pixels, pixels) || !slices.Equal(got.Dims, []int{3, 1, 1}) || got.Digest != sha256.Sum256(images) {
			t.Errorf("%#04x: images %v, %v", magic, got, err)
		}
		for name, file := range map[string][]byte{"labels": ids, "labels of two columns": table} {
			got, err := Read(bytes.NewReader(file), int64(len(file)), Labels, MaxBytes)
			if err != nil || !slices.Equal(got.Labels, want) || !slices.Equal(got.Dims, []int{3}) {
				t.Errorf("%#04x: %s %v, %v", magic, name, got, err)
			}
		}
	}
}

func TestReadLabelErrors(t *testing.T) {
	for want, file := range map[string][]byte{
		"label 0.5 of image 1 (counted from 0): labels must be integers": append(idxtest.Header(0x0d01, 2), 0, 0, 0, 0, 0x3f, 0, 0, 0),
		"label +Inf of image 0": append(idxtest.Header(0x0d01, 1), 0x7f, 0x80, 0, 0),
		"label NaN of image 0":  append(idxtest.Header(0x0d01, 1), 0x7f, 0xc0, 0, 0),
		"16,777,217 labels announced: no more than 16,777,216 are read":         idxtest.Header(0x0801, MaxLabels+1),
		"a side of 1,025 labels announced: sides from 1 to 1,024 are read":      idxtest.Header(0x0802, 2, 1025),
		"magic number 0x00000803: this is an IDX file of pixels, not of labels": idxtest.Images(1, 1, 1),
	} {
		if _, err := Read(bytes.NewReader(file), int64(len(file)), Labels, MaxBytes); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	sound := idxtest.Images(100, 28, 28)
	packed := idxtest.Pack(t, sound)
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	torn := bytes.Clone(packed)
	torn[len(torn)/2] ^= 0xff
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "the header has 0 bytes instead of 8 or more: the file is cut short; fetch it again"},
		{"one byte", []byte{0}, "the header has 1 bytes instead of 8 or more"},
		{"half a header", sound[:9], "the header has 9 bytes instead of 16"},
		{"labels", idxtest.Labels(1, 2, 3, 4, 5, 6, 7, 8), "magic number 0x00000801: this is an IDX file of labels, not of pixels"},
		{"text", []byte("<html><body>not found</body></html>"), "magic number 0x3c68746d: this is no IDX file of pixels"},
		{"a type of nothing", idxtest.Header(0x0a03, 1, 1, 1), "magic number 0x00000a03: this is no IDX file of pixels"},
		{"four dimensions", idxtest.Header(0x0804, 1, 1, 1, 1), "magic number 0x00000804: 4 dimensions: images are read of 3"},
		{"wide values, too much", idxtest.Header(0x0e03, 129, 1024, 1024), "1,082,130,432 bytes of pixels announced: no more than 1,073,741,824 are read"},
		{"wide values, cut", idxtest.Header(0x0c03, 1, 1, 1), "4 bytes of pixels announced, 0 present"},
		{"half a pixel", append(idxtest.Header(0x0d03, 2, 1, 1), 0x43, 0x7f, 0, 0, 0x3f, 0, 0, 0), "pixel 0.5 of image 1 (counted from 0): pixels must be whole numbers from 0 to 255"},
		{"no number", append(idxtest.Header(0x0d03, 1, 1, 1), 0x7f, 0xc0, 0, 0), "pixel NaN of image 0"},
		{"below black", append(idxtest.Header(0x0903, 1, 1, 1), 0xff), "pixel -1 of image 0"},
		{"above white", append(idxtest.Header(0x0b03, 1, 1, 1), 1, 0), "pixel 256 of image 0"},
		{"no images", idxtest.Header(ImagesMagic, 0, 28, 28), "no pixels announced: the set is empty"},
		{"no side", idxtest.Header(ImagesMagic, 1, 0, 28), "a side of 0 pixels announced: sides from 1 to 1,024 are read"},
		{"large side", idxtest.Header(ImagesMagic, 1, 28, 1025), "a side of 1,025 pixels announced"},
		{"too much", idxtest.Header(ImagesMagic, 1025, 1024, 1024), "1,074,790,400 bytes of pixels announced: no more than 1,073,741,824 are read"},
		{"overflowing product", idxtest.Header(ImagesMagic, 1<<32-1, 1024, 1024), "4,503,599,626,321,920 bytes of pixels announced"},
		{"negative side", idxtest.Header(ImagesMagic, 1, 1<<32-1, 28), "a side of 4,294,967,295 pixels announced"},
		{"cut", sound[:50_016], "78,400 bytes of pixels announced, 50,000 present: the file is cut short; fetch it again"},
		{"only a header", sound[:16], "78,400 bytes of pixels announced, 0 present"},
		{"trailing", append(bytes.Clone(sound), 0), "78,400 bytes of pixels announced, more are present"},
		{"packed, content cut", idxtest.Pack(t, sound[:50_016]), "78,400 bytes of pixels announced, 50,000 present"},
		{"packed, trailing inside", idxtest.Pack(t, append(bytes.Clone(sound), 0)), "more are present"},
		{"packed, trailing outside", append(bytes.Clone(packed), "x"...), "it is cut short, or something follows"},
		{"packed, much trailing outside", append(bytes.Clone(packed), bytes.Repeat([]byte("x"), 600)...), "damaged"},
		{"packed, trailing behind zeros", append(bytes.Clone(packed), append(make([]byte, 600), 'x')...), "something after the zeros at the end"},
		{"packed, a member behind zeros", append(append(bytes.Clone(packed), 0), idxtest.Pack(t, nil)...), "something after the zeros at the end"},
		{"gzip header cut", packed[:5], "the gzip header is cut short"},
		{"gzip checksum cut", packed[:len(packed)-5], "it is cut short, or something follows; fetch it again"},
		{"gzip checksum wrong", flipped, "the file is damaged (gzip: invalid checksum); fetch it again"},
		{"gzip of an unknown method", []byte("\x1f\x8b\x63aaaaaaaaaaaaaaaaaaaaaa"), "damaged"},
		{"gzip cut in the pixels", packed[:len(packed)/2], "present: the file is cut short; fetch it again"},
		{"gzip torn", torn, "the file is damaged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read(bytes.NewReader(test.content), int64(len(test.content)), Images, MaxBytes)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line with %q", err, test.want)
			}
		})
	}
}

// A header that announces a gibibyte must not take the memory: not in a file of a few bytes, nor in
// one whose size would allow it if it were packed well.
func TestReadAllocation(t *testing.T) {
	huge := idxtest.Header(ImagesMagic, 1024, 1024, 1024)
	for name, test := range map[string]struct {
		content []byte
		bound   int64
	}{
		"plain":         {huge, 1 << 20},
		"packed":        {idxtest.Pack(t, huge), 1 << 20},
		"packed, large": {idxtest.Pack(t, append(huge, idxtest.Noise(1100<<10)...)), unproven + 1<<20},
	} {
		got := memorytest.Allocated(test.bound, func() {
			_, err := Read(bytes.NewReader(test.content), int64(len(test.content)), Images, MaxBytes)
			if err == nil || !strings.Contains(err.Error(), "cut short") {
				t.Errorf("%s: error %v", name, err)
			}
		})
		if got > test.bound {
			t.Errorf("%s: %s bytes allocated, bound %s", name, humanize.Comma(got), humanize.Comma(test.bound))
		}
	}
}

// Content that is more than was believed at first arrives whole.
func TestReadGrows(t *testing.T) {
	if testing.Short() {
		t.Skip("unpacks 80 MiB")
	}
	const images = 80
	content := append(idxtest.Header(ImagesMagic, images, 1024, 1024), make([]byte, images<<20)...)
	copy(content[16+unproven-50:], idxtest.Noise(100))
	packed := idxtest.Pack(t, content)
	got, err := Read(bytes.NewReader(packed), int64(len(packed)), Images, MaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Pixels, content[16:]) || got.Digest != sha256.Sum256(content) {
		t.Error("other pixels")
	}
}

// endless is a plain file that never ends, and counts what is read of it.
type endless struct {
	start []byte
	read  int
}

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.start)
	e.start = e.start[n:]
	clear(b[n:])
	e.read += len(b)
	return len(b), nil
}

// A gzip bomb: of a gigabyte of zeros behind the announced pixels, one byte is unpacked.
func TestReadStopsAtTheEnd(t *testing.T) {
	source := &endless{start: idxtest.Images(10, 28, 28)}
	_, err := Read(source, 1<<40, Images, MaxBytes)
	if err == nil || !strings.Contains(err.Error(), "more are present") {
		t.Errorf("error %v", err)
	}
	if source.read > 16+7840+1<<17 { // two buffers of the reader
		t.Errorf("%d bytes read", source.read)
	}
}

func TestReadFailure(t *testing.T) {
	broken := errors.New("input/output error")
	r := io.MultiReader(bytes.NewReader(idxtest.Images(10, 28, 28)[:100]), failing{broken})
	if _, err := Read(r, 1<<20, Images, MaxBytes); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// unpackingBytes is what reading an IDX file of a size may allocate at most, from what idx.go
// promises; the first part is for buffers.
func unpackingBytes(size int, kind Kind) int64 {
	values := maxInflation * int64(size)
	if kind == Labels {
		return 512<<10 + values + 8*values
	}
	return 512<<10 + values + values
}

func FuzzReadIDX(f *testing.F) {
	sound := idxtest.Images(2, 3, 4)
	packed := idxtest.Pack(f, sound)
	var two bytes.Buffer // members, as pigz and bgzip make
	for _, part := range [][]byte{sound[:20], nil, sound[20:]} {
		two.Write(idxtest.Pack(f, part))
	}
	for _, seed := range [][]byte{
		sound, packed, two.Bytes(), packed[:20], append(bytes.Clone(packed), 0), idxtest.Labels(1, 2, 3),
		idxtest.Header(ImagesMagic, 1<<31, 1<<10, 1<<10), idxtest.Pack(f, idxtest.Header(ImagesMagic, 1, 1<<10, 1<<10)),
		idxtest.Pack(f, idxtest.Images(40, 28, 28)), idxtest.Pack(f, append(idxtest.Header(ImagesMagic, 20, 1024, 1024), make([]byte, 20<<20)...)),
		append(idxtest.Header(0x0c02, 1, 8), make([]byte, 32)...), append(idxtest.Header(0x0e03, 1, 1, 1), make([]byte, 8)...),
		append(idxtest.Header(0x0d01, 1), 0x7f, 0xc0, 0, 0), append(bytes.Clone(packed), 0, 'x'), idxtest.Header(0x0801, 1<<24+1),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, kind := range []Kind{Images, Labels} {
			var got *Content
			var err error
			bound := unpackingBytes(len(content), kind)
			taken := memorytest.Allocated(bound, func() {
				got, err = Read(bytes.NewReader(content), int64(len(content)), kind, MaxBytes)
			})
			if taken > bound {
				t.Errorf("%d bytes allocated, bound %d", taken, bound)
			}
			switch {
			case err != nil:
				if text := err.Error(); text == "" || strings.Contains(text, "\n") {
					t.Errorf("error %q, want one line", text)
				}
			case kind == Labels && (len(got.Dims) != 1 || got.Dims[0] != len(got.Labels)),
				kind == Images && got.Dims[0]*got.Dims[1]*got.Dims[2] != len(got.Pixels):
				t.Errorf("dims %v, %d labels, %d pixels", got.Dims, len(got.Labels), len(got.Pixels))
			}
		}
	})
}
