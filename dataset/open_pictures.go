package dataset

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"

	"vggtrain/internal/listing"
	"vggtrain/internal/photo"
)

// openPictures opens class folders, or a CSV list of pictures.
func (o OpenOptions) openPictures(_ context.Context, place *listing.Place) (*Data, error) {
	if o.Classes != "" {
		return nil, fmt.Errorf("%s: the classes of pictures are named by their folders or by the list: --classes is for IDX files and Kaggle's CSV", place.Where())
	}
	list, kind, err := o.list(place)
	if err != nil {
		return nil, err
	}
	for _, notice := range list.Notices {
		o.Notice(notice)
	}
	reader := photo.NewReader()
	source := func(items []listing.Item) Source {
		if items == nil {
			return nil
		}
		return newPictures(list, items, reader)
	}
	return &Data{
		Train: source(list.Train), Val: source(list.Val), Test: source(list.Test),
		Classes: list.Classes, Origin: place.Where(), Kind: kind, Digest: listDigest(list),
	}, nil
}

// listDigest covers class names, and the names and labels of the pictures. Load replaces it by one of
// what the files hold.
func listDigest(list *listing.List) [sha256.Size]byte {
	all := sha256.New()
	fmt.Fprintf(all, "%q\n", list.Classes)
	for _, items := range [][]listing.Item{list.Train, list.Val, list.Test} {
		fmt.Fprintf(all, "%d pictures\n", len(items))
		for _, item := range items {
			fmt.Fprintf(all, "%q %d\n", item.Name, item.Label)
		}
	}
	return [sha256.Size]byte(all.Sum(nil))
}

// list lists class folders. Where there are none, it looks for a list.
func (o OpenOptions) list(place *listing.Place) (list *listing.List, kind string, err error) {
	lists, err := tables(place, listing.Paths)
	if err != nil {
		return nil, "", err
	}
	if place.Table == "" {
		list, err = place.Classes()
		if err == nil && len(lists) > 0 {
			o.Notice(fmt.Sprintf("%s: a list of pictures, not used: the class folders beside it are; to use it, name it", place.At(path.Join(place.Dir, lists[0]))))
		}
		if !errors.Is(err, listing.ErrNoClasses) || len(lists) == 0 {
			return list, ClassFolders, err
		}
	}
	switch len(lists) {
	case 0:
		_, header, err := place.FormOfTable(place.Table)
		if err == nil {
			err = place.NoTable(place.Table, header)
		}
		return nil, "", err
	case 1:
		list, err = place.List(lists[0])
		return list, Listed, err
	}
	return nil, "", fmt.Errorf("%s: %d lists of pictures: name one of them, as in --data %s", place.Where(), len(lists), place.At(path.Join(place.Dir, lists[0])))
}
