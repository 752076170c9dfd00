package photo

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/dustin/go-humanize/english"
)

// Pictures of all formats are over white, upright and in colours what Pillow makes of them.
func TestOnWhiteEqualsPIL(t *testing.T) {
	golden := readGoldens(t, "testdata/white.json", 140)
	var composite []byte
	for v := range 256 {
		for alpha := range 256 {
			composite = append(composite, overWhite(byte(v), byte(alpha)))
		}
	}
	if sum := sha256.Sum256(composite); hex.EncodeToString(sum[:]) != golden.Composite {
		t.Error("values over white are not Pillow's")
	}
	far := map[string]int{}
	for _, c := range golden.Cases {
		t.Run(c.File, func(t *testing.T) {
			want, err := hex.DecodeString(c.Pixels)
			if err != nil || len(want) != 3*c.Rows*c.Cols {
				t.Fatalf("%d bytes in the golden file (%v)", len(want), err)
			}
			photo, err := NewReader().Read(Files(filepath.Join("testdata", filepath.FromSlash(c.File)), nil)[0])
			if err != nil {
				t.Fatal(err)
			}
			defer photo.Close()
			if photo.Rows() != c.Rows || photo.Cols() != c.Cols {
				t.Fatalf("%d×%d, want %d×%d", photo.Rows(), photo.Cols(), c.Rows, c.Cols)
			}
			worst := worstRow(photo, want)
			if far[filepath.Ext(c.File)] = max(far[filepath.Ext(c.File)], worst); worst > c.Tolerance {
				t.Errorf("%s from Pillow's, allowed are %d", english.Plural(worst, "level", ""), c.Tolerance)
			}
			coloured := false
			for i := 0; i < len(want); i += 3 {
				coloured = coloured || want[i] != want[i+1] || want[i] != want[i+2]
			}
			if photo.Coloured() != coloured {
				t.Errorf("coloured: %v, want %v", !coloured, coloured)
			}
		})
	}
	t.Logf("levels from Pillow's at most: %v", far)
}

// worstRow is by how much the colours of a photo differ from want at most. Its grey must be their luma.
func worstRow(photo *Photo, want []byte) (worst int) {
	cols := photo.Cols()
	row, grey := make([]byte, 3*cols), make([]byte, cols)
	for y := range photo.Rows() {
		photo.Row(y, 3, row)
		photo.Row(y, 1, grey)
		for x := range cols {
			got, want := row[3*x:][:3], want[3*(y*cols+x):][:3]
			for c := range 3 {
				worst = max(worst, int(got[c])-int(want[c]), int(want[c])-int(got[c]))
			}
			if grey[x] != luma(got[0], got[1], got[2]) {
				worst = max(worst, 1000)
			}
		}
	}
	return worst
}

// Pictures are told by how they begin, also those that are not read; texts are none.
func TestRecognised(t *testing.T) {
	paths, err := filepath.Glob("testdata/formats/*")
	if err != nil || len(paths) == 0 {
		t.Fatal("no golden images: ", err)
	}
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !Recognised(file[:min(len(file), HeadBytes)]) {
			t.Errorf("%s is not recognised", path)
		}
	}
	for text, want := range map[string]bool{
		"": false, "P": false, "P6": false, "P6. A list": false, "BMW: a list of cars and bikes": false, "GIF": false, "ftypheic": false,
		"\x00\x00\x00\x18ftypheic": true, "\x00\x00\x00\x18ftypavif": true, "\x00\x00\x00\x18ftypmif1": true, "\x00\x00\x00\x18ftypisom": false,
	} {
		if Recognised([]byte(text)) != want {
			t.Errorf("%q: recognised: %v, want %v", text, !want, want)
		}
	}
}

// Rows of a turned picture are the pixels that type turn says, also of pictures wider than what is read
// at once, whatever the order in which rows are asked for.
func TestTurns(t *testing.T) {
	const rows, cols = 45, 3*bandCols + 5
	for _, channels := range []int{1, 2, 3, 4} {
		m := newRaster(rows, cols, channels)
		for i := range m.pix {
			m.pix[i] = byte(i * 7 / 3)
		}
		for orientation, turn := range turns {
			p := &Photo{pixels: m.pixels(), turn: turn}
			plain := &Photo{pixels: m.pixels()}
			got, want := make([]byte, 3*p.Cols()), make([]byte, 3*cols)
			for k := range p.Rows() {
				y := k * 11 % p.Rows()
				p.Row(y, 3, got)
				for x := range p.Cols() {
					fromY, fromX := y, x
					if turn.swap {
						fromY, fromX = x, y
					}
					if turn.upsideDown {
						fromY = rows - 1 - fromY
					}
					if turn.mirrored {
						fromX = cols - 1 - fromX
					}
					plain.Row(fromY, 3, want)
					if pixel := [3]byte(want[3*fromX:]); pixel != [3]byte(got[3*x:]) {
						t.Fatalf("%d channels, orientation %d, row %d, column %d: %v, want %v", channels, orientation, y, x, got[3*x:][:3], pixel)
					}
				}
			}
		}
	}
}
