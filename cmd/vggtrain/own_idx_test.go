package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// The IDX format's types of values: their byte, and how one is written, big-endian.
var idxTypes = map[string]struct {
	code byte
	put  func(b []byte, v int) []byte
}{
	"uint8":   {0x08, func(b []byte, v int) []byte { return append(b, byte(v)) }},
	"int8":    {0x09, func(b []byte, v int) []byte { return append(b, byte(v)) }},
	"int16":   {0x0B, func(b []byte, v int) []byte { return binary.BigEndian.AppendUint16(b, uint16(v)) }},
	"int32":   {0x0C, func(b []byte, v int) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) }},
	"float32": {0x0D, func(b []byte, v int) []byte { return binary.BigEndian.AppendUint32(b, math.Float32bits(float32(v))) }},
	"float64": {0x0E, func(b []byte, v int) []byte { return binary.BigEndian.AppendUint64(b, math.Float64bits(float64(v))) }},
}

// idxOf is a file of the IDX format.
func idxOf(kind string, dims []int, values ...int) []byte {
	file := []byte{0, 0, idxTypes[kind].code, byte(len(dims))}
	for _, n := range dims {
		file = binary.BigEndian.AppendUint32(file, uint32(n))
	}
	for _, v := range values {
		file = idxTypes[kind].put(file, v)
	}
	return file
}

// idxPair is pictures of 4×4 pixels of a type, and labels of another; more columns than one follow each
// label with zeros, as QMNIST's do.
func idxPair(pixels, kind string, columns int, labels ...int) (images, classes []byte) {
	var values, all []int
	for n, label := range labels {
		for i := range 16 {
			values = append(values, (label&3*40+i*5+n)%120)
		}
		all = append(all, label)
		all = append(all, make([]int, columns-1)...)
	}
	dims := []int{len(labels)}
	if columns > 1 {
		dims = append(dims, columns)
	}
	return idxOf(pixels, []int{len(labels), 4, 4}, values...), idxOf(kind, dims, all...)
}

func gzipped(t *testing.T, content []byte, after ...byte) []byte {
	t.Helper()
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return append(file.Bytes(), after...)
}

// idxSet is a set of IDX files.
type idxSet struct {
	own
	names          string // of all files; SPLIT is train or t10k, WHAT images-idx3-ubyte or labels-idx1-ubyte; "": SPLIT-WHAT.gz
	pixels, labels string // types; "": uint8
	columns        int    // of labels, whose files are then labels-idx2-int; 0: one
	train, test    []int  // labels; test nil: there is no such file
	after          []byte // what follows the compressed data
	file, beside   string // one more file, and its text
}

