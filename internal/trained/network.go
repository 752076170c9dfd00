// Package trained loads trained networks and evaluates them.
//
// Batches are N×S×S×C, N images of side S and C channels; logits N×K of K classes.
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

// Network is a trained network with the settings of its input.
type Network struct {
	Arch      *model.Arch
	Layers    []model.Layer
	Params    model.Params
	Classes   []string
	Normalize configs.Normalize // of pixels in [0, 1]

	dataset.Preparation // of pictures, before Normalize

	Run *configs.Recipe // the settings that it was trained with; nil if unknown

	DataSpec   string // the data set, as --data takes it; "" if unknown
	DataDigest string // dataset.Data.Digest of that, in hexadecimal digits
}

// Input returns the shape of one image and the number of classes in the metadata of a checkpoint.
func Input(metadata map[string]string) (input model.Input, classes int, err error) {
	var names []string
	if err := json.Unmarshal([]byte(metadata[keyClasses]), &names); err != nil {
		return input, 0, fmt.Errorf("%s: not a list of names: %w", keyClasses, err)
	}
	input, err = model.ParseInput(metadata[KeyInput])
	return input, len(names), err
}

// BeforePreparation reports whether a network is of a version that kept neither how images are prepared
// nor a digest of the files of pictures.
func (n *Network) BeforePreparation() bool { return n.Run != nil && !n.Run.IsSet("resize-mode") }

// Load reads a checkpoint.bin or best.bin. It is an error if the digest is missing or wrong, or if
// the weights do not fit the architecture.
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

// Describe returns the network of a file's metadata, with nil Params. It is an error if the file's
// weights do not fit the architecture.
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
	n.Channels, n.Side = input.C, input.H
	if err := parsePrepare(&n.Preparation, state.Metadata[keyPrepare], n.DataDigest); err != nil {
		return nil, err
	}
	var settings configs.Recipe
	if err := settings.Set("normalize", state.Metadata[keyNormalize], configs.Origin{Source: keyNormalize}); err != nil {
		return nil, err
	}
	n.Normalize = settings.Normalize
	if err := n.checkPreparation(input.H, input.W); err != nil {
		return nil, err
	}
	if text := state.Metadata[KeySettings]; text != "" {
		// Another version may have settings that this one does not know: the weights need none of them.
		if n.Run, err = configs.ParseRecipe(KeySettings, []byte(text)); err != nil {
			n.Run = nil
		}
	}
	if n.Layers, err = model.Resolve(n.Arch, n.Channels, n.Side, n.Side, len(n.Classes)); err != nil {
		return nil, err
	}
	return n, model.CheckWeights(n.Layers, state.Weights())
}

// LoaderOptions returns the options to load a set for the network, in batches of at most batch
// images.
func (n *Network) LoaderOptions(workers *model.Workers, set dataset.Source, batch int) dataset.LoaderOptions {
	return dataset.LoaderOptions{
		Prepare: n.Preparation, Scales: Scales(n.Normalize),
		Batch: min(batch, max(set.Len(), 1)), Workers: workers,
	}
}

// Evaluate scores the network on a set in batches of batch images. It calls done before each batch with
// the number of finished images. The network is built for the whole batch even if there are fewer images:
// algorithms depend on the batch size, and an image's logits are then the same bits in every set.
func (n *Network) Evaluate(ctx context.Context, workers *model.Workers, set dataset.Source, batch int, done func(images int)) (*Evaluation, error) {
	o := n.LoaderOptions(workers, set, batch)
	o.Batch = batch
	loader, err := dataset.NewLoader(set, o)
	if err != nil {
		return nil, err
	}
	evaluator, err := model.NewEvaluator(workers, n.Layers, n.Params, batch)
	if err != nil {
		return nil, err
	}
	return Evaluate(ctx, evaluator, &counted{Loader: loader, done: done}, len(n.Classes))
}

// Scales returns the scale of each channel for a setting; nil for none.
func Scales(n configs.Normalize) []dataset.Scale {
	var scales []dataset.Scale
	for c := range n.N {
		scales = append(scales, dataset.Scale{Mean: n.Mean[c], Deviation: n.Deviation[c]})
	}
	return scales
}

// counted reports the number of finished images at each call of Next.
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

// Metadata keys of a network.
const (
	KeyArch      = "vggtrain.arch"        // YAML, as an architecture file
	keyClasses   = "vggtrain.classes"     // JSON list of names
	KeyInput     = "vggtrain.input"       // of one image: 1x1x56x56
	keyPrepare   = "vggtrain.prepare"     // JSON: what is done to a picture before it is normalised
	keyNormalize = "vggtrain.normalize"   // none or [mean, deviation]
	KeyData      = "vggtrain.data"        // the data set, as --data takes it
	KeySettings  = "vggtrain.settings"    // YAML, as config.yaml
	KeyDigest    = "vggtrain.data-sha256" // dataset.Data.Digest, in hexadecimal digits
)

// Metadata returns the network's description, for Describe.
func (n *Network) Metadata() (map[string]string, error) {
	arch, err := n.Arch.YAML()
	if err != nil {
		return nil, err
	}
	classes, err := json.Marshal(n.Classes)
	if err != nil {
		return nil, fmt.Errorf("class names: %w", err)
	}
	prepare, err := prepareText(n.Preparation)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		keyPrepare:   prepare,
		KeyArch:      string(arch),
		keyClasses:   string(classes),
		KeyInput:     model.Input{N: 1, C: n.Channels, H: n.Side, W: n.Side}.String(),
		keyNormalize: n.Normalize.String(),
		KeyData:      n.DataSpec,
		KeyDigest:    n.DataDigest,
	}, nil
}
