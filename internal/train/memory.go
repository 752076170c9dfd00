package train

import (
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/model"
)

// EstimateMemory returns what a run with these settings would hold at its peak, in bytes, without
// allocating any of it. The error says why there can be no such run.
func EstimateMemory(r *configs.Recipe, arch *model.Arch, data *dataset.Data) (int64, error) {
	layers, err := model.Resolve(arch, data.Channels(), r.Resize, r.Resize, len(data.Classes))
	if err != nil {
		return 0, err
	}
	training, scored, err := cut(r, data)
	if err != nil {
		return 0, err
	}
	summary, err := model.SummarizeLayers(arch.Name, layers, min(r.BatchSize, training.Len()))
	if err != nil {
		return 0, err
	}
	evaluation, err := model.EvaluationBytes(layers, min(r.BatchSize, scored.Len()))
	if err != nil {
		return 0, err
	}
	weights := summary.WeightBytes
	return runBytes(r, setBytes(r, data), weights, summary.TrainBytes-weights+evaluation-weights), nil
}

// setBytes is the memory of the sets that a run uses: limits leave all of them there.
func setBytes(r *configs.Recipe, data *dataset.Data) int64 {
	if r.Val > 0 {
		return dataset.Bytes(data.Train)
	}
	return dataset.Bytes(data.Train) + dataset.Bytes(data.Test)
}

// programBytes is what a run of the smallest network holds.
const programBytes = 40 << 20

// runBytes adds up a run's memory: the sets; weights and optimiser state twice, the second time for
// a checkpoint; buffers and batches of training and of evaluation; and the program itself.
func runBytes(r *configs.Recipe, sets, weights, buffers int64) int64 {
	state := weights * int64(1+len(r.Optimizer.Slots()))
	return sets + 2*state + buffers + programBytes
}