var idxSets = map[string]idxSet{
	"letters, named by their labels from 1 to 26": {
		own:   own{train: 26, scored: 2, test: 0, classes: sortedNumbers(1, 26)},
		train: upTo(1, 26), test: []int{1, 26},
	},
	"digits under the published names": {
		own:   own{train: 8, scored: 2, test: 2, classes: []string{"0", "1"}},
		train: []int{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, test: []int{0, 1},
	},
	"a dot in the names, plain": {
		own:   own{train: 4, scored: 2, test: 2, classes: []string{"0", "1"}},
		names: "SPLIT.WHAT",
		train: []int{0, 1, 0, 1, 0, 1}, test: []int{0, 1},
	},
	"EMNIST": {
		own:   own{train: 4, scored: 2, test: 2, classes: []string{"3", "5"}},
		names: "emnist-letters-SPLIT-WHAT.gz",
		train: []int{5, 3, 5, 3, 5, 3}, test: []int{5, 3},
	},
	"EMNIST, and its classes' names": {
		own:   own{train: 4, scored: 2, test: 2, classes: []string{"ähre", "halm"}},
		names: "emnist-letters-SPLIT-WHAT.gz",
		train: []int{5, 3, 5, 3, 5, 3}, test: []int{5, 3}, file: "classes.txt", beside: "ähre\r\nhalm\r\n",
	},
	"QMNIST": {
		own:    own{train: 4, scored: 2, test: 2, classes: []string{"3", "5"}},
		names:  "qmnist-SPLIT-WHAT.gz",
		labels: "int32", columns: 8,
		train: []int{5, 3, 5, 3, 5, 3}, test: []int{5, 3},
	},
	"labels below zero": {
		own:    own{train: 4, scored: 2, test: 2, classes: []string{"-1", "7"}},
		names:  "SPLIT-WHAT",
		labels: "int8",
		train:  []int{-1, 7, 7, -1, -1, 7}, test: []int{7, -1},
	},
	"pixels of float32, labels of int16": {
		own:    own{train: 4, scored: 2, test: 2, classes: []string{"0", "300"}},
		pixels: "float32", labels: "int16",
		train: []int{0, 300, 0, 300, 0, 300}, test: []int{0, 300},
	},
	"pixels of float64, labels of it too": {
		own:    own{train: 4, scored: 2, test: 2, classes: []string{"0", "1"}},
		pixels: "float64", labels: "float64",
		train: []int{0, 1, 0, 1, 0, 1}, test: []int{0, 1},
	},
	"zeros after the compressed data": {
		own:   own{train: 4, scored: 2, test: 2, classes: []string{"0", "1"}},
		train: []int{0, 1, 0, 1, 0, 1}, test: []int{0, 1}, after: make([]byte, 512),
	},
	"else after the compressed data": {
		own:   own{refused: []string{"-ubyte.gz"}},
		train: []int{0, 1, 0, 1, 0, 1}, test: []int{0, 1}, after: []byte{0, 0, 7},
	},
	"train alone": {
		own:   own{train: 8, scored: 2, split: "val", classes: []string{"0", "1"}},
		train: []int{0, 1, 0, 1, 0, 1, 0, 1, 0, 1},
	},
	"a label that train lacks": {
		own:   own{refused: []string{"t10k-labels-idx1-ubyte", "2"}},
		train: []int{0, 1, 0, 1}, test: []int{2},
	},
}

func upTo(from, to int) (list []int) {
	for i := from; i <= to; i++ {
		list = append(list, i)
	}
	return list
}

func sortedNumbers(from, to int) (list []string) {
	for _, n := range upTo(from, to) {
		list = append(list, fmt.Sprint(n))
	}
	return list
}

// name of a file of the set.
func (c *idxSet) name(split, what string) string {
	names := cmp.Or(c.names, "SPLIT-WHAT.gz")
	if dot := strings.Contains(names, "SPLIT.WHAT"); dot {
		names, what = strings.Replace(names, "SPLIT.", "SPLIT-", 1), strings.Replace(what, "-", ".", 1)
	}
	if split == "t10k" && (strings.HasPrefix(names, "emnist") || strings.HasPrefix(names, "qmnist")) {
		split = "test"
	}
	return strings.NewReplacer("SPLIT", split, "WHAT", what).Replace(names)
}

func TestIDXSets(t *testing.T) {
	for name, c := range idxSets {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for split, labels := range map[string][]int{"train": c.train, "t10k": c.test} {
				if labels == nil {
					continue
				}
				images, classes := idxPair(cmp.Or(c.pixels, "uint8"), cmp.Or(c.labels, "uint8"), max(c.columns, 1), labels...)
				what := "labels-idx1-ubyte"
				if c.columns > 1 {
					what = "labels-idx2-int"
				}
				for file, content := range map[string][]byte{c.name(split, "images-idx3-ubyte"): images, c.name(split, what): classes} {
					if strings.HasSuffix(file, ".gz") {
						content = gzipped(t, content, c.after...)
					}
					put(t, filepath.Join(dir, file), content)
				}
			}
			if c.file != "" {
				put(t, filepath.Join(dir, c.file), []byte(c.beside))
			}
			c.own.check(t, dir)
		})
	}
}
