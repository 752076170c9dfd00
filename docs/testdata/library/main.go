// Trains a small VGG on the built-in sample, scores it, saves it and reads it back.
package main

import (
	"context"
	"fmt"
	"log"
	"slices"

	"vggtrain/blocks"
	"vggtrain/checkpoint"
	"vggtrain/dataset"
	"vggtrain/model"
)

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	ctx, data := context.Background(), must(dataset.Sample())

	list := append(blocks.VGGBlock(1, 16), blocks.VGGBlock(1, 32)...)
	list = append(list, blocks.Classifier([]int{64}, blocks.Dropout{P: 0.2}, blocks.Linear{Out: len(data.Classes)})...)
	layers := must(model.ResolveLayers("small", list, data.Channels(), 28, 28))
	params := must(model.NewParams(layers))
	check(params.Init("kaiming", 1))

	trainer := must(model.NewTrainer(nil, layers, params, model.TrainerOptions{Batch: 50, Dropout: true})) // nil: all cores
	optimizer := must(model.NewOptimizer(trainer, model.OptimizerOptions{Momentum: 0.9}))
	loader := must(dataset.NewLoader(data.Train, dataset.LoaderOptions{Prepare: dataset.Preparation{Side: 28}, Batch: 50, Shuffle: true}))
	step := uint64(0)
	for epoch := range 2 {
		for batch, err := range loader.Epoch(ctx, epoch+1) {
			check(err)
			step++
			must(trainer.Step(step, batch.Images, batch.Labels, batch.Rows))
			check(optimizer.Step(0.02))
		}
	}

	tensors := must(params.Tensors(nil))
	check(checkpoint.Write("small.bin", &checkpoint.State{Tensors: tensors}))
	saved := must(model.NewParams(layers))
	check(saved.Load(must(checkpoint.Read("small.bin")).Tensors))

	evaluator := must(model.NewEvaluator(nil, layers, saved, 50))
	loader = must(dataset.NewLoader(data.Test, dataset.LoaderOptions{Prepare: dataset.Preparation{Side: 28}, Batch: 50}))
	right := 0
	for batch, err := range loader.Epoch(ctx, 1) {
		check(err)
		logits := must(evaluator.Logits(batch.Images, batch.Rows))
		for i, row := range slices.Collect(slices.Chunk(logits, len(data.Classes))) {
			if row[batch.Labels[i]] == slices.Max(row) {
				right++
			}
		}
	}
	fmt.Printf("%d of %d right\n", right, data.Test.Len())
}
