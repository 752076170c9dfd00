package configs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vggtrain/dataset"
	"vggtrain/model"
)

// Recipe has all settings of a training, under the names of fit's flags. Each is set or not set: a
// run uses flags.Over(recipe).Over(Defaults()). Read the fields, but write them with Set, which
// checks the value and keeps its origin.
type Recipe struct {
	Arch            Network
	Data            string // auto, sample, a folder or a file
	Classes         string // file of class names; not set: none
	Channels        int    // 1 or 3; 0: by the images
	Resize          int    // side in pixels
	ResizeMode      string // crop, pad or stretch; not set: by the data
	Epochs          int
	BatchSize       int
	Optimizer       model.OptimizerOptions
	LR              float64
	Schedule        string // constant or cosine
	WarmupEpochs    int
	LabelSmoothing  float64
	Dropout         float64 // not set: the architecture's
	Augment         string  // none, flip, crop or flip,crop; auto: by the data
	Normalize       Normalize
	Init            string // xavier, kaiming or a file of weights
	Seed            uint64
	Shuffle         bool
	Strict          bool          // an image that cannot be read is an error
	Val             dataset.Val   // what is scored
	LimitTrain      int           // first images of the training set; 0: all
	LimitVal        int           // first images of the set that scores; 0: all
	MaxSteps        int           // 0: off
	MaxTime         time.Duration // of one process; 0: off
	EarlyStop       int           // epochs without a better val_accuracy; 0: off
	CheckpointEvery int           // steps between saves; 0: only at each epoch's end
	TensorBoard     bool          // write event files

	origins map[string]Origin // of the settings that are set; never changed, only replaced
}

// Network is the arch setting: the name of an architecture, or an architecture spelled out.
type Network struct {
	Name string // of a built-in architecture, or FILE.yaml; "": spelled out
	File string // of Text
	Text []byte // YAML, as model.Arch writes it
}

// Load returns the architecture. Errors: *UnknownError, *model.FileError or the system's.
func (n Network) Load() (*model.Arch, error) {
	if n.Name == "" {
		return model.ParseArch(n.File, n.Text)
	}
	if runConfig(n.Name) != "" && !slices.Contains(ArchNames(), n.Name) {
		run, err := LoadRecipe(n.Name)
		if err != nil {
			return nil, err
		}
		return run.Arch.Load()
	}
	file, text, err := load(n.Name, Arch, n.Name+".yaml")
	if err != nil {
		return nil, err
	}
	return model.ParseArch(file, text)
}

// text returns the name, or the YAML without the last line's end.
func (n Network) text() string { return cmp.Or(n.Name, strings.TrimSuffix(string(n.Text), "\n")) }

// Normalize is the normalize setting. Pixels of channel c in [0, 1] become (pixel - Mean[c]) /
// Deviation[c], or are unchanged for none.
type Normalize struct {
	Kind            string // none; dataset: measured on the training set; imagenet; given
	N               int    // channels in Mean and Deviation, 1 or 3; 0 for none and dataset
	Mean, Deviation [3]float64
}

// NormalizeBy returns the setting with the mean and the deviation of each channel, in [0, 1].
func NormalizeBy(mean, deviation []float64) Normalize {
	n := Normalize{Kind: "given", N: len(mean)}
	copy(n.Mean[:], mean)
	copy(n.Deviation[:], deviation)
	return n
}

// imagenet has the mean and the deviation of ImageNet's training images, as torchvision's weights
// take them.
var imagenet = Normalize{
	Kind: "imagenet", N: 3,
	Mean:      [3]float64{0.485, 0.456, 0.406},
	Deviation: [3]float64{0.229, 0.224, 0.225},
}

// Defaults returns the default of each setting. dropout is not set: the architecture decides.
func Defaults() *Recipe {
	r := &Recipe{}
	for _, k := range keys {
		if k.Default == "" {
			continue
		}
		if err := r.Set(k.Name, k.Default, FromDefault); err != nil {
			panic(err) // a mistake in the table
		}
	}
	return r
}

// Set parses and sets a value, given as the text of a flag or of a line in a recipe. Errors:
// *UnknownError for the key, *SettingError for the value.
func (r *Recipe) Set(key, text string, from Origin) error {
	k, err := find(key)
	if err != nil {
		return err
	}
	if err := k.set(r, text); err != nil {
		return &SettingError{Key: key, Origin: from, What: err.Error()}
	}
	r.mark(key, from)
	return nil
}

