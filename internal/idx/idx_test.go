package idx

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"
	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/idx/idxtest"
	"vggtrain/internal/memory/memorytest"
)

func TestRead(t *testing.T) {
	file := idxtest.Images(3, 2, 5)
	for name, content := range map[string][]byte{"plain": file, "packed": idxtest.Pack(t, file)} {
		got, err := Read(bytes.NewReader(content), int64(len(content)), ImagesMagic, MaxBytes)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff([]int{3, 2, 5}, got.Dims); diff != "" {
			t.Errorf("%s: dims (-want +got):\n%s", name, diff)
		}
		if !bytes.Equal(got.Data, file[16:]) {
			t.Errorf("%s: other pixels", name)
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
		{"empty", nil, "the header has 0 bytes instead of 16: the file is cut short; fetch it again"},
		{"one byte", []byte{0}, "the header has 1 bytes instead of 16"},
		{"half a header", sound[:9], "the header has 9 bytes instead of 16"},
		{"labels", idxtest.Labels(1, 2, 3, 4, 5, 6, 7, 8), "magic number 0x00000801 instead of 0x00000803: this is an IDX file of labels, not a file of pixels"},
		{"text", []byte("<html><body>not found</body></html>"), "magic number 0x3c68746d instead of 0x00000803: this is no IDX file that is known here"},
		{"floats", idxtest.Header(0x0d03, 1, 1, 1), "magic number 0x00000d03"},
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
			_, err := Read(bytes.NewReader(test.content), int64(len(test.content)), ImagesMagic, MaxBytes)
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
			_, err := Read(bytes.NewReader(test.content), int64(len(test.content)), ImagesMagic, MaxBytes)
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
	got, err := Read(bytes.NewReader(packed), int64(len(packed)), ImagesMagic, MaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Data, content[16:]) || got.Digest != sha256.Sum256(content) {
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
	_, err := Read(source, 1<<40, ImagesMagic, MaxBytes)
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
	if _, err := Read(r, 1<<20, ImagesMagic, MaxBytes); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// unpackingBytes is what reading an IDX file of a size may allocate at most, from what idx.go
// promises; the first part is for buffers.
func unpackingBytes(size int) int64 { return 512<<10 + maxInflation*int64(size) }

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
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		var got *Content
		var err error
		bound := unpackingBytes(len(content))
		taken := memorytest.Allocated(bound, func() {
			got, err = Read(bytes.NewReader(content), int64(len(content)), ImagesMagic, MaxBytes)
		})
		if taken > bound {
			t.Errorf("%d bytes allocated, bound %d", taken, bound)
		}
		switch {
		case err != nil:
			if text := err.Error(); text == "" || strings.Contains(text, "\n") {
				t.Errorf("error %q, want one line", text)
			}
		case got.Dims[0]*got.Dims[1]*got.Dims[2] != len(got.Data):
			t.Errorf("dims %v, %d bytes", got.Dims, len(got.Data))
		}
	})
}
