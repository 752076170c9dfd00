package runstate

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Metadata keys of a run, beside its network's.
const (
	keySources  = "vggtrain.sources"      // checkpoint.bin: where each setting came from at first, JSON
	keyKernel   = "vggtrain.kernel"       // kernels that trained it
	keyEpoch    = "vggtrain.epoch"        // best.bin: the epoch of the weights
	keyStep     = "vggtrain.step"         // best.bin: the step after which they were these
	keyAccuracy = "vggtrain.val_accuracy" // best.bin: their accuracy
	keyProgress = "vggtrain.progress"     // checkpoint.bin: Progress as JSON
)

// metadata returns what both files of a run say of it.
func (r *Run) metadata() (map[string]string, error) {
	metadata, err := r.Network.Metadata()
	if err != nil {
		return nil, err
	}
	sources, err := json.Marshal(r.Settings.Sources())
	if err != nil {
		return nil, err
	}
	maps.Copy(metadata, map[string]string{
		trained.KeySettings: string(r.Settings.YAML()),
		keySources:          string(sources),
		keyKernel:           r.Workers.Kernel(),
	})
	return metadata, nil
}

// describeEpoch adds the epoch, step and accuracy of the weights.
func describeEpoch(metadata map[string]string, epoch, step int, accuracy float64) {
	metadata[keyEpoch], metadata[keyStep] = strconv.Itoa(epoch), strconv.Itoa(step)
	metadata[keyAccuracy] = strconv.FormatFloat(accuracy, 'g', -1, 64)
}

// Header is the summary in the first bytes of a checkpoint.bin or best.bin. It is not checked: use it
// for listings.
type Header struct {
	Arch     string
	Epochs   int     // done; for a best.bin: the epoch of its weights
	Of       int     // planned epochs; 0: the file is a best.bin
	Accuracy float64 // the best so far; 0: none yet
}

// Peek reads the header of a file. Its time does not depend on the file's length. It is an error if
// the file is not of a run.
func Peek(path string) (Header, error) {
	metadata, err := checkpoint.Peek(path)
	if err != nil {
		return Header{}, err
	}
	arch, err := model.ParseArch(trained.KeyArch, []byte(metadata[trained.KeyArch]))
	if err != nil {
		return Header{}, fmt.Errorf("%s: %w", path, err)
	}
	h := Header{Arch: arch.Name}
	if metadata[keyProgress] == "" {
		h.Epochs, _ = strconv.Atoi(metadata[keyEpoch])
		h.Accuracy, _ = strconv.ParseFloat(metadata[keyAccuracy], 64)
		return h, nil
	}
	settings, err := configs.ParseRecipe(trained.KeySettings, []byte(metadata[trained.KeySettings]))
	if err != nil {
		return Header{}, fmt.Errorf("%s: %w", path, err)
	}
	h.Of = settings.Epochs
	var p struct {
		Best    float64    `json:"best_val_accuracy"`
		History []struct{} `json:"history"`
	}
	if err := json.Unmarshal([]byte(metadata[keyProgress]), &p); err != nil {
		return Header{}, fmt.Errorf("%s: %s: %w", path, keyProgress, err)
	}
	h.Epochs, h.Accuracy = len(p.History), p.Best
	return h, nil
}

// String returns one line: vgg11-small, 7 of 10 epochs, accuracy 0.9255.
func (h Header) String() string {
	text := fmt.Sprintf("%s, epoch %d", h.Arch, h.Epochs)
	if h.Of > 0 {
		text = fmt.Sprintf("%s, %d of %d epochs", h.Arch, h.Epochs, h.Of)
	}
	if h.Accuracy > 0 {
		text += fmt.Sprintf(", accuracy %.4f", h.Accuracy)
	}
	return text
}

// LoadWeights is like trained.Load, but keeps the weights in the file's form: PyTorch's names, shapes
// and layouts. The network's Params are nil. The state is a best.bin's, the weights with their
// metadata, even for a checkpoint.bin: it has neither the optimiser's state nor the run's progress.
func LoadWeights(path string) (*trained.Network, *checkpoint.State, error) {
	state, err := checkpoint.ReadWeights(path)
	if err != nil {
		return nil, nil, err
	}
	n, err := trained.Describe(state)
	if err == nil {
		err = dropProgress(state.Metadata)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, state, nil
}

// Publish removes from the metadata of a best.bin where files lie on this machine: the data set, and
// the folders of the files that settings name.
func Publish(metadata map[string]string) error {
	delete(metadata, trained.KeyData)
	if metadata[trained.KeySettings] == "" {
		return nil
	}
	settings, err := configs.ParseRecipe(trained.KeySettings, []byte(metadata[trained.KeySettings]))
	if err != nil {
		return err
	}
	for _, key := range configs.Keys() {
		text := settings.Text(key.Name)
		if key.Name == "arch" || !filepath.IsAbs(text) { // arch is spelled out
			continue
		}
		if err := settings.Set(key.Name, filepath.Base(text), settings.Origin(key.Name)); err != nil {
			return fmt.Errorf("%s: %w", trained.KeySettings, err)
		}
	}
	metadata[trained.KeySettings] = string(settings.YAML())
	return nil
}

// dropProgress turns the metadata of a checkpoint.bin into a best.bin's. It replaces the progress by
// the epoch and accuracy of the weights, if they are of an evaluated epoch.
func dropProgress(metadata map[string]string) error {
	text, ok := metadata[keyProgress]
	if !ok {
		return nil
	}
	p, err := DecodeProgress(text, configs.MaxEpochs)
	if err != nil {
		return fmt.Errorf("%s: %w", keyProgress, err)
	}
	delete(metadata, keyProgress)
	delete(metadata, keySources)
	if last := p.Last(); last != nil && p.Evaluated() {
		describeEpoch(metadata, last.Epoch, p.Step, last.ValAccuracy)
	}
	return nil
}
