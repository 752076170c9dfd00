package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/bench"
	"vggtrain/internal/display"
	"vggtrain/internal/terminal"
	"vggtrain/model"
)

type benchOptions struct {
	Arch     string
	Data     string
	Side     int
	Channels string // auto, 1 or 3
	Batch    int
	Steps    int
	Threads  int // 0: all cores
	Layers   bool
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
two warm-up steps not counted. Peak memory is that of the training phase.

With --layers, also where the time of a training step goes: a row for each pass
of each layer, then loading the batch (loader), the update of the weights
(solver), running the graph (gorgonia) and what is left (other), over the middle
half of the counted steps. GFLOP/s count two operations per multiply-add of the
definition, so an algorithm that needs fewer can exceed the peak.`,
		Example: `  vggtrain bench --arch vgg11-small
  vggtrain bench --arch vgg11-small --resize 224 --threads 2 --json
  vggtrain bench --arch vgg11-small --layers`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Err = cmd.OutOrStdout(), stderrOf(cmd)
			return run(cmd.Context(), o)
		},
	}
	archFlag(cmd, &o.Arch)
	dataFlag(cmd, &o.Data)
	countFlag(cmd, &o.Side, "resize", 56, "side of the images in pixels")
	choiceFlag(cmd, &o.Channels, "channels", "1: grey, 3: colour", "auto", "1", "3")
	countFlag(cmd, &o.Batch, "batch-size", 128, "images a step")
	countFlag(cmd, &o.Steps, "steps", 10, "steps counted of each phase")
	threadsFlag(cmd, &o.Threads)
	cmd.Flags().BoolVar(&o.Layers, "layers", false, "a row for each layer and pass of a training step")
	quietFlag(cmd)
	jsonFlag(cmd, &o.JSON, "print one JSON document")
	return cmd
}

func runBench(ctx context.Context, o *benchOptions) error {
	arch, err := configs.LoadArch(o.Arch)
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
	if err := checkSide(arch, o.Side, data); err != nil {
		return err
	}
	channels, _ := strconv.Atoi(o.Channels) // auto: 0
	if data, err = loadData(ctx, o.measured(data), dataset.LoadOptions{Channels: channels, Side: o.Side, Mode: dataset.Crop}, o.Err); err != nil {
		return err
	}
	channels = cmp.Or(channels, data.Channels())
	summary, err := model.Summarize(arch, model.Input{N: min(o.Batch, data.Train.Len()), C: channels, H: o.Side, W: o.Side}, len(data.Classes))
	if err != nil {
		return err
	}
	workers, err := newWorkers(summary.TrainBytes+besides(0), o.Threads)
	if err != nil {
		return err
	}
	defer workers.Close()
	r, err := bench.Run(ctx, bench.Options{
		Notice: func(phase string) { fmt.Fprintf(terminal.Asides(o.Err), "measuring %s\n", phase) },
		Arch:   arch, Data: data, Channels: channels, Side: o.Side, Batch: o.Batch, Steps: o.Steps, Layers: o.Layers, Workers: workers, LR: recipe.LR,
		Optimizer: recipe.Optimizer,
	})
	if err != nil {
		return err
	}
	if o.JSON {
		return writeJSON(o.Out, r)
	}
	return o.write(arch.Name, channels, workers.Threads(), r)
}

// measured returns the data with a test set, and of pictures that are to be decoded only as many as are
// measured.
func (o *benchOptions) measured(data *dataset.Data) *dataset.Data {
	d := *data
	if d.Test == nil {
		d.Test = d.Train
		if d.Val != nil {
			d.Test = d.Val
		}
	}
	d.Val = nil
	for _, set := range []*dataset.Source{&d.Train, &d.Test} {
		if dataset.Bytes(*set) == 0 {
			*set = dataset.Head(*set, o.Batch*(bench.WarmupSteps+o.Steps))
		}
	}
	return &d
}

// write writes the result for people.
func (o *benchOptions) write(arch string, channels, threads int, r *bench.Result) error {
	pixels := "pixels"
	if channels > 1 {
		pixels += " in colour"
	}
	_, err := fmt.Fprintf(o.Out, `%s, %dx%d %s, batch %d, %d threads, %s kernels
training    %8.1f images/s, %.1f GFLOP/s
evaluation  %8.1f images/s
peak        %8.1f GFLOP/s of multiply-adds
memory      %8s at most while training
`, arch, o.Side, o.Side, pixels, o.Batch, threads, r.Kernel,
		r.TrainImagesPerSecond, r.TrainGFLOPS, r.EvalImagesPerSecond, r.PeakGFLOPS, display.Bytes(r.PeakRSSBytes))
	if err != nil || !o.Layers {
		return err
	}
	fmt.Fprintln(o.Out)
	return layerTable(r).write(o.Out)
}

// layerTable shows the rows of r.Layers, and the step that they add up to.
func layerTable(r *bench.Result) *table {
	t := &table{columns: []column{
		{name: "layer"}, {name: "type"}, {name: "pass"}, {"ms", true}, {"of step", true}, {"GFLOP/s", true}, {"of peak", true}, {name: "algorithm"},
	}}
	step := bench.Row{Name: "step", MS: r.StepMS, Share: 1}
	for _, row := range r.Layers {
		step.GFLOPS += row.GFLOPS * row.MS / r.StepMS
	}
	step.PeakShare = step.GFLOPS / r.PeakGFLOPS
	for _, row := range append(r.Layers, step) {
		speed, share := "", ""
		if row.GFLOPS > 0 {
			speed, share = fmt.Sprintf("%.1f", row.GFLOPS), fmt.Sprintf("%.1f %%", 100*row.PeakShare)
		}
		t.add(row.Name, row.Type, row.Pass, fmt.Sprintf("%.3f", row.MS), fmt.Sprintf("%.1f %%", 100*row.Share), speed, share, row.Algorithm)
	}
	return t
}
