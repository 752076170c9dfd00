package photo

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"vggtrain/internal/memory/memorytest"
)

// decodingBytes is what reading an image file may allocate at most: what its header says, grey and alpha
// of it, and what the decoders need at any size. Only an announced size that is within bounds counts.
// Codes of a lossless WebP and decoders of a TIFF's strips become garbage one after another.
func decodingBytes(file []byte) int64 {
	const fixed = 512 << 10
	p, err := openBytes(file)
	if err != nil {
		return fixed
	}
	garbage := map[string]int64{"WebP": 4 << 10, "TIFF": 12 << 10}[p.name] * int64(len(file))
	return fixed + p.room + 2*int64(p.rows)*int64(p.cols) + garbage
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
	if !bytes.HasPrefix(file, []byte(pngMagic)) {
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
	fuzzFiles(f, "images/*", "photos/turned-6.jpg", "formats/*.jpg", "formats/*.png")
}
func FuzzWebP(f *testing.F) { fuzzFiles(f, "formats/*.webp") }
func FuzzBMP(f *testing.F)  { fuzzFiles(f, "formats/*.bmp") }
func FuzzTIFF(f *testing.F) { fuzzFiles(f, "formats/*.tif") }
func FuzzPNM(f *testing.F)  { fuzzFiles(f, "formats/*.p?m") }

// fuzzFiles begins with files of testdata.
func fuzzFiles(f *testing.F, patterns ...string) {
	for _, pattern := range patterns {
		goldens, err := filepath.Glob("testdata/" + pattern)
		if err != nil || len(goldens) == 0 {
			f.Fatal("no golden images: ", err)
		}
		for _, path := range goldens {
			f.Add(readGolden(f, "../../"+path))
		}
	}
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

// checkReadPhoto checks that a photo is the image but for its sides, that its rows are of the same colours
// whichever way they are asked for, and that it can be prepared.
func checkReadPhoto(t *testing.T, file []byte, grey *image.Gray) {
	photo, err := NewReader().read(bytes.NewReader(file), 0)
	if err != nil {
		t.Fatalf("an image that is no photo: %v", err)
	}
	defer photo.Close()
	if size := image.Pt(photo.Cols(), photo.Rows()); size != grey.Rect.Size() && size != image.Pt(grey.Rect.Dy(), grey.Rect.Dx()) {
		t.Errorf("%v, as image %v", size, grey.Rect)
	}
	coloured := false
	row, one := make([]byte, 3*photo.Cols()), make([]byte, photo.Cols())
	for y := range photo.Rows() {
		photo.Row(y, 3, row)
		photo.Row(y, 1, one)
		for x, v := range one {
			c := row[3*x:][:3]
			if coloured = coloured || c[0] != c[1] || c[0] != c[2]; v != luma(c[0], c[1], c[2]) {
				t.Fatalf("row %d, column %d: grey %d of %v", y, x, v, c)
			}
		}
	}
	if photo.Coloured() != coloured {
		t.Errorf("coloured: %v", !coloured)
	}
	g, alpha := photo.Grey()
	if alpha != nil && (alpha.Rect != g.Rect || alpha.Stride != g.Stride) {
		t.Errorf("alpha has %v, the image %v", alpha.Rect, g.Rect)
	}
	Prepare(g, alpha, InvertAuto)
}
