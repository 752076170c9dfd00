package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// entry is where the entry of a tag is in a TIFF of the lowest byte first.
func entry(t testing.TB, file []byte, tag uint16) int {
	t.Helper()
	le := binary.LittleEndian
	at := int(le.Uint32(file[4:]))
	for i := range int(le.Uint16(file[at:])) {
		if e := at + 2 + 12*i; le.Uint16(file[e:]) == tag {
			return e
		}
	}
	t.Fatalf("no tag %d", tag)
	return 0
}

// tagged is a TIFF whose tags, of 16 or 32 bits, have other values.
func tagged(t testing.TB, name string, values map[uint16]uint32) []byte {
	file := readGolden(t, "../formats/"+name)
	for tag, v := range values {
		e := entry(t, file, tag)
		file = patched(file, e+2, 4, 0)
		file = patched(file, e+8, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
	}
	return file
}

// overlapping is a TIFF of 60,000 rows, each packed in the same megabyte that says nothing, and a row after it.
func overlapping(t testing.TB) []byte {
	le := binary.LittleEndian
	const rows, nothing = 60_000, 1 << 20
	file := append([]byte("II*\x00"), 0, 0, 0, 0)
	file = append(file, bytes.Repeat([]byte{128}, nothing)...) // of PackBits: skip this
	file = append(file, 7, 1, 2, 3, 4, 5, 6, 7, 8)             // and these are 8 bytes
	var arrays [2]int
	for i, v := range []uint32{8, nothing + 9} {
		arrays[i] = len(file)
		for range rows {
			file = le.AppendUint32(file, v)
		}
	}
	le.PutUint32(file[4:], uint32(len(file)))
	tags := [][3]uint32{{tagCols, 1, 8}, {tagRows, 1, rows}, {tagBits, 1, 8}, {tagCompression, 1, tiffPackBits}, {tagPhotometric, 1, 1},
		{tagStripOffsets, rows, uint32(arrays[0])}, {tagSamples, 1, 1}, {tagRowsPerStrip, 1, 1}, {tagStripBytes, rows, uint32(arrays[1])}}
	file = le.AppendUint16(file, uint16(len(tags)))
	for _, tag := range tags {
		file = le.AppendUint16(file, uint16(tag[0]))
		file = le.AppendUint16(file, 4)
		file = le.AppendUint32(le.AppendUint32(file, tag[1]), tag[2])
	}
	return append(file, 0, 0, 0, 0)
}

// What the formats of package golden_formats announce wrongly is an error of one line, at once.
func TestFormatErrors(t *testing.T) {
	golden := func(name string) []byte { return readGolden(t, "../formats/"+name) }
	sized := func(name string, at int, size string) []byte { return patched(golden(name), at, []byte(size)...) }
	lossy, moving := golden("lossy-alpha.webp"), golden("animated-small.webp")
	vp8x, anmf := bytes.Index(lossy, []byte("VP8X")), bytes.Index(moving, []byte("ANMF"))
	frame := bytes.Index(lossy, []byte("VP8 "))
	const large = "\xff\xff\x00\x00\xff\xff\x00\x00"
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"tiff of small tiles", tagged(t, "tiles.tif", map[uint16]uint32{tagTileCols: 8}), "the TIFF is damaged (tiles of 8×16)"},
		{"tiff of vast tiles", tagged(t, "tiles.tif", map[uint16]uint32{tagTileCols: 1 << 31, tagTileRows: 1 << 31}), "the TIFF is damaged (tiles of 2147483648×2147483648)"},
		{"tiff large", tagged(t, "raw.tif", map[uint16]uint32{tagCols: 65535, tagRows: 65535}), "the TIFF announces 65535×65535 pixels: sides to 65,535 and 200,000,000 pixels"},
		{"tiff larger", tagged(t, "raw.tif", map[uint16]uint32{tagCols: 1<<32 - 1, tagRows: 1<<32 - 1}), "the TIFF announces 2147483647×2147483647 pixels: sides"},
		{"tiff without a side", tagged(t, "raw.tif", map[uint16]uint32{tagCols: 0}), "the TIFF announces 0×11 pixels, which is no image"},
		{"tiff beyond its bytes", tagged(t, "raw.tif", map[uint16]uint32{tagRows: 5000}), "the TIFF announces 13×5000 pixels, which 569 bytes cannot hold"},
		{"tiff of more strips", tagged(t, "tiff_lzw.tif", map[uint16]uint32{tagRows: 5000}), "the TIFF is damaged (a directory that is inconsistent)"},
		{"tiff of far strips", tagged(t, "tiff_lzw.tif", map[uint16]uint32{tagStripOffsets: 1 << 30}), "the TIFF is cut short"},
		{"tiff of strips that overlap", overlapping(t), "the TIFF is damaged (strips that overlap)"},
		{"tiff without end", tagged(t, "tiff_lzw.tif", map[uint16]uint32{tagStripBytes: 60}), "the TIFF is "},
		{"tiff of an unknown compression", tagged(t, "raw.tif", map[uint16]uint32{tagCompression: 34712}), "not an image that is read here: a TIFF of a rare kind (compression 34712)"},
		{"tiff of samples", tagged(t, "raw.tif", map[uint16]uint32{tagSamples: 1 << 31}), "not an image that is read here: a TIFF of a rare kind (2147483648 samples a pixel)"},
		{"tiff cut", golden("raw.tif")[:300], "the TIFF announces 13×11 pixels, which 300 bytes cannot hold: the file is cut short or damaged"},
		{"webp of sizes that disagree", patched(lossy, vp8x+12, 99), "the WebP is damaged (sizes that disagree)"},
		{"webp of another frame", patched(lossy, frame+14, 200, 0), "the WebP is damaged (sizes that disagree)"},
		{"webp frame outside", patched(moving, anmf+8, 90), "the WebP is damaged (sizes that disagree)"},
		{"webp vast", patched(moving, bytes.Index(moving, []byte("VP8X"))+12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "the WebP announces 16777216×16777216 pixels: sides to"},
		{"webp without a frame", []byte("RIFF\x04\x00\x00\x00WEBP"), "the WebP is damaged (no frame)"},
		{"webp chunk beyond its bytes", patched(lossy, frame+4, 0, 0, 0, 0x7f), "the WebP is cut short"},
		{"webp cut", golden("lossless.webp")[:400], "the WebP is cut short"},
		{"bmp large", sized("colour.bmp", 18, large), "the BMP announces 65535×65535 pixels: sides"},
		{"bmp beyond its bytes", sized("colour.bmp", 18, "\xff\x0f\x00\x00\xff\x0f\x00\x00"), "the BMP announces 4095×4095 pixels, which 494 bytes cannot hold"},
		{"bmp lowest", sized("colour.bmp", 18, "\x01\x00\x00\x00\x00\x00\x00\x80"), "the BMP announces"},
		{"bmp of runs that end", sized("runs-8.bmp", 18, "\x00\x04\x00\x00\x00\x04\x00\x00"), ""},
		{"bmp of 64 bits", sized("colour.bmp", 28, "\x40\x00"), "not an image that is read here: a BMP of a rare kind (of an unusual depth)"},
		{"pnm large", []byte("P5 65535 65535 255\n\x00"), "the PNM announces 65535×65535 pixels: sides"},
		{"pnm beyond its bytes", []byte("P6 5000 5000 255\n\x00\x00\x00"), "the PNM announces 5000×5000 pixels, which 20 bytes cannot hold"},
		{"pnm of text beyond its bytes", []byte("P3 5000 5000 255\n0 0 0"), "the PNM announces 5000×5000 pixels, which 22 bytes cannot hold"},
		{"pnm of a long number", []byte("P2 1 1 255\n" + strings.Repeat("0", 99)), "the PNM is damaged (a number is expected"},
		{"pnm of a large number", []byte("P2 1 1 255\n256 "), "the PNM is damaged (256 where at most 255 is allowed)"},
		{"pnm without white", []byte("P5 1 1 0\n\x00"), "the PNM is damaged (white is announced as 0)"},
		{"pnm cut", []byte("P5 1"), "the PNM is cut short"},
		{"pnm negative", []byte("P5 -1 1 255\n\x00"), "the PNM is damaged (a number is expected"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := readGrey(test.file)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, test.want)
			}
			if want := strings.HasPrefix(test.want, "not an image"); errors.Is(err, ErrUnknown) != want {
				t.Errorf("%v: unknown: %v, want %v", err, !want, want)
			}
		})
	}
}

