package train

import (
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/runstate"
	"vggtrain/model"
)

// Memory returns what a run with these settings would hold at its peak, in bytes, without making
// any of it. The error says why there can be no such run.
func Memory(r *configs.Recipe, arch *model.Arch, data *dataset.Data) (int64, error) {
	layers, err := model.Resolve(arch, data.Channels(), r.Resize, r.Resize, len(data.Classes))
	if err != nil {
		return 0, err
	}
	training, scored := data.Train.Len(), data.Test.Len()
	if r.Val > 0 {
		training, scored = training-r.Val, r.Val
	}
	if r.LimitTrain > 0 {
		training = min(training, r.LimitTrain)
	}
	if r.LimitVal > 0 {
		scored = min(scored, r.LimitVal)
	}
	// Sets that the job itself refuses are no matter of memory.
	summary, err := model.SummarizeLayers(arch.Name, layers, min(r.BatchSize, max(training, 1)))
	if err != nil {
		return 0, err
	}
	evaluation, err := model.EvaluationBytes(layers, min(r.BatchSize, max(scored, 1)))
	if err != nil {
		return 0, err
	}
	weights := summary.WeightBytes
	return runMemory(r, setBytes(r, data), weights, summary.TrainBytes-weights+evaluation-weights), nil
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

// runMemory is Memory of what takes so many bytes: the sets; weights and what the
// optimiser keeps twice, the second time for a checkpoint; buffers and batches of training and of
// evaluation; and the program itself.
func runMemory(r *configs.Recipe, sets, weights, buffers int64) int64 {
	state := weights * int64(1+len(runstate.OptimizerOptions(r).Slots()))
	return sets + 2*state + buffers + programBytes
}
