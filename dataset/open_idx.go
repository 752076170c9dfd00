package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"vggtrain/internal/display"
	"vggtrain/internal/files"
	"vggtrain/internal/idx"
	"vggtrain/internal/listing"
)

func claimsIDX(place *listing.Place) (bool, error) {
	return place.Table == "" && slices.ContainsFunc(place.Files(), idx.IsName), nil
}

// openIDX opens a folder of IDX files.
func (o OpenOptions) openIDX(_ context.Context, place *listing.Place) (*Data, error) {
	f := folder{place.FS, place.Dir, place.Where()}
	set, err := f.set(place.Files())
	if err != nil {
		return nil, err
	}
	given, err := o.givenNames(place)
	if err != nil {
		return nil, err
	}
	data, differs, err := f.load(set, given)
	if err != nil {
		return nil, err
	}
	if differs != "" && given == nil && hasPublishedNames(set) {
		o.Notice(differs + ": not the published Fashion-MNIST; used as data of your own")
	}
	return o.renamed(data, nil)
}

// hasPublishedNames reports whether a set has all four files by Fashion-MNIST's own names, so that one may
// take it for that.
func hasPublishedNames(set idx.Set) bool {
	names := fileNames(set)
	return !slices.ContainsFunc(names[:], func(name string) bool { return !isPublishedName(name) })
}

// givenNames returns the names that a file gives to labels: o.Classes, else the place's own; nil if there
// is none.
func (o OpenOptions) givenNames(place *listing.Place) (*classFile, error) {
	if o.Classes != "" {
		return readClassFile(files.Everywhere{}, o.Classes, display.Name(o.Classes))
	}
	name := path.Join(place.Dir, classesName)
	if _, err := fs.Stat(place.FS, name); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return readClassFile(place.FS, name, place.At(name))
}

// renamed names the classes of Fashion-MNIST's own files by o.Classes, if that is given.
func (o OpenOptions) renamed(data *Data, err error) (*Data, error) {
	if err != nil || o.Classes == "" || !data.Garments() {
		return data, err
	}
	given, err := o.givenNames(nil)
	if err != nil {
		return nil, err
	}
	if len(given.names) != len(data.Classes) {
		return nil, fmt.Errorf("%s has %s: Fashion-MNIST has %d classes", given.title, display.Count(len(given.names), "name"), len(data.Classes))
	}
	data.Classes = given.names
	return data, nil
}
