package runstate

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Keys of the metadata that describe a run, beside those of its network.
const (
	keySettings = "vggtrain.settings"     // YAML, as config.yaml
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
	maps.Copy(metadata, map[string]string{
		keySettings: string(r.Settings.YAML()),
		keyKernel:   r.Workers.Kernel(),
	})
	return metadata, nil
}

// describeEpoch notes of which epoch and step the weights are, and their accuracy.
func describeEpoch(metadata map[string]string, epoch, step int, accuracy float64) {
	metadata[keyEpoch], metadata[keyStep] = strconv.Itoa(epoch), strconv.Itoa(step)
	metadata[keyAccuracy] = strconv.FormatFloat(accuracy, 'g', -1, 64)
}

// Header is what a checkpoint.bin or best.bin says of itself in its first bytes. Nothing of it
// is checked: it is for listings.
type Header struct {
	Arch     string
	Epochs   int     // done; of a best.bin: which epoch's weights it holds
	Of       int     // planned epochs; 0: the file is a best.bin
	Accuracy float64 // the best so far; 0: none yet
}

// Peek reads the header of a file, whose length does not matter. An error tells that it is not
// a file of a run.
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
	settings, err := configs.ParseRecipe(keySettings, []byte(metadata[keySettings]))
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

// String says it in one line: vgg11-small, 7 of 10 epochs, accuracy 0.9255.
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

// LoadWeights reads a checkpoint as trained.Load does, and checks as much, but leaves the weights
// as the file holds them: PyTorch's names, shapes and layouts. The network has no Params. The
// state is that of a best.bin: the weights and what describes them. Of a checkpoint.bin it has
// neither the optimiser's buffers nor the run's progress.
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

// dropProgress makes the metadata of a checkpoint.bin those of a best.bin: where the run stands
// gives way to the epoch and accuracy of the weights, if they are those of an evaluated epoch.
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
	if last := p.Last(); last != nil && p.Evaluated() {
		describeEpoch(metadata, last.Epoch, p.Step, last.ValAccuracy)
	}
	return nil
}
