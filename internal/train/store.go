package train

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"gorgonia.org/tensor"

	"vggtrain/checkpoint"
	"vggtrain/model"
)

// Keys of a checkpoint's metadata.
const (
	keyArch      = "vggtrain.arch"         // YAML, as an architecture file
	keySettings  = "vggtrain.settings"     // YAML, as config.yaml
	keyClasses   = "vggtrain.classes"      // JSON list of names
	keyInput     = "vggtrain.input"        // of one image: 1x1x56x56
	keyNormalize = "vggtrain.normalize"    // none or [mean, deviation]
	keyData      = "vggtrain.data"         // where the images came from
	keyDigest    = "vggtrain.data-sha256"  // dataset.Data.Digest
	keyEpoch     = "vggtrain.epoch"        // best.bin: the epoch of the weights
	keyAccuracy  = "vggtrain.val_accuracy" // best.bin: their accuracy
	keyProgress  = "vggtrain.progress"     // checkpoint.bin: Progress as JSON
)

// momentumPrefix stands before a parameter's name in the name of its momentum.
const momentumPrefix = "optimizer/"

// files is the Store of a run folder.
type files struct {
	checkpoint, best string // paths
	params           model.Params
	momenta          [][]float32       // in params' order, as they are stored; nil: none
	metadata         map[string]string // of both files
	snapshot         []checkpoint.Tensor
	weights          int // tensors of snapshot that are the network's
	written          struct{ checkpoint, best bool }
}

func newFiles(j *Job, momenta [][]float32) (*files, error) {
	metadata, err := describe(j)
	if err != nil {
		return nil, err
	}
	return &files{checkpoint: j.Checkpoint, best: j.Best, params: j.Params, momenta: momenta, metadata: metadata}, nil
}

func (f *files) Checkpoint(p *Progress) error {
	if err := f.copy(); err != nil {
		return err
	}
	progress, err := p.encode()
	if err != nil {
		return err
	}
	metadata := maps.Clone(f.metadata)
	metadata[keyProgress] = progress
	if err := checkpoint.Write(f.checkpoint, &checkpoint.State{Tensors: f.snapshot, Metadata: metadata}); err != nil {
		return err
	}
	f.written.checkpoint = true
	return nil
}

func (f *files) Best(p *Progress) error {
	if err := f.copy(); err != nil {
		return err
	}
	metadata := maps.Clone(f.metadata)
	metadata[keyEpoch] = strconv.Itoa(p.BestEpoch)
	metadata[keyAccuracy] = strconv.FormatFloat(p.BestValAccuracy, 'g', -1, 64)
	if err := checkpoint.Write(f.best, &checkpoint.State{Tensors: f.snapshot[:f.weights], Metadata: metadata}); err != nil {
		return err
	}
	f.written.best = true
	return nil
}

// copy fills the snapshot with the weights and momenta of now, in PyTorch's layouts. Its
// memory is allocated once a run. If a weight is not finite, it is errWeights.
func (f *files) copy() error {
	for _, p := range f.params {
		if !finite(p.Data()) {
			return fmt.Errorf("%s: %w", p.Name, errWeights)
		}
	}
	if f.snapshot == nil {
		f.weights = len(f.params)
		for _, p := range f.params {
			f.snapshot = append(f.snapshot, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: make([]float32, p.Len())})
		}
		for i := range f.momenta {
			p := f.params[i]
			f.snapshot = append(f.snapshot, checkpoint.Tensor{Name: momentumPrefix + p.Name, Shape: p.Shape, Data: make([]float32, p.Len())})
		}
	}
	for i, p := range f.params {
		p.Export(f.snapshot[i].Data)
	}
	for i, m := range f.momenta {
		withValue(f.params[i], m).Export(f.snapshot[f.weights+i].Data)
	}
	return nil
}

// withValue returns a parameter like p that holds other numbers, stored as p's are.
func withValue(p *model.Param, data []float32) *model.Param {
	other := *p
	other.Value = tensor.New(tensor.WithShape(p.Value.Shape()...), tensor.WithBacking(data))
	return &other
}

// finite reports whether no value is NaN or infinite: x−x is 0 for all others.
func finite(data []float32) bool {
	for _, x := range data {
		if x-x != 0 {
			return false
		}
	}
	return true
}

// describe returns the metadata that both files of a job have.
func describe(j *Job) (map[string]string, error) {
	arch, err := j.Arch.YAML()
	if err != nil {
		return nil, err
	}
	classes, err := json.Marshal(j.Classes)
	if err != nil {
		return nil, fmt.Errorf("class names: %w", err)
	}
	return map[string]string{
		keyArch:      string(arch),
		keySettings:  string(j.Recipe.YAML()),
		keyClasses:   string(classes),
		keyInput:     model.Input{N: 1, C: 1, H: j.Recipe.Resize, W: j.Recipe.Resize}.String(),
		keyNormalize: j.Recipe.Normalize.String(),
		keyData:      j.Data,
		keyDigest:    hex.EncodeToString(j.DataDigest[:]),
	}, nil
}
