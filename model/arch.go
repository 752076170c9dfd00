// Package model turns an architecture into a flat list of layers, and that list into shapes, names,
// counts, parameters, and Gorgonia graphs to train and evaluate it.
//
// Shape letters: N images in a batch, C channels, H height, W width, F features, O outputs
// (channels or features). What people see follows PyTorch (N×C×H×W, OIHW, (out, in));
// in memory activations are NHWC and weights are stored as internal/kernel reads them.
package model

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"vggtrain/blocks"
	"vggtrain/internal/strictyaml"
)

// Arch is the contents of an architecture file: a network as data.
type Arch struct {
	Name     string
	Sequence []blocks.Layer // all layers; Classes is the last
	Dropout  float64        // probability of each ArchDropout, in [0, 1)

	// The short form of Sequence, see NewVGG. nil if the file lists the layers.
	Blocks [][2]int // of each VGG block: convolutions, channels
	Hidden []int    // features of each hidden Linear layer
}

// Classes is the last Linear layer. Its Out is 0: Layers fills in the number of classes.
type Classes struct{ blocks.Linear }

// ArchDropout is a Dropout layer without a probability of its own. Layers sets P to Arch.Dropout.
type ArchDropout struct{ blocks.Dropout }

// NewVGG returns a network of VGG blocks, [convolutions, channels] each, and hidden Linear layers
// with dropout after each.
func NewVGG(name string, list [][2]int, hidden []int, dropout float64) *Arch {
	list = append([][2]int{}, list...) // not nil
	return &Arch{Name: name, Sequence: vggLayers(list, hidden), Dropout: dropout, Blocks: list, Hidden: hidden}
}

func vggLayers(list [][2]int, hidden []int) []blocks.Layer {
	var layers []blocks.Layer
	for _, block := range list {
		layers = append(layers, blocks.VGGBlock(block[0], block[1])...)
	}
	return append(layers, blocks.Classifier(hidden, ArchDropout{}, Classes{})...)
}

// check returns an error for the first size out of its bounds, or nil.
func (a *Arch) check() error {
	how := layerBound.size(len(a.Sequence))
	if a.Blocks != nil {
		how = a.checkVGG()
	}
	return cmp.Or(checkName(a.Name), how, a.checkSequence(), probability.check(a.Dropout))
}

// checkVGG is check for the short form.
func (a *Arch) checkVGG() error {
	err := cmp.Or(blockBound.size(len(a.Blocks)), hiddenBound.size(len(a.Hidden)))
	for _, block := range a.Blocks {
		err = cmp.Or(err, convBound.size(block[0]))
	}
	if err == nil && !slices.Equal(a.Sequence, vggLayers(a.Blocks, a.Hidden)) {
		return fmt.Errorf("both layers and blocks or hidden; give one of them")
	}
	return err
}

var goodName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*$`)

// checkName keeps names fit for a folder's name, since a run folder is called after its network.
func checkName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("the network has no name; add one, such as name: my-vgg")
	case len(name) > 64:
		return fmt.Errorf("a name of %d bytes; use at most 64", len(name))
	case !goodName.MatchString(name):
		return fmt.Errorf("name %q; start with a letter or digit and use only letters, digits, '-', '_' and '.'", name)
	}
	return nil
}

// Layers returns a copy of Sequence with Classes and ArchDropout resolved to Linear and Dropout.
func (a *Arch) Layers(classes int) []blocks.Layer {
	layers := slices.Clone(a.Sequence)
	for i, l := range layers {
		switch l {
		case Classes{}:
			layers[i] = blocks.Linear{Out: classes}
		case ArchDropout{}:
			layers[i] = blocks.Dropout{P: a.Dropout}
		}
	}
	return layers
}

// TakesDropout reports whether Dropout has an effect: Sequence has an ArchDropout.
func (a *Arch) TakesDropout() bool { return slices.Contains(a.Sequence, blocks.Layer(ArchDropout{})) }

// YAML returns the architecture file of a. ParseArch reads it back as an equal Arch.
func (a *Arch) YAML() ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, "name: %s\n", strictyaml.Quote(a.Name))
	if a.Blocks != nil {
		text = fmt.Appendf(text, "blocks: %s\nhidden: %s\n", listYAML(a.Blocks), listYAML(a.Hidden))
	} else {
		text = append(text, "layers:\n"...)
		for _, l := range a.Sequence {
			text = fmt.Appendf(text, "  - %s\n", layerYAML(l))
		}
	}
	if a.Blocks != nil || a.TakesDropout() {
		text = fmt.Appendf(text, "dropout: %s\n", formatReal(a.Dropout))
	}
	return text, nil
}

// listYAML writes whole numbers: [[1, 64], [2, 128]].
func listYAML(list any) string { return strings.ReplaceAll(fmt.Sprint(list), " ", ", ") }
