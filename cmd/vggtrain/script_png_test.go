package main

import (
	"image/png"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptPNG runs `png FILE...`: each must be a PNG picture that can be decoded and shows something.
func scriptPNG(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: png FILE...")
	}
	for _, name := range args {
		f, err := os.Open(ts.MkAbs(name))
		ts.Check(err)
		img, err := png.Decode(f)
		f.Close()
		if err != nil {
			ts.Fatalf("%s: %v", name, err)
		}
		colors := map[[3]uint32]bool{}
		for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
			for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
				r, g, b, _ := img.At(x, y).RGBA()
				colors[[3]uint32{r, g, b}] = true
			}
		}
		if len(colors) < 10 {
			ts.Fatalf("%s: %v with %d colours shows nothing", name, img.Bounds().Size(), len(colors))
		}
	}
}
