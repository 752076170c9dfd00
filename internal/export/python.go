package export

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"vggtrain/dataset"
)

// Python returns the lines of Python that prepare a picture for a network's ONNX file as predict does:
// a function of a file's name that returns 1×C×S×S pixels. They need Pillow 13 or later and NumPy. Of
// a network of garments they leave out that predict trims pictures.
func Python(p dataset.Preparation) string {
	mode, order := "L", "[None, None]"
	if p.Channels == 3 {
		mode, order = "RGB", ".transpose(2, 0, 1)[None]"
	}
	lines := []string{
		"import numpy",
		"from PIL import Image, ImageOps",
		"def prepare(path):",
		`    im = ImageOps.exif_transpose(Image.open(path))`,
		`    if "I" in im.mode: im = Image.fromarray(numpy.uint8(numpy.array(im) >> 8))`, // 16 bits, which convert clips
		`    white = Image.new("RGBA", im.size, "white")`,
		`    im = Image.alpha_composite(white, im.convert("RGBA")).convert("MODE")`,
	}
	if p.Garments {
		lines = append(lines, corners...)
		lines = append(lines, `    if fill[0] > 127: im, fill = ImageOps.invert(im), (255 - fill[0],)  # bright on black`)
	} else if p.Mode == dataset.Pad {
		lines = append(lines, corners...)
	}
	lines = append(lines, squares[cmp.Or(p.Mode, dataset.Crop)]...)
	lines = append(lines, `    return numpy.float32(im)ORDER / 255`)
	return strings.NewReplacer("SIDE", strconv.Itoa(p.Side), "MODE", mode, "ORDER", order).Replace(strings.Join(lines, "\n") + "\n")
}

// corners find the background: the median of the four corners.
var corners = []string{
	`    a, h, w = numpy.array(im), max(1, im.height // 14), max(1, im.width // 14)`,
	`    a = numpy.concatenate([a[:h], a[-h:]]).reshape(2 * h, im.width, -1)`,
	`    a = numpy.concatenate([a[:, :w], a[:, -w:]]).reshape(4 * h * w, -1)`,
	`    fill = tuple(numpy.sort(a, 0)[2 * h * w - 1].tolist())`,
}

// squares make a square of an image by the mode.
var squares = map[dataset.Mode][]string{
	dataset.Crop: {
		`    w, h = (SIDE * n // min(im.size) for n in im.size)`,
		`    x, y = round((w - SIDE) / 2), round((h - SIDE) / 2)`,
		`    im = im.resize((w, h), Image.BILINEAR).crop((x, y, x + SIDE, y + SIDE))`,
	},
	dataset.Pad: {
		`    whole = Image.new("MODE", 2 * [max(im.size)], fill)`,
		`    whole.paste(im, ((whole.width - im.width) // 2, (whole.height - im.height) // 2))`,
		`    im = whole.resize((SIDE, SIDE), Image.BILINEAR)`,
	},
	dataset.Stretch: {
		`    im = im.resize((SIDE, SIDE), Image.BILINEAR)`,
	},
}

// preparation is vggtrain.prepare in an ONNX file: all that is done to a picture, for who has another
// language than Python.
type preparation struct {
	Orientation  string       `json:"orientation"`
	Transparency string       `json:"transparency"`
	Channels     int          `json:"channels"`
	Colours      string       `json:"colours"`
	Mode         dataset.Mode `json:"mode"`
	Side         int          `json:"side"`
	Filter       string       `json:"filter"`
	Range        [2]int       `json:"range"`
	Garments     bool         `json:"garments"`
}

// Describe returns what is done to a picture before it is a network's input, as JSON.
func Describe(p dataset.Preparation) (string, error) {
	text, err := json.Marshal(preparation{
		Orientation: "EXIF", Transparency: "over white", Channels: p.Channels, Colours: channelNames(p.Channels),
		Mode: cmp.Or(p.Mode, dataset.Crop), Side: p.Side, Filter: "PIL bilinear, which is antialiased", Range: [2]int{0, 1}, Garments: p.Garments,
	})
	return string(text), err
}
