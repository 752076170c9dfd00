package main

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// shapes tell whether a point is inside, x to the right and y down from the middle of a square of ±1.
var shapes = map[string]func(x, y float64) bool{
	"bar":   func(x, y float64) bool { return math.Abs(y) < 0.25 && math.Abs(x) < 0.8 },
	"cross": func(x, y float64) bool { return (math.Abs(x) < 0.2) != (math.Abs(y) < 0.2) },
	"disc":  func(x, y float64) bool { return math.Hypot(x, y) < 0.6 },
	"ring":  func(x, y float64) bool { return math.Abs(math.Hypot(x, y)-0.6) < 0.15 },
	"left":  func(x, y float64) bool { return math.Abs(x) < 0.6 && math.Abs(y) < (x+0.6)/2 },
	"right": func(x, y float64) bool { return math.Abs(x) < 0.6 && math.Abs(y) < (0.6-x)/2 },
	"thin":  func(x, y float64) bool { return math.Abs(x) < 0.6 && math.Abs(y) < 0.3 },
	"thick": func(x, y float64) bool { return math.Abs(x) < 0.6 && math.Abs(y) < 0.8 },
}

// drawing is what the pictures of a set have in common.
type drawing struct {
	cols, rows int
	ink, paper color.NRGBA
	turned     bool // as phones do: JPEG files whose EXIF data say how, each in another way
}

var (
	white = color.NRGBA{255, 255, 255, 255}
	black = color.NRGBA{0, 0, 0, 255}
	red   = color.NRGBA{200, 30, 30, 255}
	green = color.NRGBA{30, 200, 30, 255}
	half  = color.NRGBA{10, 20, 90, 128}
	glass = color.NRGBA{255, 255, 255, 0}
	small = drawing{cols: 16, rows: 16, ink: color.NRGBA{220, 120, 40, 255}, paper: color.NRGBA{40, 60, 90, 255}}
)

func on(cols, rows int, ink, paper color.NRGBA) drawing {
	return drawing{cols, rows, ink, paper, false}
}

// picture draws a shape for the nth time, each time somewhere else. A shape that has no entry of its own is
// a disc in a colour of its name's.
func (d drawing) picture(shape string, n int) *image.NRGBA {
	inside := shapes[shape]
	if inside == nil {
		inside = shapes["disc"]
		hash := fnv.New32a()
		io.WriteString(hash, shape)
		sum := hash.Sum32()
		d.ink = color.NRGBA{byte(sum), byte(sum >> 8), byte(sum >> 16), 255}
	}
	m := image.NewNRGBA(image.Rect(0, 0, d.cols, d.rows))
	right, down := float64(n*3%5-2)*0.05, float64(n*2%5-2)*0.05
	for y := range d.rows {
		for x := range d.cols {
			pixel := d.paper
			if inside((float64(x)+0.5)/float64(d.cols)*2-1-right, (float64(y)+0.5)/float64(d.rows)*2-1-down) {
				pixel = d.ink
			}
			m.SetNRGBA(x, y, pixel)
		}
	}
	return m
}

// encoded is a picture as a file of that ending.
func encoded(tb testing.TB, m *image.NRGBA, ending string) []byte {
	tb.Helper()
	var file bytes.Buffer
	encode := map[string]func() error{
		".png":  func() error { return png.Encode(&file, m) },
		".jpg":  func() error { return jpeg.Encode(&file, m, &jpeg.Options{Quality: 95}) },
		".jfif": func() error { return jpeg.Encode(&file, m, &jpeg.Options{Quality: 95}) },
		".bmp":  func() error { return bmp.Encode(&file, m) },
		".tif":  func() error { return tiff.Encode(&file, m, nil) },
		".gif": func() error {
			few := image.NewPaletted(m.Rect, palette.Plan9)
			draw.Draw(few, m.Rect, m, image.Point{}, draw.Src)
			return gif.Encode(&file, few, nil)
		},
		".ppm": func() error {
			fmt.Fprintf(&file, "P6\n%d %d\n255\n", m.Rect.Dx(), m.Rect.Dy())
			for i := 0; i < len(m.Pix); i += 4 {
				file.Write(m.Pix[i:][:3])
			}
			return nil
		},
	}[strings.ToLower(ending)]
	if encode == nil {
		tb.Fatalf("no picture ends in %q", ending)
	}
	if err := encode(); err != nil {
		tb.Fatal(err)
	}
	return file.Bytes()
}

