package photo

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func readGolden(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata/images", name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// readGrey reads a file in grey, as it lies.
func readGrey(file []byte) (*image.Gray, error) {
	p, err := openBytes(file)
	if err != nil {
		return nil, err
	}
	photo, err := p.decoded()
	if err != nil {
		return nil, err
	}
	photo.turn = turn{}
	grey, _ := photo.Grey()
	return grey, nil
}

func openBytes(file []byte) (*picture, error) {
	return newPicture(&source{ReaderAt: bytes.NewReader(file), size: int64(len(file))})
}

// goldens are pictures and what Pillow makes of them.
type goldens struct {
	Composite string // white.json: the SHA-256 of all values of all alphas over white
	Cases     []struct {
		File                  string
		Rows, Cols, Tolerance int
		Pixels                string
	}
}

// readGoldens reads a golden file, which must have least cases or more.
func readGoldens(t *testing.T, path string, least int) (g goldens) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Cases) < least {
		t.Fatalf("only %d cases in the golden file", len(g.Cases))
	}
	return g
}

func TestReadImageEqualsPIL(t *testing.T) {
	for _, c := range readGoldens(t, "testdata/images.json", 34).Cases {
		t.Run(c.File, func(t *testing.T) {
			got, err := readGrey(readGolden(t, c.File))
			if err != nil {
				t.Fatal(err)
			}
			if got.Rect != image.Rect(0, 0, c.Cols, c.Rows) || got.Stride != c.Cols {
				t.Fatalf("bounds %v, stride %d, want %d×%d", got.Rect, got.Stride, c.Cols, c.Rows)
			}
			want, err := hex.DecodeString(c.Pixels)
			if err != nil || len(want) != len(got.Pix) {
				t.Fatalf("%d pixels, want %d (%v)", len(got.Pix), len(want), err)
			}
			worst := 0
			for i, v := range got.Pix {
				worst = max(worst, int(v)-int(want[i]), int(want[i])-int(v))
			}
			if worst > c.Tolerance {
				t.Errorf("%d levels from Pillow's, allowed are %d\n got %v\nwant %v", worst, c.Tolerance, got.Pix, want)
			}
		})
	}
}

func lumaCMYK(ink [4]byte) byte {
	var colour [3]byte
	readCMYK(colour[:], ink[:])
	return luma(colour[0], colour[1], colour[2])
}

// As Image.new("CMYK", (1, 1), ink).convert("L") of Pillow 13.0.0.
func TestLumaCMYK(t *testing.T) {
	for ink, want := range map[[4]byte]byte{
		{0, 0, 0, 0}:         255,
		{255, 0, 0, 0}:       179,
		{12, 200, 31, 0}:     130,
		{77, 130, 9, 40}:     130,
		{200, 180, 160, 140}: 32,
		{1, 2, 3, 254}:       1,
		{9, 9, 9, 255}:       0,
		{128, 129, 127, 128}: 63,
		{3, 250, 100, 77}:    67,
	} {
		if got := lumaCMYK(ink); got != want {
			t.Errorf("%v: %d, want %d", ink, got, want)
		}
	}
}

// Scans are counted wherever a read ends, and nothing else is.
func TestScanLimit(t *testing.T) {
	for _, test := range []struct {
		file string
		left int64
		ok   bool
	}{{"\xff\xda\xda\xff\x00\xda\xff\xff\xda", 2, true}, {"\xff\xda\xda\xff\x00\xda\xff\xff\xda", 1, false}} {
		for name, r := range map[string]io.Reader{
			"whole":  strings.NewReader(test.file),
			"pieces": iotest.OneByteReader(strings.NewReader(test.file)),
		} {
			got, err := io.ReadAll(&scanLimit{r: r, left: test.left})
			if (err == nil) != test.ok || test.ok && string(got) != test.file {
				t.Errorf("%s, %d scans: %q, %v", name, test.left, got, err)
			}
		}
	}
}

// patched is file with bytes put in at an offset.
func patched(file []byte, at int, b ...byte) []byte {
	file = bytes.Clone(file)
	copy(file[at:], b)
	return file
}

// sizedPNG is the start of a PNG file that announces a size.
func sizedPNG(cols, rows uint32) []byte {
	header := binary.BigEndian.AppendUint32([]byte("IHDR"), cols)
	header = binary.BigEndian.AppendUint32(header, rows)
	header = append(header, 16, 6, 0, 0, 1) // RGBA of 16 bits, interlaced
	file := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(header))
}

