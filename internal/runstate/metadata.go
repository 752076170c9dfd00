package runstate

import (
	"maps"
	"strconv"
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
