package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"vggtrain/internal/memory/memorytest"
)

// header returns an IDX header.
func header(magic uint32, dims ...uint32) []byte {
	h := binary.BigEndian.AppendUint32(nil, magic)
	for _, d := range dims {
		h = binary.BigEndian.AppendUint32(h, d)
	}
	return h
}

func imagesFile(n, rows, cols int) []byte {
	return append(header(imagesMagic, uint32(n), uint32(rows), uint32(cols)), noise(n*rows*cols)...)
}

func labelsFile(labels ...byte) []byte {
	return append(header(labelsMagic, uint32(len(labels))), labels...)
}

func pack(t testing.TB, data []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestReadIDX(t *testing.T) {
	file := imagesFile(3, 2, 5)
	for name, content := range map[string][]byte{"plain": file, "packed": pack(t, file)} {
		got, err := readIDX(bytes.NewReader(content), int64(len(content)), imagesMagic, maxBytes)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff([]int{3, 2, 5}, got.dims); diff != "" {
			t.Errorf("%s: dims (-want +got):\n%s", name, diff)
		}
		if !bytes.Equal(got.data, file[16:]) {
			t.Errorf("%s: other pixels", name)
		}
	}
}

func TestReadIDXErrors(t *testing.T) {
	sound := imagesFile(100, 28, 28)
	packed := pack(t, sound)
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	torn := bytes.Clone(packed)
	torn[len(torn)/2] ^= 0xff
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "the header has 0 bytes instead of 16: the file is cut short; fetch it again"},
		{"one byte", []byte{0}, "the header has 1 bytes instead of 16"},
		{"half a header", sound[:9], "the header has 9 bytes instead of 16"},
		{"labels", labelsFile(1, 2, 3, 4, 5, 6, 7, 8), "magic number 0x00000801 instead of 0x00000803: this is an IDX file of labels, not a file of pixels"},
		{"text", []byte("<html><body>not found</body></html>"), "magic number 0x3c68746d instead of 0x00000803: this is no IDX file that is known here"},
		{"floats", header(0x0d03, 1, 1, 1), "magic number 0x00000d03"},
		{"no images", header(imagesMagic, 0, 28, 28), "no pixels announced: the set is empty"},
		{"no side", header(imagesMagic, 1, 0, 28), "a side of 0 pixels announced: sides from 1 to 1,024 are read"},
		{"large side", header(imagesMagic, 1, 28, 1025), "a side of 1,025 pixels announced"},
		{"too much", header(imagesMagic, 1025, 1024, 1024), "1,074,790,400 bytes of pixels announced: no more than 1,073,741,824 are read"},
		{"overflowing product", header(imagesMagic, 1<<32-1, 1024, 1024), "4,503,599,626,321,920 bytes of pixels announced"},
		{"negative side", header(imagesMagic, 1, 1<<32-1, 28), "a side of 4,294,967,295 pixels announced"},
		{"cut", sound[:50_016], "78,400 bytes of pixels announced, 50,000 present: the file is cut short; fetch it again"},
		{"only a header", sound[:16], "78,400 bytes of pixels announced, 0 present"},
		{"trailing", append(bytes.Clone(sound), 0), "78,400 bytes of pixels announced, more are present"},
		{"packed, content cut", pack(t, sound[:50_016]), "78,400 bytes of pixels announced, 50,000 present"},
		{"packed, trailing inside", pack(t, append(bytes.Clone(sound), 0)), "more are present"},
		{"packed, trailing outside", append(bytes.Clone(packed), "x"...), "it is cut short, or something follows"},
		{"packed, much trailing outside", append(bytes.Clone(packed), make([]byte, 600)...), "damaged"},
		{"gzip header cut", packed[:5], "the gzip header is cut short"},
		{"gzip checksum cut", packed[:len(packed)-5], "it is cut short, or something follows; fetch it again"},
		{"gzip checksum wrong", flipped, "the file is damaged (gzip: invalid checksum); fetch it again"},
		{"gzip of an unknown method", []byte("\x1f\x8b\x63aaaaaaaaaaaaaaaaaaaaaa"), "damaged"},
		{"gzip cut in the pixels", packed[:len(packed)/2], "present: the file is cut short; fetch it again"},
		{"gzip torn", torn, "the file is damaged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := readIDX(bytes.NewReader(test.content), int64(len(test.content)), imagesMagic, maxBytes)
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
func TestReadIDXAllocation(t *testing.T) {
	huge := header(imagesMagic, 1024, 1024, 1024)
	for name, test := range map[string]struct {
		content []byte
		bound   int64
	}{
		"plain":         {huge, 1 << 20},
		"packed":        {pack(t, huge), 1 << 20},
		"packed, large": {pack(t, append(huge, noise(1100<<10)...)), unproven + 1<<20},
	} {
		got := memorytest.Allocated(test.bound, func() {
			_, err := readIDX(bytes.NewReader(test.content), int64(len(test.content)), imagesMagic, maxBytes)
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
func TestReadIDXGrows(t *testing.T) {
	if testing.Short() {
		t.Skip("unpacks 80 MiB")
	}
	const images = 80
	content := append(header(imagesMagic, images, 1024, 1024), make([]byte, images<<20)...)
	copy(content[16+unproven-50:], noise(100))
	packed := pack(t, content)
	got, err := readIDX(bytes.NewReader(packed), int64(len(packed)), imagesMagic, maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.data, content[16:]) || got.digest != sha256.Sum256(content) {
		t.Error("other pixels")
	}
}

// A mirror cannot make us unpack more than the file that is looked for.
func TestVerifyBound(t *testing.T) {
	p := publishedFiles[3]
	packed := pack(t, append(header(p.magic, 10_100), make([]byte, 10_100)...))
	err := verify(bytes.NewReader(packed), int64(len(packed)), p)
	if want := "10,100 bytes of labels announced: no more than 10,008 are read"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
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
func TestReadIDXStopsAtTheEnd(t *testing.T) {
	source := &endless{start: imagesFile(10, 28, 28)}
	_, err := readIDX(source, 1<<40, imagesMagic, maxBytes)
	if err == nil || !strings.Contains(err.Error(), "more are present") {
		t.Errorf("error %v", err)
	}
	if source.read > 16+7840+1<<17 { // two buffers of the reader
		t.Errorf("%d bytes read", source.read)
	}
}

func TestReadIDXFailure(t *testing.T) {
	broken := errors.New("input/output error")
	r := io.MultiReader(bytes.NewReader(imagesFile(10, 28, 28)[:100]), failing{broken})
	if _, err := readIDX(r, 1<<20, imagesMagic, maxBytes); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// unpackingBytes is what reading an IDX file of a size may allocate at most, from what idx.go
// promises; the first part is for buffers.
func unpackingBytes(size int) int64 { return 512<<10 + maxInflation*int64(size) }

func FuzzReadIDX(f *testing.F) {
	sound := imagesFile(2, 3, 4)
	packed := pack(f, sound)
	var two bytes.Buffer // members, as pigz and bgzip make
	for _, part := range [][]byte{sound[:20], nil, sound[20:]} {
		two.Write(pack(f, part))
	}
	for _, seed := range [][]byte{
		sound, packed, two.Bytes(), packed[:20], append(bytes.Clone(packed), 0), labelsFile(1, 2, 3),
		header(imagesMagic, 1<<31, 1<<10, 1<<10), pack(f, header(imagesMagic, 1, 1<<10, 1<<10)),
		pack(f, imagesFile(40, 28, 28)), pack(f, append(header(imagesMagic, 20, 1024, 1024), make([]byte, 20<<20)...)),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		var got *idx
		var err error
		bound := unpackingBytes(len(content))
		taken := memorytest.Allocated(bound, func() {
			got, err = readIDX(bytes.NewReader(content), int64(len(content)), imagesMagic, maxBytes)
		})
		if taken > bound {
			t.Errorf("%d bytes allocated, bound %d", taken, bound)
		}
		switch {
		case err != nil:
			if text := err.Error(); text == "" || strings.Contains(text, "\n") {
				t.Errorf("error %q, want one line", text)
			}
		case got.dims[0]*got.dims[1]*got.dims[2] != len(got.data):
			t.Errorf("dims %v, %d bytes", got.dims, len(got.data))
		}
	})
}
