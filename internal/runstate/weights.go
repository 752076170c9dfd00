package runstate

import (
	"fmt"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/internal/trained"
)

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
