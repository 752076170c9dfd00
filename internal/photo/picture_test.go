package photo

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zlib"

	"vggtrain/internal/memory/memorytest"
)

func readGolden(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata/images", name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// readGrey reads a file as those of class folders are read, and as photos are but for their sides.
func readGrey(file []byte) (*image.Gray, error) {
	p, err := ReadPicture(bytes.NewReader(file), 0)
	if err != nil {
		return nil, err
	}
	return p.Grey()
}

func TestReadImageEqualsPIL(t *testing.T) {
	text, err := os.ReadFile("testdata/images.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			File                  string
			Rows, Cols, Tolerance int
			Pixels                string
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 34 {
		t.Fatalf("only %d cases in the golden file", len(golden.Cases))
	}
	for _, c := range golden.Cases {
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
		{"text", []byte("<html>\nnot found</html>"), "not an image that is read here: it begins as no PNG, JPEG or GIF does; convert it to one of them", true},
		{"webp", []byte("RIFF\x00\x00\x00\x00WEBPVP8 "), "not an image that is read here", true},
		{"12 bits", precise, "not an image that is read here: a JPEG of a rare kind (unsupported JPEG feature: precision)", true},
		{"png cut in the header", sound["png"][:20], "the PNG is cut short", false},
		{"png cut", sound["png"][:300], "the PNG is damaged (png: invalid format: not enough pixel data): replace the file", false},
		{"jpeg cut in the header", sound["jpg"][:20], "the JPEG is cut short", false},
		{"jpeg cut", sound["jpg"][:len(sound["jpg"])-20], "the JPEG is damaged (invalid JPEG format: short Huffman data): replace the file", false},
		{"gif cut in the header", sound["gif"][:20], "the GIF is damaged (gif: reading color table: unexpected EOF): replace the file", false},
		{"gif cut", sound["gif"][:len(sound["gif"])-20], "the GIF is damaged (gif: not enough image data): replace the file", false},
		{"png flipped", patched(sound["png"], 100, sound["png"][100]^1), "the PNG is damaged (", false},
		{"png without a side", sizedPNG(0, 5), "the PNG is damaged (png: invalid format: non-positive dimension)", false},
		{"png large", append(sizedPNG(1<<13, 1<<12+1), padding...), "the PNG announces 8192×4097 pixels: no more than 33,554,432 in all are read; make the image smaller", false},
		{"png long", append(sizedPNG(1<<31-1, 1), padding...), "the PNG announces 2147483647×1 pixels: no more", false},
		{"png vast", append(sizedPNG(1<<30, 1<<30), padding...), "the PNG is damaged (png: unsupported feature: dimension overflow)", false},
		{"png beyond its bytes", sizedPNG(600, 600), "the PNG announces 600×600 pixels, which 33 bytes cannot hold", false},
		{"jpeg without rows", sizedJPEG(t, "colour-444.jpg", 5, 0), "the JPEG announces 5×0 pixels, which is no image", false},
		{"jpeg large", append(sizedJPEG(t, "colour-444.jpg", 65535, 65535), padding...), "the JPEG announces 65535×65535 pixels: no more", false},
		{"jpeg beyond its bytes", sizedJPEG(t, "colour-420-progressive.jpg", 600, 600), "the JPEG announces 600×600 pixels, which 578 bytes cannot hold", false},
		{"gif without columns", sizedGIF(t, 0, 3), "the GIF announces 0×3 pixels, which is no image", false},
		{"gif large", sizedGIF(t, 65535, 65535), "the GIF announces 65535×65535 pixels: no more", false},
		{"gif frame outside", sizedGIF(t, 12, 12), "the GIF is damaged (gif: frame bounds larger than image bounds)", false},
		{"large file", append(bytes.Clone(sound["png"]), make([]byte, maxImageFile)...), "the file is larger than 67,108,864 bytes", false},
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

// decodingBytes is what reading an image file may allocate at most: the file four times over (its
// buffer grows), 25 bytes a pixel in blocks of 32, and what the decoders need at any size. Only
// an announced size that is within bounds counts.
func decodingBytes(file []byte) int64 {
	const fixed = 512 << 10
	bytes := int64(fixed + 4*len(file))
	var p Picture
	for _, p.imageFormat = range imageFormats {
		p.file = file
		if strings.HasPrefix(string(file[:min(len(file), 8)]), p.magic) && p.check() == nil {
			bytes += 25 * int64((p.Rows+31)&^31) * int64((p.Cols+31)&^31)
		}
	}
	return bytes
}

// Files that cost the most memory for their kind, and some that only announce it.
func TestReadImageAllocation(t *testing.T) {
	deep := image.NewNRGBA64(image.Rect(0, 0, 700, 500))
	deep.SetNRGBA64(1, 1, color.NRGBA64{A: 1})
	var whole bytes.Buffer
	if err := png.Encode(&whole, deep); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"png of 64 bits":        whole.Bytes(),
		"png announced":         append(sizedPNG(1<<13, 1<<12), make([]byte, 1<<12)...),
		"png announced, padded": append(sizedPNG(1<<10, 1<<10), make([]byte, 1<<18)...),
		"jpeg announced":        sizedJPEG(t, "cmyk.jpg", 60_000, 500),
		"jpeg progressive":      append(sizedJPEG(t, "colour-420-progressive.jpg", 1_000, 1_000), make([]byte, 1<<12)...),
		"gif screen":            sizedGIF(t, 4_000, 4_000),
	} {
		bound := decodingBytes(file)
		if got := memorytest.Allocated(bound, func() { readGrey(file) }); got > bound {
			t.Errorf("%s: %d bytes allocated, bound %d", name, got, bound)
		}
	}
}

// A zlib bomb: rows that no image has are not unpacked.
func TestReadImageBomb(t *testing.T) {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write(make([]byte, 64<<20))
	w.Close()
	data := append([]byte("IDAT"), packed.Bytes()...)
	file := sizedPNG(3, 3)
	file = binary.BigEndian.AppendUint32(file, uint32(packed.Len()))
	file = binary.BigEndian.AppendUint32(append(file, data...), crc32.ChecksumIEEE(data))
	_, err := readGrey(file)
	if err == nil || !strings.Contains(err.Error(), "too much pixel data") {
		t.Errorf("error %v", err)
	}
}

// scanBomb is a progressive JPEG of 2048×2048 in which each scan takes 16 bytes and visits all.
func scanBomb(t testing.TB, scans int) []byte {
	file := readGolden(t, "grey-progressive.jpg")
	sof := bytes.Index(file, []byte("\xff\xc2"))
	// One AC table whose only code, 0, ends a band for 2¹⁴ blocks and as many as 14 bits say.
	table := []byte("\xff\xc4\x00\x14\x10\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0")
	bomb := append(bytes.Clone(file[:sof+13]), table...)
	bomb = patched(bomb, sof+5, 8, 0, 8, 0)
	for range scans {
		// Component 1, coefficients 1 to 63; three such codes.
		bomb = append(bomb, "\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00\x55\x54\xaa\xa9\x55\x57"...)
	}
	return append(bomb, make([]byte, 16<<10)...) // as many bytes as so many pixels need
}

// Scans that take a few bytes and visit every pixel: a megabyte could take hours.
func TestReadImageScans(t *testing.T) {
	_, err := readGrey(scanBomb(t, 50_000))
	if err == nil || !strings.Contains(err.Error(), "far too many scans") {
		t.Errorf("error %v", err)
	}
}

// mended is file with the right checksum in each chunk of a PNG, so that changes elsewhere are not
// all the same to the decoder.
func mended(file []byte) []byte {
	file = bytes.Clone(file)
	if !bytes.HasPrefix(file, []byte(imageFormats[0].magic)) {
		return file
	}
	for at := 8; at+12 <= len(file); {
		end := at + 8 + int(binary.BigEndian.Uint32(file[at:]))
		if end+4 > len(file) {
			break
		}
		binary.BigEndian.PutUint32(file[end:], crc32.ChecksumIEEE(file[at+4:end]))
		at = end + 4
	}
	return file
}

func FuzzReadImage(f *testing.F) {
	goldens, err := filepath.Glob("testdata/images/*")
	if err != nil || len(goldens) == 0 {
		f.Fatal("no golden images: ", err)
	}
	for _, path := range goldens {
		f.Add(readGolden(f, filepath.Base(path)))
	}
	f.Add(readGolden(f, "../photos/turned-6.jpg"))
	f.Fuzz(func(t *testing.T, file []byte) {
		checkReadImage(t, file)
		if changed := mended(file); !bytes.Equal(changed, file) {
			checkReadImage(t, changed)
		}
	})
}

// checkReadImage checks what holds of any file: no panic, an error of one line, memory in bounds.
func checkReadImage(t *testing.T, file []byte) {
	bound := decodingBytes(file)
	if bound > 64<<20 { // most of the time would be spent on clearing memory
		return
	}
	var grey *image.Gray
	var err error
	taken := memorytest.Allocated(bound, func() { grey, err = readGrey(file) })
	if taken > bound {
		t.Errorf("%d bytes allocated, bound %d", taken, bound)
	}
	if err != nil {
		if text := err.Error(); text == "" || strings.Contains(text, "\n") {
			t.Errorf("error %q, want one line", text)
		}
		return
	}
	if grey.Stride != grey.Rect.Dx() || len(grey.Pix) != grey.Rect.Dx()*grey.Rect.Dy() || len(grey.Pix) == 0 {
		t.Errorf("bounds %v, stride %d, %d pixels", grey.Rect, grey.Stride, len(grey.Pix))
	}
	checkReadPhoto(t, file, grey)
}

// checkReadPhoto checks that a photo is the image but for its sides, and can be prepared.
func checkReadPhoto(t *testing.T, file []byte, grey *image.Gray) {
	photo, err := NewReader().read(bytes.NewReader(file), 0)
	if err != nil {
		t.Fatalf("an image that is no photo: %v", err)
	}
	defer photo.Close()
	if size := image.Pt(photo.Cols(), photo.Rows()); size != grey.Rect.Size() && size != image.Pt(grey.Rect.Dy(), grey.Rect.Dx()) {
		t.Errorf("%v, as image %v", size, grey.Rect)
	}
	g, alpha := photo.Grey()
	if alpha != nil && (alpha.Rect != g.Rect || alpha.Stride != g.Stride) {
		t.Errorf("alpha has %v, the image %v", alpha.Rect, g.Rect)
	}
	Prepare(g, alpha, InvertAuto)
}
