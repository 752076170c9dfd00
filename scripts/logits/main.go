// Command logits writes what a checkpoint's network makes of the first test images, for
// scripts that compare it with other programs:
//
//	go run ./scripts/logits [-data auto|sample|DIR] [-images N] CHECKPOINT OUT.safetensors
//
// OUT holds pixels, N×C×S×S in [0, 1], before any normalisation, and logits, N×K.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"

	"vggtrain/checkpoint"
	"vggtrain/dataset"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

func main() {
	spec := flag.String("data", "auto", "where the images come from: auto, sample or a folder")
	images := flag.Int("images", 17, "how many")
	flag.Parse()
	if flag.NArg() != 2 || *images < 1 {
		fmt.Fprintln(os.Stderr, "usage: logits [-data auto|sample|DIR] [-images N] CHECKPOINT OUT.safetensors")
		os.Exit(2)
	}
	if err := run(context.Background(), flag.Arg(0), *spec, *images, flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "logits:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, path, spec string, images int, out string) error {
	network, err := trained.Load(path)
	if err != nil {
		return err
	}
	data, err := dataset.Open(ctx, dataset.OpenOptions{Spec: spec})
	if err != nil {
		return err
	}
	set := dataset.Head(data.Test, images)
	workers, err := model.NewWorkers(0, "")
	if err != nil {
		return err
	}
	defer workers.Close()
	evaluator, err := model.NewEvaluator(workers, network.Layers, network.Params, set.Len())
	if err != nil {
		return err
	}
	options := dataset.LoaderOptions{Prepare: network.Preparation, Batch: set.Len()}
	pixels, err := load(ctx, set, options)
	if err != nil {
		return err
	}
	options.Scales = trained.Scales(network.Normalize)
	normalized, err := load(ctx, set, options)
	if err != nil {
		return err
	}
	logits, err := evaluator.Logits(normalized, set.Len())
	if err != nil {
		return err
	}
	classes := len(network.Classes)
	return checkpoint.Write(out, &checkpoint.State{Tensors: []checkpoint.Tensor{
		{Name: "pixels", Shape: []int{set.Len(), network.Channels, network.Side, network.Side}, Data: channelsFirst(pixels, network.Side*network.Side, network.Channels)},
		{Name: "logits", Shape: []int{set.Len(), classes}, Data: slices.Clone(logits[:set.Len()*classes])},
	}})
}

// channelsFirst turns N×(S·S)×C into N×C×(S·S).
func channelsFirst(images []float32, places, channels int) []float32 {
	turned := make([]float32, len(images))
	for i, v := range images {
		image, place, c := i/(places*channels), i/channels%places, i%channels
		turned[(image*channels+c)*places+place] = v
	}
	return turned
}

// load returns all images of a set, as a batch.
func load(ctx context.Context, set dataset.Source, o dataset.LoaderOptions) ([]float32, error) {
	loader, err := dataset.NewLoader(set, o)
	if err != nil {
		return nil, err
	}
	loader.Start(1, 0)
	batch, err := loader.Next(ctx)
	if err != nil {
		return nil, err
	}
	return batch.Images, nil
}
