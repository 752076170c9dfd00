// Package trained reads a trained network back and uses it.
//
// Batches are N×S×S×1, N images of side S; logits N×K of K classes.
package trained

import (
	"context"
	"encoding/json"
	"fmt"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/model"
)

// Network is a trained network, with all that it takes to use it.
type Network struct {
	Arch      *model.Arch
	Layers    []model.Layer
	Params    model.Params
	Classes   []string
	Channels  int               // of its images
	Side      int               // of them, in pixels
	Normalize configs.Normalize // of pixels in [0, 1]

	DataSpec   string // what it was trained on, as --data takes it; "" if the file does not say
	DataDigest string // dataset.Data.Digest of that, in hexadecimal digits
}

// Load reads a checkpoint.bin or best.bin. A file without a valid digest is an error,
// as is one whose weights are not those of its architecture.
func Load(path string) (*Network, error) {
	state, err := checkpoint.ReadWeights(path)
	if err != nil {
		return nil, err
	}
	n, err := Describe(state)
	if err == nil {
		n.Params, err = model.NewParams(n.Layers)
	}
	if err == nil {
		err = n.Params.Load(state.Weights())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}

// Describe returns the network of a file's metadata, without Params. It is an error if the file has
// other weights than the network.
func Describe(state *checkpoint.State) (*Network, error) {
	for _, key := range []string{KeyArch, keyClasses, KeyInput, keyNormalize} {
		if state.Metadata[key] == "" {
			return nil, fmt.Errorf("no %s in its metadata: give a checkpoint.bin or best.bin that fit wrote", key)
		}
	}
	n := &Network{DataSpec: state.Metadata[KeyData], DataDigest: state.Metadata[KeyDigest]}
	var err error
	if n.Arch, err = model.ParseArch(KeyArch, []byte(state.Metadata[KeyArch])); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(state.Metadata[keyClasses]), &n.Classes); err != nil {
		return nil, fmt.Errorf("%s: not a list of names: %w", keyClasses, err)
	}
	for i, name := range n.Classes {
		if err := dataset.CheckClassName(name); err != nil {
			return nil, fmt.Errorf("%s: name %d: %w", keyClasses, i, err)
		}
	}
	input, err := model.ParseInput(state.Metadata[KeyInput])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", KeyInput, err)
	}
	if input.C != 1 || input.H != input.W {
		return nil, fmt.Errorf("%s: images of %v are not supported: they have to be square and grey", KeyInput, input)
	}
	n.Channels, n.Side = input.C, input.H
	var settings configs.Recipe
	if err := settings.Set("normalize", state.Metadata[keyNormalize], configs.Origin{Source: keyNormalize}); err != nil {
		return nil, err
	}
	n.Normalize = settings.Normalize
	if n.Layers, err = model.Resolve(n.Arch, n.Channels, n.Side, n.Side, len(n.Classes)); err != nil {
		return nil, err
	}
	return n, model.CheckWeights(n.Layers, state.Weights())
}

// LoaderOptions are those of a loader of a set for the network, at most batch images at a time.
func (n *Network) LoaderOptions(workers *model.Workers, set dataset.Source, batch int) dataset.LoaderOptions {
	return dataset.LoaderOptions{Side: n.Side, Batch: min(batch, max(set.Len(), 1)), Scales: Scales(n.Normalize), Workers: workers}
}

// Evaluate scores the network on a set, batch images at a time. It calls done before each batch, with
// the number of images that are done.
func (n *Network) Evaluate(ctx context.Context, workers *model.Workers, set dataset.Source, batch int, done func(images int)) (*Evaluation, error) {
	loader, err := dataset.NewLoader(set, n.LoaderOptions(workers, set, batch))
	if err != nil {
		return nil, err
	}
	evaluator, err := model.NewEvaluator(workers, n.Layers, n.Params, min(batch, set.Len()))
	if err != nil {
		return nil, err
	}
	return Evaluate(ctx, evaluator, &counted{Loader: loader, done: done}, len(n.Classes))
}

// Scales are what a setting makes of each channel.
func Scales(n configs.Normalize) []dataset.Scale {
	return []dataset.Scale{{Mean: n.Mean, Deviation: n.Deviation}}
}

// counted tells how many images of a stream are done as the next are asked for.
type counted struct {
	*dataset.Loader
	done   func(images int)
	images int
}

func (c *counted) Next(ctx context.Context) (*dataset.Batch, error) {
	c.done(c.images)
	b, err := c.Loader.Next(ctx)
	if err == nil {
		c.images += b.Rows
	}
	return b, err
}

// Keys of the metadata that describe a network.
const (
	KeyArch      = "vggtrain.arch"        // YAML, as an architecture file
	keyClasses   = "vggtrain.classes"     // JSON list of names
	KeyInput     = "vggtrain.input"       // of one image: 1x1x56x56
	keyNormalize = "vggtrain.normalize"   // none or [mean, deviation]
	KeyData      = "vggtrain.data"        // what was trained on, as --data takes it
	KeyDigest    = "vggtrain.data-sha256" // dataset.Data.Digest, in hexadecimal digits
)

// Metadata returns the network's description, as Describe reads it.
func (n *Network) Metadata() (map[string]string, error) {
	arch, err := n.Arch.YAML()
	if err != nil {
		return nil, err
	}
	classes, err := json.Marshal(n.Classes)
	if err != nil {
		return nil, fmt.Errorf("class names: %w", err)
	}
	return map[string]string{
		KeyArch:      string(arch),
		keyClasses:   string(classes),
		KeyInput:     model.Input{N: 1, C: n.Channels, H: n.Side, W: n.Side}.String(),
		keyNormalize: n.Normalize.String(),
		KeyData:      n.DataSpec,
		KeyDigest:    n.DataDigest,
	}, nil
}
