package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptIDX runs `idx DIR [train=N] [test=N] [side=N] [plain]`: it writes four
// IDX files of made-up images that can be learned (a bar whose place tells the
// class), gzip-compressed unless plain.
func scriptIDX(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: idx DIR [train=N] [test=N] [side=N] [plain]")
	}
	sizes := map[string]int{"train": 64, "test": 32, "side": 28}
	plain := false
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		if key == "plain" {
			plain = true
			continue
		}
		n, err := strconv.Atoi(value)
		ts.Check(err)
		sizes[key] = n
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	for set, prefix := range map[string]string{"train": "train", "test": "t10k"} {
		images, labels := idxFiles(sizes[set], sizes["side"])
		ts.Check(writeIDX(filepath.Join(dir, prefix+"-images-idx3-ubyte"), images, plain))
		ts.Check(writeIDX(filepath.Join(dir, prefix+"-labels-idx1-ubyte"), labels, plain))
	}
}

// idxFiles returns an image file and a label file of n images in IDX format
// (big-endian header: magic number, counts; then bytes).
func idxFiles(n, side int) (images, labels []byte) {
	images = binary.BigEndian.AppendUint32(nil, 0x0803)
	labels = binary.BigEndian.AppendUint32(nil, 0x0801)
	for _, size := range []int{n, side, side} {
		images = binary.BigEndian.AppendUint32(images, uint32(size))
	}
	labels = binary.BigEndian.AppendUint32(labels, uint32(n))
	for i := range n {
		class := i % 10
		labels = append(labels, byte(class))
		for y := range side {
			for x := range side {
				value := byte((i*31 + x*7 + y*13) % 64)
				if y*10/side == class {
					value += 150
				}
				images = append(images, value)
			}
		}
	}
	return images, labels
}

// scriptClasses runs `classes DIR CLASS...`: it writes folders of PNG images, DIR/train/CLASS and
// DIR/test/CLASS, of those that idx makes, eight of a class.
func scriptClasses(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: classes DIR CLASS...")
	}
	const side, each = 28, 8
	images, _ := idxFiles(each*10, side)
	for _, set := range []string{"train", "test"} {
		for class, name := range args[1:] {
			dir := filepath.Join(ts.MkAbs(args[0]), set, name)
			ts.Check(os.MkdirAll(dir, 0o755))
			for i := range each {
				first := 16 + (10*i+class)*side*side
				picture := &image.Gray{Pix: images[first:][:side*side], Stride: side, Rect: image.Rect(0, 0, side, side)}
				var file bytes.Buffer
				ts.Check(png.Encode(&file, picture))
				ts.Check(os.WriteFile(filepath.Join(dir, strconv.Itoa(i)+".png"), file.Bytes(), 0o644))
			}
		}
	}
}

func writeIDX(path string, content []byte, plain bool) error {
	if plain {
		return os.WriteFile(path, content, 0o644)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(path+".gz", packed.Bytes(), 0o644)
}
