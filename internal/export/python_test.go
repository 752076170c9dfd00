package export

import (
	"strings"
	"testing"

	"vggtrain/dataset"
)

// scripts/check_pictures.py runs these lines; here it is seen that each mode has its own.
func TestPython(t *testing.T) {
	for _, channels := range []int{1, 3} {
		for mode, square := range map[dataset.Mode]string{
			"":              "im = im.resize((w, h), Image.BILINEAR).crop((x, y, x + 56, y + 56))",
			dataset.Crop:    "im = im.resize((w, h), Image.BILINEAR).crop((x, y, x + 56, y + 56))",
			dataset.Pad:     "im = whole.resize((56, 56), Image.BILINEAR)",
			dataset.Stretch: "im = im.resize((56, 56), Image.BILINEAR)",
		} {
			lines := Python(dataset.Preparation{Channels: channels, Side: 56, Mode: mode})
			colours, end := `.convert("L")`, "return numpy.float32(im)[None, None] / 255"
			if channels == 3 {
				colours, end = `.convert("RGB")`, "return numpy.float32(im).transpose(2, 0, 1)[None] / 255"
			}
			for _, want := range []string{"exif_transpose", ">> 8", "alpha_composite", colours, square, end} {
				if !strings.Contains(lines, want) {
					t.Errorf("%d channels, %s: no %s in\n%s", channels, mode, want, lines)
				}
			}
			if n := strings.Count(lines, "\n"); n > 16 || strings.Contains(lines, "SIDE") || strings.Contains(lines, "MODE") || strings.Contains(lines, "ORDER") {
				t.Errorf("%d channels, %s: %d lines\n%s", channels, mode, n, lines)
			}
		}
	}
	if lines := Python(dataset.Preparation{Channels: 1, Side: 56, Mode: dataset.Pad, Garments: true}); strings.Count(lines, "fill = tuple") != 1 || !strings.Contains(lines, "ImageOps.invert") {
		t.Errorf("garments:\n%s", lines)
	}
}

// The lines of the usual mode are about ten, and fit a screen.
func TestPythonIsShort(t *testing.T) {
	lines := Python(dataset.Preparation{Channels: 3, Side: 224})
	if n := strings.Count(lines, "\n"); n != 11 {
		t.Errorf("%d lines", n)
	}
	for line := range strings.Lines(lines) {
		if len(strings.TrimSuffix(line, "\n")) > 78 {
			t.Errorf("%d characters: %s", len(line), line)
		}
	}
}

func TestDescribe(t *testing.T) {
	got, err := Describe(dataset.Preparation{Channels: 3, Side: 64})
	want := `{"orientation":"EXIF","transparency":"over white","channels":3,"colours":"red, green and blue",` +
		`"mode":"crop","side":64,"filter":"PIL bilinear, which is antialiased","range":[0,1],"garments":false}`
	if err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}
