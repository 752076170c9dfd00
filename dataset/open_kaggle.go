package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"

	"vggtrain/internal/listing"
	"vggtrain/internal/pixelcsv"
)

// tables returns the names of the place's CSV files of a form.
func tables(place *listing.Place, form listing.Form) ([]string, error) {
	var names []string
	for _, name := range place.Tables() {
		got, _, err := place.FormOfTable(name)
		if err != nil && place.Table != "" {
			return nil, err
		}
		if err == nil && got == form {
			names = append(names, name)
		}
	}
	return names, nil
}

func claimsKaggle(place *listing.Place) (bool, error) {
	names, err := tables(place, listing.Pixels)
	return len(names) > 0, err
}

// openKaggle opens a CSV file of pixels, or a folder of such files: one to train on, and perhaps one to
// test.
func (o OpenOptions) openKaggle(ctx context.Context, place *listing.Place) (*Data, error) {
	names, err := tables(place, listing.Pixels)
	if err != nil {
		return nil, err
	}
	trainName, testName, err := kaggleSplits(place, names)
	if err != nil {
		return nil, err
	}
	given, err := o.givenNames(place)
	if err != nil {
		return nil, err
	}
	train, err := o.readPixels(ctx, place, trainName)
	if err != nil {
		return nil, err
	}
	labels, err := nameLabels(train.Labels, given)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place.At(path.Join(place.Dir, trainName)), err)
	}
	data := &Data{Classes: labels.classes, Origin: place.Where(), Kind: Other}
	sets := []*Set{nil, nil}
	if sets[0], err = labelledSet(train.Pixels, train.Labels, train.Side, train.Side, labels); err != nil {
		return nil, err
	}
	data.Train = sets[0]
	if testName != "" {
		title := place.At(path.Join(place.Dir, testName))
		test, err := o.readPixels(ctx, place, testName)
		if err != nil {
			return nil, err
		}
		if test.Side != train.Side {
			return nil, fmt.Errorf("%s: images of %d×%d, but those to train on have %d×%d", title, test.Side, test.Side, train.Side, train.Side)
		}
		if sets[1], err = labelledSet(test.Pixels, test.Labels, test.Side, test.Side, labels); err != nil {
			return nil, fmt.Errorf("%s: %w", title, err)
		}
		data.Test = sets[1]
	}
	data.Digest = setsDigest(data.Classes, sets...)
	return data, nil
}

// readPixels reads a CSV file of the place.
func (o OpenOptions) readPixels(ctx context.Context, place *listing.Place, name string) (*pixelcsv.Content, error) {
	rows, file, err := place.OpenTable(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := pixelcsv.Read(ctx, rows)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place.At(path.Join(place.Dir, name)), err)
	}
	return content, nil
}

// kaggleSplits returns the file to train on and the one to test, "" if there is none: by the ends of
// their names, train.csv and test.csv.
func kaggleSplits(place *listing.Place, names []string) (train, test string, err error) {
	if len(names) == 1 && endOf(names[0]) != "test.csv" {
		return names[0], "", nil
	}
	for _, name := range names {
		end := endOf(name)
		switch {
		case end == "train.csv" && train == "":
			train = name
		case end == "test.csv" && test == "":
			test = name
		default:
			return "", "", fmt.Errorf("%s: %d CSV files of images, %s among them: one must end in _train.csv and at most one in _test.csv; or name one of them",
				place.Where(), len(names), place.At(path.Join(place.Dir, name)))
		}
	}
	if train == "" {
		return "", "", fmt.Errorf("%s: no file to train on beside it: one that ends in _train.csv", place.At(path.Join(place.Dir, test)))
	}
	return train, test, nil
}

// endOf returns what follows the last mark in a name, in lower case.
func endOf(name string) string {
	return strings.ToLower(name[strings.LastIndexAny(name, "_- ")+1:])
}

// setsDigest covers class names, sizes, labels and pixels. Sets that are nil do not count.
func setsDigest(names []string, sets ...*Set) [sha256.Size]byte {
	all := sha256.New()
	fmt.Fprintf(all, "%d classes\n", len(names))
	for _, name := range names {
		fmt.Fprintf(all, "%q\n", name)
	}
	for _, s := range slices.DeleteFunc(sets, func(s *Set) bool { return s == nil }) {
		fmt.Fprintf(all, "%d images, %d rows, %d columns\n", s.Len(), s.Rows, s.Cols)
		_ = binary.Write(all, binary.LittleEndian, s.Labels) // a hash takes all
		all.Write(s.Images)
	}
	return [sha256.Size]byte(all.Sum(nil))
}
