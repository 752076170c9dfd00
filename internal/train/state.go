package train

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"vggtrain/model"
)

// Keys of a checkpoint's metadata.
const (
	keyArch      = "vggtrain.arch"         // YAML, as an architecture file
	keySettings  = "vggtrain.settings"     // YAML, as config.yaml
	keyClasses   = "vggtrain.classes"      // JSON list of names
	keyInput     = "vggtrain.input"        // of one image: 1x1x56x56
	keyNormalize = "vggtrain.normalize"    // none or [mean, deviation]
	keyData      = "vggtrain.data"         // what was trained on, as --data takes it
	keyDigest    = "vggtrain.data-sha256"  // dataset.Data.Digest, in hexadecimal digits
	keyKernel    = "vggtrain.kernel"       // kernels that trained it: generic, avx2 or avx512
	keyEpoch     = "vggtrain.epoch"        // best.bin: the epoch of the weights
	keyStep      = "vggtrain.step"         // best.bin: the step after which they were these
	keyAccuracy  = "vggtrain.val_accuracy" // best.bin: their accuracy
	keyProgress  = "vggtrain.progress"     // checkpoint.bin: Progress as JSON
)

// momentumPrefix stands before a parameter's name in the name of its momentum.
const momentumPrefix = "optimizer/"

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
		keyData:      j.DataSpec,
		keyDigest:    hex.EncodeToString(j.DataDigest[:]),
		keyKernel:    string(j.Workers.ISA()),
	}, nil
}
