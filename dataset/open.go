package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vggtrain/internal/fetch"
	"vggtrain/internal/listing"

	"github.com/dustin/go-humanize"
)

// OpenOptions are the settings of Open. The zero value is for "auto".
type OpenOptions struct {
	Spec     string              // "auto" or "", "sample", a folder, a zip file or a CSV file
	Classes  string              // file that names the labels of IDX files and of Kaggle's CSV, a line each; "": none
	Notice   func(string)        // receives warnings for the user; may be nil
	Progress func(FetchProgress) // receives the progress of a download; may be nil
	Listing  func(files int)     // receives the number of files seen while a set is listed; may be nil

	getenv    func(string) string // os.Getenv
	cacheDir  string              // os.UserCacheDir()/vggtrain/fashion-mnist
	systemDir string              // where Debian's dataset-fashion-mnist puts its files
	fetch     fetch.Options       // of the download
}

// FetchProgress is the state of a file's download.
type FetchProgress = fetch.Progress

// dataVariable is the environment variable that names a folder.
const dataVariable = "VGGTRAIN_DATA"

// Open returns the data of o.Spec. For "auto" it tries in turn the folder in the environment variable
// VGGTRAIN_DATA, the cache folder, the system's folder, a download into the cache folder, and the
// built-in sample, with a notice. What Spec or the variable names has IDX files, Kaggle's CSV, pictures
// in class folders, or a CSV list of pictures; files other than the published ones give a notice,
// anything else wrong is an error. In the other folders only the published files count. Pictures are
// listed, and decoded when they are asked for.
func Open(ctx context.Context, o OpenOptions) (*Data, error) {
	o = o.withDefaults()
	spec := o.Spec
	if isAuto(spec) {
		spec = o.getenv(dataVariable)
	}
	switch {
	case isAuto(spec):
		return o.renamed(o.search(ctx))
	case spec == sampleSpec:
		return o.renamed(Sample())
	}
	data, err := o.named(ctx, spec)
	if err != nil && isAuto(o.Spec) {
		return nil, fmt.Errorf("%s: %w", dataVariable, err)
	}
	return data, err
}

// named returns the data that Spec or the variable names.
func (o OpenOptions) named(ctx context.Context, spec string) (*Data, error) {
	place, err := listing.Open(ctx, spec, listing.Options{Progress: o.Listing})
	if err != nil {
		return nil, err
	}
	data, err := o.openPlace(ctx, place)
	if err != nil {
		_ = place.Close() // which is not what went wrong
		return nil, err
	}
	data.Spec = absolute(spec)
	return data, nil
}

// kinds are what a place may hold. The first that claims a place opens it.
var kinds = []struct {
	claims func(*listing.Place) (bool, error)
	open   func(OpenOptions, context.Context, *listing.Place) (*Data, error)
}{
	{claimsIDX, OpenOptions.openIDX},
	{claimsKaggle, OpenOptions.openKaggle},
	{func(*listing.Place) (bool, error) { return true, nil }, OpenOptions.openPictures},
}

func (o OpenOptions) openPlace(ctx context.Context, place *listing.Place) (*Data, error) {
	for _, kind := range kinds {
		if claims, err := kind.claims(place); err != nil {
			return nil, err
		} else if claims {
			return kind.open(o, ctx, place)
		}
	}
	return nil, fmt.Errorf("%s: nothing that is known here: %s", place.Where(), place.Holds())
}

// Locate returns the folder for `data verify`: the one in VGGTRAIN_DATA, else the first existing one
// of cache folder and system's folder, else the cache folder; "" if the user has none.
func Locate(o OpenOptions) string {
	return o.locate(func(dir string) bool { return openFolder(dir).check() == nil })
}

// FetchDir returns the folder for `data fetch`: the one in VGGTRAIN_DATA, else the first of cache
// folder and system's folder with all published files, else the cache folder; "" if the user has
// none.
func FetchDir(o OpenOptions) string { return o.locate(fetch.Complete) }

func (o OpenOptions) locate(fits func(dir string) bool) string {
	o = o.withDefaults()
	if dir := o.getenv(dataVariable); !isAuto(dir) && dir != sampleSpec {
		return dir
	}
	if i := slices.IndexFunc(o.folders(), fits); i >= 0 {
		return o.folders()[i]
	}
	return o.cacheDir
}

// search looks in the places of "auto".
func (o OpenOptions) search(ctx context.Context) (*Data, error) {
	for _, dir := range o.folders() {
		if data := o.published(dir); data != nil {
			return data, nil
		}
	}
	if err := o.download(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		o.Notice(fmt.Sprintf("Fashion-MNIST could not be downloaded: %v", err))
	} else if data := o.published(o.cacheDir); data != nil {
		return data, nil
	}
	data, err := Sample()
	if err != nil {
		return nil, err
	}
	o.Notice(sampleNotice(data))
	return data, nil
}

// published returns the data of a folder that nobody named, or nil. Files that cannot be used are a
// notice.
func (o OpenOptions) published(dir string) *Data {
	f := openFolder(dir)
	set, err := f.publishedSet()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var data *Data
	differs := ""
	if err == nil {
		data, differs, err = f.load(set, nil)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		o.Notice(fmt.Sprintf("%v; looking elsewhere", err))
		return nil
	case differs != "":
		o.Notice(fmt.Sprintf("%s: not the published file; looking elsewhere (to use it, name its folder)", differs))
		return nil
	}
	data.Spec = absolute(dir)
	return data
}

// download fetches the published files into the cache folder.
func (o OpenOptions) download(ctx context.Context) error {
	if o.cacheDir == "" {
		return errors.New("there is no cache folder to keep it in; set HOME or XDG_CACHE_HOME")
	}
	f := o.fetch
	f.Dir, f.Notice, f.Progress, f.Tries = o.cacheDir, o.Notice, o.Progress, 1 // there is the sample, too
	_, err := fetch.Fetch(ctx, f)
	return err
}

// folders are the places of "auto" on the disk.
func (o OpenOptions) folders() []string {
	if o.cacheDir == "" {
		return []string{o.systemDir}
	}
	return []string{o.cacheDir, o.systemDir}
}

func (o OpenOptions) withDefaults() OpenOptions {
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	if o.getenv == nil {
		o.getenv = os.Getenv
	}
	if o.cacheDir == "" {
		if dir, err := os.UserCacheDir(); err == nil {
			o.cacheDir = filepath.Join(dir, "vggtrain", "fashion-mnist")
		}
	}
	o.systemDir = cmp.Or(o.systemDir, "/usr/share/datasets/fashion-mnist")
	o.fetch.Connect = cmp.Or(o.fetch.Connect, 4*time.Second) // so that the whole chain takes no more than five
	return o
}

func isAuto(spec string) bool { return spec == "" || spec == "auto" }

// sampleNotice says what is missing and how to get it. It has two lines, to be seen.
func sampleNotice(sample *Data) string {
	return fmt.Sprintf("Fashion-MNIST was not found: this is the built-in sample, %s of its 60,000 training and %s of its 10,000 test images, "+
		"so accuracy will be lower\nfor all of it: vggtrain data fetch, or apt-get install dataset-fashion-mnist, or --data DIR",
		humanize.Comma(int64(sample.Train.Len())), humanize.Comma(int64(sample.Test.Len())))
}