// turned is a JPEG file that shows a picture, once it is turned as its EXIF orientation says.
func turned(tb testing.TB, m *image.NRGBA, orientation int) []byte {
	tb.Helper()
	wide, high := m.Rect.Dx(), m.Rect.Dy()
	stored := image.NewNRGBA(m.Rect)
	if orientation >= 5 { // rows and columns change places
		stored = image.NewNRGBA(image.Rect(0, 0, high, wide))
	}
	for y := range high {
		for x := range wide {
			left, up := wide-1-x, high-1-y
			at := [...]image.Point{{x, y}, {left, y}, {left, up}, {x, up}, {y, x}, {y, left}, {up, left}, {up, x}}[orientation-1]
			stored.SetNRGBA(at.X, at.Y, m.NRGBAAt(x, y))
		}
	}
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(rune(orientation)) + "\x00\x00\x00\x00\x00\x00"
	file := encoded(tb, stored, ".jpg")
	return slices.Concat(file[:2], []byte{0xFF, 0xE1, 0, byte(len(exif) + 2)}, []byte(exif), file[2:])
}

// layOut writes files into a folder, a line each: "train/cat/*.png: 2" are two pictures of a cat, 0.png and
// 1.png; "train/cat/7.jpg: cut" has the content of that name in contents, "train/cat/8: @train/cat/0.png"
// is a link to a file or folder, and other text is the file's own.
func (d drawing) layOut(tb testing.TB, dir, lines string) {
	tb.Helper()
	for line := range strings.Lines(lines) {
		name, what, found := strings.Cut(strings.TrimSpace(line), ": ")
		if !found {
			continue
		}
		class := path.Base(path.Dir(name))
		if count, err := strconv.Atoi(what); err == nil {
			for n := range count {
				file := strings.Replace(name, "*", strconv.Itoa(n), 1)
				m := d.picture(class, n)
				if d.turned {
					put(tb, filepath.Join(dir, file), turned(tb, m, n%8+1))
				} else {
					put(tb, filepath.Join(dir, file), encoded(tb, m, path.Ext(name)))
				}
			}
		} else if target, link := strings.CutPrefix(what, "@"); link {
			target, err := filepath.Rel(filepath.Dir(filepath.Join(dir, name)), filepath.Join(dir, target))
			if err == nil {
				err = os.Symlink(target, filepath.Join(dir, name))
			}
			if err != nil {
				tb.Skip(err) // no links for this user on Windows
			}
		} else if content := contents[what]; content != nil {
			put(tb, filepath.Join(dir, name), content(tb, d.picture(class, 1)))
		} else {
			put(tb, filepath.Join(dir, name), []byte(what))
		}
	}
}

// contents are files that are no whole picture of their ending.
var contents = map[string]func(testing.TB, *image.NRGBA) []byte{
	"empty": func(testing.TB, *image.NRGBA) []byte { return []byte{} },
	"cut": func(tb testing.TB, m *image.NRGBA) []byte {
		whole := encoded(tb, m, ".jpg")
		return whole[:len(whole)*2/3]
	},
	"a JPEG": func(tb testing.TB, m *image.NRGBA) []byte { return encoded(tb, m, ".jpg") },
	"HEIC": func(testing.TB, *image.NRGBA) []byte {
		return []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + strings.Repeat("\x00", 64))
	},
}

func put(tb testing.TB, name string, content []byte) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o666); err != nil {
		tb.Fatal(err)
	}
}