// The last row of a BMP may end with its pixels.
func TestBMPWithoutFill(t *testing.T) {
	file := readGolden(t, "../formats/os2.bmp")
	want, err := readGrey(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readGrey(file[:len(file)-1]); err != nil || !bytes.Equal(got.Pix, want.Pix) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if _, err := readGrey(file[:len(file)-2]); err == nil {
		t.Error("a pixel that is cut is read")
	}
}

// failing is a file on a disk that fails after some bytes.
type failing struct {
	*os.File
	after int64
}

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > f.after {
		return 0, &fs.PathError{Op: "read", Path: "secret", Err: errors.New("input/output error")}
	}
	return f.File.ReadAt(b, at)
}

// A file that cannot be read is not called damaged.
func TestReadFails(t *testing.T) {
	for _, name := range []string{"formats/raw.tif", "formats/colour.bmp", "formats/lossless.webp", "formats/raw.ppm", "images/colour.png", "images/colour-444.jpg", "images/palette.gif"} {
		file, err := os.Open("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for _, after := range []int64{0, 300} {
			if _, err := NewReader().read(failing{file, after}, 0); err == nil || err.Error() != "cannot be read: input/output error" {
				t.Errorf("%s after %d bytes: %v", name, after, err)
			}
		}
	}
}

// A decoder that panics has met a damaged file.
func TestDecoderPanics(t *testing.T) {
	p := &picture{imageFormat: imageFormat{name: "PNG"}, header: header{decode: func() (pixels, error) { panic("index out of range") }}}
	if _, err := p.decoded(); err == nil || err.Error() != "the PNG is damaged (its decoder panics: index out of range): replace the file" {
		t.Error(err)
	}
}

// A directory that follows itself is read once.
func TestTIFFLoop(t *testing.T) {
	file := readGolden(t, "../formats/raw.tif")
	le := binary.LittleEndian
	at := le.Uint32(file[4:])
	end := int(at) + 2 + 12*int(le.Uint16(file[at:]))
	le.PutUint32(file[end:], at)
	if _, err := readGrey(file); err != nil {
		t.Error(err)
	}
}
