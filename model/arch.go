// Package model turns an architecture, which is data, into everything that is made of it: one
// flat list of layers, and from that list shapes, names, counts, parameters and Gorgonia graphs.
//
// Shape letters: N images in a batch, C channels, H height, W width, F features, O outputs
// (channels or features). What people see follows PyTorch (N×C×H×W, OIHW, (out, in));
// in memory activations are NHWC and weights are stored as internal/kernel reads them.
package model

import (
	"fmt"
	"strconv"
	"strings"

	"vggtrain/blocks"
)

// Arch is a network as data: what an architecture file says. It is a VGG, of Blocks and Hidden,
// or any Sequence of layers.
type Arch struct {
	Name     string
	Blocks   [][2]int       // of each VGG block: convolutions, channels
	Hidden   []int          // features of each hidden Linear layer
	Sequence []blocks.Layer // all layers, instead; with Linear{Classes} last, and Dropout{ArchDropout} where Dropout holds
	Dropout  float64        // probability after each hidden layer, in [0, 1)
}

// bound is the range in which a size makes sense. It keeps a slip of the finger from asking
// for terabytes.
type bound struct {
	what     string
	min, max int
}

// MaxClasses is the most classes that a network can tell apart.
const MaxClasses = 65536

var (
	blockBound   = bound{"blocks", 1, 64}
	convBound    = bound{"convolutions in a block", 1, 64}
	channelBound = bound{"channels", 1, 8192}
	hiddenBound  = bound{"hidden layers", 0, 16}
	featureBound = bound{"features in a hidden layer", 1, 65536}
	classBound   = bound{"classes", 1, MaxClasses}
)

// check returns an error that says what is wrong and what to do, or nil.
func (b bound) check(n int) error {
	if n < b.min || n > b.max {
		return fmt.Errorf("%d %s; give %d to %d", n, b.what, b.min, b.max)
	}
	return nil
}

// check reports the first size of the architecture that makes no sense.
func (a *Arch) check() error {
	if err := checkName(a.Name); err != nil {
		return err
	}
	if len(a.Sequence) > 0 {
		if err := a.checkSequence(); err != nil {
			return err
		}
		return checkDropout(a.Dropout)
	}
	if err := blockBound.check(len(a.Blocks)); err != nil {
		return err
	}
	for _, block := range a.Blocks {
		if err := convBound.check(block[0]); err != nil {
			return err
		}
		if err := channelBound.check(block[1]); err != nil {
			return err
		}
	}
	if err := hiddenBound.check(len(a.Hidden)); err != nil {
		return err
	}
	for _, features := range a.Hidden {
		if err := featureBound.check(features); err != nil {
			return err
		}
	}
	return checkDropout(a.Dropout)
}

func checkDropout(p float64) error {
	if !(p >= 0 && p < 1) { // NaN fails too
		return fmt.Errorf("dropout %v; give a probability, at least 0 and below 1", p)
	}
	return nil
}

// checkName keeps names fit for a folder's name, since a run folder is called after its network.
func checkName(name string) error {
	if len(name) > 64 {
		return fmt.Errorf("a name of %d bytes; use at most 64", len(name))
	}
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("-_.", r)) {
			return fmt.Errorf("name %q; start with a letter or digit and use only letters, digits, '-', '_' and '.'", name)
		}
	}
	if name == "" {
		return fmt.Errorf("the network has no name; add one, such as name: my-vgg")
	}
	return nil
}

// Layers returns the network as one flat list: the VGG blocks, then the classifier, or the
// sequence.
func (a *Arch) Layers(classes int) []blocks.Layer {
	if len(a.Sequence) > 0 {
		return a.sequence(classes)
	}
	var layers []blocks.Layer
	for _, block := range a.Blocks {
		layers = append(layers, blocks.VGGBlock(block[0], block[1])...)
	}
	return append(layers, blocks.Classifier(a.Hidden, classes, a.Dropout)...)
}

// YAML returns the architecture file that ParseArch reads back as a.
func (a *Arch) YAML() ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, "name: %s\n", yamlName(a.Name))
	if len(a.Sequence) > 0 {
		text = append(text, "layers:\n"...)
		for _, l := range a.Sequence {
			text = fmt.Appendf(text, "  - %s\n", layerYAML(l))
		}
		if !a.TakesDropout() {
			return text, nil
		}
	} else {
		var list []string
		for _, block := range a.Blocks {
			list = append(list, fmt.Sprintf("[%d, %d]", block[0], block[1]))
		}
		hidden := strings.ReplaceAll(fmt.Sprint(a.Hidden), " ", ", ")
		text = fmt.Appendf(text, "blocks: [%s]\nhidden: %s\n", strings.Join(list, ", "), hidden)
	}
	return fmt.Appendf(text, "dropout: %s\n", strconv.FormatFloat(a.Dropout, 'f', -1, 64)), nil
}

// yamlName quotes a name that YAML might read as a number, a truth value or null.
func yamlName(name string) string {
	switch strings.ToLower(name) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		return strconv.Quote(name)
	}
	if name[0] >= '0' && name[0] <= '9' {
		return strconv.Quote(name)
	}
	return name
}
