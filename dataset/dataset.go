// Package dataset makes batches for a network of labelled images.
//
// Images come from a Source. Open returns Sources of Fashion-MNIST (Xiao, Rasul & Vollgraf 2017) or
// of picture files of any size; a program may bring its own. Head, Subset and Holdout are views of a
// source. A Preparer makes a square of any picture, and Data.Load does so with all, once. A Loader
// prepares the images of a source, augments and scales them, and gives them in batches.
//
// Shape letters: N images, H rows, W columns, C channels; S is the side of a network's input in pixels.
// An image is H×W×C bytes, row by row, 0 black. A batch is N×S×S×C float32.
package dataset

// Classes are the names of Fashion-MNIST's labels 0 to 9.
var Classes = []string{
	"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
	"Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
}

// The kinds of data that Open returns.
const (
	Published    = "published" // the four files as Zalando Research published them
	Sampled      = "sample"    // the built-in sample of them
	Other        = "other"     // other IDX files, or Kaggle's CSV
	ClassFolders = "folders"   // pictures in folders of classes
	Listed       = "list"      // pictures in a CSV list
)

// Data is a training and a test set, of the same number of channels.
type Data struct {
	Train, Test Source
	Val         Source // nil: no val set
	Classes     []string
	Origin      string    // for people: the path, or "built-in sample"
	Spec        string    // for OpenOptions, to open exactly this again: an absolute path, or "sample"
	Kind        string    // Published, Sampled, Other, ClassFolders or Listed
	LeftOut     []LeftOut // by Load
	// Digest is a SHA-256. For IDX files it is over the SHA-256 of each, uncompressed, in the order
	// train images, train labels, test images, test labels; for Kaggle's CSV over class names, sizes,
	// labels and pixels. Load sets that of pictures.
	Digest [32]byte
}

// Title is the name and the origin of the data, for people.
func (d *Data) Title() string {
	switch d.Kind {
	case Published:
		return "Fashion-MNIST (" + d.Origin + ")"
	case Sampled:
		return "the built-in sample of Fashion-MNIST"
	}
	return d.Origin
}

// Garments reports whether the data are Fashion-MNIST's own files, or the sample of them.
func (d *Data) Garments() bool { return d.Kind == Published || d.Kind == Sampled }

// Pictures reports whether the images are files of pictures, which Load decodes.
func (d *Data) Pictures() bool { return d.Kind == ClassFolders || d.Kind == Listed }

// Channels returns C: 1 for grey images, 3 for colour.
func (d *Data) Channels() int {
	_, _, channels := d.Train.Size()
	return channels
}
