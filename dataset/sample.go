package dataset

import (
	"embed"
	"io/fs"
)

// sampleFiles are made by scripts/make_sample.py; sample/README.md tells their source and licence.
//
//go:embed sample/*.gz
var sampleFiles embed.FS

const (
	sampleTitle = "built-in sample"
	sampleSpec  = "sample"
)

// Sample returns the built-in sample: 5,000 of the published training images and 1,000 of the test
// images, the same number of each class.
func Sample() (*Data, error) {
	files, err := fs.Sub(sampleFiles, "sample")
	if err != nil {
		return nil, err
	}
	f := folder{files, ".", sampleTitle}
	set, err := f.publishedSet()
	if err != nil {
		return nil, err
	}
	c, err := f.read(set)
	if err != nil {
		return nil, err
	}
	data, err := f.data(set, c, garments)
	if err != nil {
		return nil, err
	}
	data.Kind, data.Spec = Sampled, sampleSpec
	return data, nil
}
