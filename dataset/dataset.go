// Package dataset reads Fashion-MNIST (Xiao, Rasul & Vollgraf 2017) wherever it can be found, or
// folders of images, and streams them to a network as batches of resized images.
//
// Shape letters: N images, H rows, W columns; S is the side in pixels that a network sees.
// An image is H×W bytes, row by row, 0 black. A batch is N×S×S×1 float32.
package dataset

import (
	"math"
)

// Classes are the names of Fashion-MNIST's labels 0 to 9.
var Classes = []string{
	"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
	"Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
}

// The kinds of data that Open returns.
const (
	Published    = "published" // the four files as Zalando Research published them
	Sampled      = "sample"    // the built-in sample of them
	Other        = "other"     // any other four files in the same format
	ClassFolders = "folders"   // images in train/CLASS and test/CLASS
)

// Data is a training and a test set of images of one size.
type Data struct {
	Train, Test *Set
	Classes     []string
	Origin      string // for people: the folder, or "built-in sample"
	Spec        string // for OpenOptions, to open exactly this again: the folder's absolute path, or "sample"
	Kind        string // Published, Sampled, Other or ClassFolders
	// Digest is the SHA-256 over the SHA-256 of the four files, uncompressed, in the order train
	// images, train labels, test images, test labels; of class folders, over class names, sizes,
	// labels and pixels.
	Digest [32]byte
}

// Title names the data and where it comes from, for people.
func (d *Data) Title() string {
	switch d.Kind {
	case Published:
		return "Fashion-MNIST (" + d.Origin + ")"
	case Sampled:
		return "the built-in sample of Fashion-MNIST"
	}
	return d.Origin
}

// Set is N labelled images.
type Set struct {
	Images        []byte // N×H×W
	Labels        []byte // N, each an index of Data.Classes
	N, Rows, Cols int    // N, H, W
}

// Image returns the pixels of image i, H×W.
func (s *Set) Image(i int) []byte {
	size := s.Rows * s.Cols
	return s.Images[i*size : (i+1)*size : (i+1)*size]
}

// MeanDeviation returns the mean and the (population) standard deviation of all pixels, scaled
// to [0, 1]. For the published training set they are 0.2860 and 0.3530.
func (s *Set) MeanDeviation() (mean, deviation float64) {
	counts := histogram(s.Images)
	n := float64(len(s.Images))
	for v, count := range counts {
		mean += float64(v) / 255 * float64(count) / n
	}
	for v, count := range counts {
		d := float64(v)/255 - mean
		deviation += d * d * float64(count) / n
	}
	return mean, math.Sqrt(deviation)
}

// histogram counts the pixels of each value.
func histogram(pixels []byte) (counts [256]int) {
	// Neighbours are counted in tables of their own: a count that was just written, as of the
	// many zeros in a row, would have to be waited for.
	var tables [4][256]int
	for ; len(pixels) >= 4; pixels = pixels[4:] {
		tables[0][pixels[0]]++
		tables[1][pixels[1]]++
		tables[2][pixels[2]]++
		tables[3][pixels[3]]++
	}
	for _, v := range pixels {
		counts[v]++
	}
	for v := range counts {
		counts[v] += tables[0][v] + tables[1][v] + tables[2][v] + tables[3][v]
	}
	return counts
}
