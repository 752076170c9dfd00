package model_test

import (
	"context"
	"fmt"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/model"
)

// Trains an architecture that comes with the program on the built-in sample, and scores it.
func Example() {
	if err := trainAndScore(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 61706 parameters
	// the loss has fallen: true
	// 100 images have 1000 logits
}

func trainAndScore(ctx context.Context) error {
	data, err := dataset.Sample()
	if err != nil {
		return err
	}
	arch, err := configs.LoadArch("lenet")
	if err != nil {
		return err
	}
	layers, err := model.Resolve(arch, data.Channels(), 28, 28, len(data.Classes))
	if err != nil {
		return err
	}
	params, err := model.NewParams(layers)
	if err != nil {
		return err
	}
	fmt.Println(params.Count(), "parameters")
	if err := params.Init("xavier", 1); err != nil {
		return err
	}
	if err := train(ctx, data.Train, layers, params); err != nil {
		return err
	}
	loader, err := dataset.NewLoader(data.Test, dataset.LoaderOptions{Prepare: dataset.Preparation{Side: 28}, Batch: 100})
	if err != nil {
		return err
	}
	evaluator, err := model.NewEvaluator(nil, layers, params, 100)
	if err != nil {
		return err
	}
	loader.Start(1, 0)
	batch, err := loader.Next(ctx)
	if err != nil {
		return err
	}
	logits, err := evaluator.Logits(batch.Images, batch.Rows)
	fmt.Println(batch.Rows, "images have", len(logits), "logits")
	return err
}

// train does an epoch of SGD and says whether its last batch has a smaller loss than its first.
func train(ctx context.Context, set dataset.Source, layers []model.Layer, params model.Params) error {
	trainer, err := model.NewTrainer(nil, layers, params, model.TrainerOptions{Batch: 100})
	if err != nil {
		return err
	}
	defer trainer.Close()
	optimizer, err := model.NewOptimizer(trainer, model.OptimizerOptions{Momentum: 0.9, Nesterov: true})
	if err != nil {
		return err
	}
	loader, err := dataset.NewLoader(set, dataset.LoaderOptions{Prepare: dataset.Preparation{Side: 28}, Batch: 100, Shuffle: true})
	if err != nil {
		return err
	}
	var losses []float64
	for batch, err := range loader.Epoch(ctx, 1) {
		if err != nil {
			return err
		}
		loss, err := trainer.Step(uint64(len(losses)+1), batch.Images, batch.Labels, batch.Rows)
		if err != nil {
			return err
		}
		if err := optimizer.Step(0.3); err != nil {
			return err
		}
		losses = append(losses, loss)
	}
	fmt.Println("the loss has fallen:", losses[len(losses)-1] < losses[0])
	return nil
}