// SetNetwork sets arch to an architecture spelled out, read from file. Errors are arch.YAML's.
func (r *Recipe) SetNetwork(file string, arch *model.Arch, from Origin) error {
	text, err := arch.YAML()
	if err != nil {
		return err
	}
	r.Arch = Network{File: file, Text: text}
	r.mark("arch", from)
	return nil
}

// mark replaces the map, so that a copy of a Recipe shares nothing that changes.
func (r *Recipe) mark(key string, from Origin) {
	origins := map[string]Origin{}
	maps.Copy(origins, r.origins)
	origins[key] = from
	r.origins = origins
}

// IsSet reports whether a setting is set.
func (r *Recipe) IsSet(key string) bool { return r.origins[key] != Origin{} }

// Origin returns where a setting's value comes from.
func (r *Recipe) Origin(key string) Origin { return r.origins[key] }

// Sources returns where the settings come from: of a resumed run, where they came from at first.
func (r *Recipe) Sources() map[string]string {
	sources := map[string]string{}
	for key, from := range r.origins {
		sources[key] = cmp.Or(from.First, from.Source)
	}
	return sources
}

// SetSources notes where the settings of a resumed run came from at first, as Sources has said.
func (r *Recipe) SetSources(first map[string]string) {
	for key, from := range r.origins {
		from.First = first[key]
		r.mark(key, from)
	}
}

// Text returns a setting's value in the form that Set takes. For an architecture spelled out it is
// the file's name.
func (r *Recipe) Text(key string) string {
	k, err := find(key)
	switch {
	case err != nil:
		return ""
	case key == "arch" && r.Arch.Name == "":
		return r.Arch.File
	}
	return k.text(r)
}

// Over returns a new Recipe: the settings of r, and base's for settings not set in r.
func (r *Recipe) Over(base *Recipe) *Recipe {
	merged := *base
	for _, k := range keys {
		if r.IsSet(k.Name) {
			k.copy(&merged, r)
			merged.mark(k.Name, r.Origin(k.Name))
		}
	}
	return &merged
}

// Validate checks the settings that are set or written directly to a field, one by one and together.
// Errors: *SettingError.
func (r *Recipe) Validate() error {
	for _, k := range keys {
		if !r.IsSet(k.Name) || k.Name == "arch" && r.Arch.Name == "" {
			continue
		}
		scratch := *r
		if err := scratch.Set(k.Name, k.text(r), r.Origin(k.Name)); err != nil {
			return err
		}
	}
	if r.Optimizer.Nesterov && r.Optimizer.Momentum == 0 {
		return r.conflict("nesterov", "true needs a momentum above 0", "momentum")
	}
	if r.IsSet("epochs") && r.WarmupEpochs > r.Epochs {
		return r.conflict("warmup-epochs", fmt.Sprintf("%d is more than all epochs", r.WarmupEpochs), "epochs")
	}
	return nil
}

// conflict returns the error of a value that does not go with another setting's.
func (r *Recipe) conflict(key, what, other string) error {
	where := cmp.Or(r.Origin(other).String(), "not set")
	return &SettingError{Key: key, Origin: r.Origin(key),
		What: fmt.Sprintf("%s, and %s is %s (%s): change one of them", what, other, r.Text(other), where)}
}

// ResolveDropout sets dropout to the architecture's unless it is set.
func (r *Recipe) ResolveDropout(arch float64) {
	if !r.IsSet("dropout") {
		r.Dropout = arch
		r.mark("dropout", FromArch)
	}
}

// ResolveInput sets what is left to the data: the channels of the images, and by their kind how they
// are made square and augmented. Garments have margins of their own to be kept, and no left and right.
func (r *Recipe) ResolveInput(channels int, garments bool) {
	mode, augment := "crop", "crop"
	if garments {
		mode, augment = "pad", "flip"
	}
	r.Channels = channels
	if !r.IsSet("resize-mode") {
		r.ResizeMode = mode
		r.mark("resize-mode", FromData)
	}
	if r.Augment == "auto" {
		r.Augment = augment
	}
}
