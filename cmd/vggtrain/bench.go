package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vggtrain/configs"
	"vggtrain/internal/bench"
	"vggtrain/internal/solver"
)

type benchOptions struct {
	Arch     string
	Data     string
	Side     int
	Batch    int
	Steps    int
	Threads  int // 0: all cores
	JSON     bool
	Out, Err io.Writer
}

func newBenchCommand(run func(context.Context, *benchOptions) error) *cobra.Command {
	o := &benchOptions{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast a network trains and evaluates here",
		Long: `Measure how fast a network trains and evaluates on this machine: whole steps of
recipe d2l's SGD with the architecture's dropout, batches from the real loader,
two warm-up steps not counted. Peak memory is that of the training phase.`,
		Example: `  vggtrain bench --arch vgg11-small
  vggtrain bench --arch vgg11-small --resize 224 --threads 2 --json`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return run(cmd.Context(), o)
		},
	}
	archFlag(cmd, &o.Arch)
	dataFlag(cmd, &o.Data)
	countFlag(cmd, &o.Side, "resize", 56, "side of the images in pixels")
	countFlag(cmd, &o.Batch, "batch-size", 128, "images a step")
	countFlag(cmd, &o.Steps, "steps", 10, "steps counted of training and of evaluation")
	threadsFlag(cmd, &o.Threads)
	jsonFlag(cmd, &o.JSON, "print one JSON document")
	return cmd
}

func runBench(ctx context.Context, o *benchOptions) error {
	arch, err := loadArch(o.Arch)
	if err != nil {
		return err
	}
	recipe, err := configs.LoadRecipe("d2l")
	if err != nil {
		return err
	}
	recipe = recipe.Over(configs.Defaults())
	data, err := openData(ctx, o.Data, o.Err)
	if err != nil {
		return err
	}
	if err := checkTraining(arch, data, o.Batch, o.Side); err != nil {
		return err
	}
	pool, err := newPool(o.Threads)
	if err != nil {
		return err
	}
	defer pool.Close()
	r, err := bench.Run(ctx, bench.Options{
		Notice: func(phase string) { fmt.Fprintf(o.Err, "measuring %s\n", phase) },
		Arch:   arch, Data: data, Side: o.Side, Batch: o.Batch, Steps: o.Steps, Pool: pool, LR: recipe.LR,
		SGD: solver.SGDConfig{Momentum: recipe.Momentum, WeightDecay: recipe.WeightDecay, Nesterov: recipe.Nesterov, ClipNorm: recipe.ClipNorm},
	})
	if err != nil {
		return err
	}
	if o.JSON {
		return writeJSON(o.Out, r)
	}
	_, err = fmt.Fprintf(o.Out, `%s, %dx%d pixels, batch %d, %d threads, %s kernels
training    %8.1f images/s, %.1f GFLOP/s
evaluation  %8.1f images/s
peak        %8.1f GFLOP/s of multiply-adds
memory      %8s at most while training
`, arch.Name, o.Side, o.Side, o.Batch, pool.Threads(), r.Kernel,
		r.TrainImagesPerSecond, r.TrainGFLOPS, r.EvalImagesPerSecond, r.PeakGFLOPS, binarySize(r.PeakRSSBytes))
	return err
}