// sizedJPEG is a copy of a golden JPEG that announces a size.
func sizedJPEG(t testing.TB, name string, cols, rows uint16) []byte {
	file := readGolden(t, name)
	at := bytes.IndexAny(file, "\xff")
	for _, sof := range []string{"\xff\xc0", "\xff\xc2"} {
		if i := bytes.Index(file, []byte(sof)); i >= 0 {
			at = i
		}
	}
	return patched(file, at+5, byte(rows>>8), byte(rows), byte(cols>>8), byte(cols))
}

func sizedGIF(t testing.TB, cols, rows uint16) []byte {
	return patched(readGolden(t, "palette.gif"), 6, byte(cols), byte(cols>>8), byte(rows), byte(rows>>8))
}

func TestReadImageErrors(t *testing.T) {
	sound := map[string][]byte{"png": readGolden(t, "colour.png"), "jpg": readGolden(t, "colour-444.jpg"), "gif": readGolden(t, "palette.gif")}
	precise := readGolden(t, "grey.jpg")
	precise[bytes.Index(precise, []byte("\xff\xc0"))+4] = 12 // bits
	padding := make([]byte, 1<<20)                           // so that the size is what is wrong
	tests := []struct {
		name  string
		file  []byte
		want  string
		isNot bool // an image that is read here
	}{
		{"empty", nil, "the file is empty: replace it", false},
		{"text", []byte("<html>\nnot found</html>"), "not an image that is read here: it begins as no PNG, JPEG, GIF, WebP, BMP, TIFF or PNM does; convert it to one of them", true},
		{"sound", []byte("RIFF\x00\x00\x00\x00WAVEfmt "), "not an image that is read here", true},
		{"heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), "HEIC is not read here: convert the picture (heif-convert IN.heic OUT.png", false},
		{"avif", []byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00"), "AVIF is not read here: convert the picture (heif-convert IN.avif OUT.png", false},
		{"12 bits", precise, "not an image that is read here: a JPEG of a rare kind (unsupported JPEG feature: precision)", true},
		{"png cut in the header", sound["png"][:20], "the PNG is cut short", false},
		{"png cut", sound["png"][:300], "the PNG is damaged (png: invalid format: not enough pixel data): replace the file", false},
		{"jpeg cut in the header", sound["jpg"][:20], "the JPEG is cut short", false},
		{"jpeg cut", sound["jpg"][:len(sound["jpg"])-20], "the JPEG is damaged (invalid JPEG format: short Huffman data): replace the file", false},
		{"gif cut in the header", sound["gif"][:20], "the GIF is damaged (gif: reading color table: unexpected EOF): replace the file", false},
		{"gif cut", sound["gif"][:len(sound["gif"])-20], "the GIF is damaged (gif: not enough image data): replace the file", false},
		{"png flipped", patched(sound["png"], 100, sound["png"][100]^1), "the PNG is damaged (", false},
		{"png without a side", sizedPNG(0, 5), "the PNG is damaged (png: invalid format: non-positive dimension)", false},
		{"png large", append(sizedPNG(20_000, 10_001), padding...), "the PNG announces 20000×10001 pixels: sides to 65,535 and 200,000,000 pixels in all are read; make the image smaller", false},
		{"png long", append(sizedPNG(1<<16, 1), padding...), "the PNG announces 65536×1 pixels: sides to", false},
		{"png vast", append(sizedPNG(1<<30, 1<<30), padding...), "the PNG is damaged (png: unsupported feature: dimension overflow)", false},
		{"png beyond its bytes", sizedPNG(600, 600), "the PNG announces 600×600 pixels, which 33 bytes cannot hold", false},
		{"jpeg without rows", sizedJPEG(t, "colour-444.jpg", 5, 0), "the JPEG announces 5×0 pixels, which is no image", false},
		{"jpeg large", append(sizedJPEG(t, "colour-444.jpg", 65535, 65535), padding...), "the JPEG announces 65535×65535 pixels: sides to", false},
		{"jpeg beyond its bytes", sizedJPEG(t, "colour-420-progressive.jpg", 600, 600), "the JPEG announces 600×600 pixels, which 578 bytes cannot hold", false},
		{"gif without columns", sizedGIF(t, 0, 3), "the GIF announces 0×3 pixels, which is no image", false},
		{"gif large", sizedGIF(t, 65535, 65535), "the GIF announces 65535×65535 pixels: sides to", false},
		{"gif frame outside", sizedGIF(t, 12, 12), "the GIF is damaged (gif: frame bounds larger than image bounds)", false},
		{"png deep", append(sizedPNG(12_000, 12_000), padding...), "the PNG of 12000×12000 pixels takes 2.1 GiB to decode: no more than 1.2 GiB are taken for a picture", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := readGrey(test.file)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line with %q", err, test.want)
			}
			if errors.Is(err, ErrUnknown) != test.isNot {
				t.Errorf("%q: not an image: %v, want %v", err, !test.isNot, test.isNot)
			}
		})
	}
}
