package train

import (
	"encoding/hex"
	"maps"

	"vggtrain/internal/trained"
)

// Keys of the metadata that describe a run, beside those of its network.
const (
	keySettings = "vggtrain.settings"     // YAML, as config.yaml
	keyKernel   = "vggtrain.kernel"       // kernels that trained it: generic, avx2 or avx512
	keyEpoch    = "vggtrain.epoch"        // best.bin: the epoch of the weights
	keyStep     = "vggtrain.step"         // best.bin: the step after which they were these
	keyAccuracy = "vggtrain.val_accuracy" // best.bin: their accuracy
	keyProgress = "vggtrain.progress"     // checkpoint.bin: Progress as JSON
)

// momentumPrefix stands before a parameter's name in the name of its momentum.
const momentumPrefix = "optimizer/"

// describe returns the metadata that both files of a job have.
func describe(j *Job) (map[string]string, error) {
	network := &trained.Network{
		Arch: j.Arch, Classes: j.Classes, Side: j.Recipe.Resize, Normalize: j.Recipe.Normalize,
		DataSpec: j.DataSpec, DataDigest: hex.EncodeToString(j.DataDigest[:]),
	}
	metadata, err := network.Metadata()
	if err != nil {
		return nil, err
	}
	maps.Copy(metadata, map[string]string{
		keySettings: string(j.Recipe.YAML()),
		keyKernel:   j.Workers.Kernel(),
	})
	return metadata, nil
}
