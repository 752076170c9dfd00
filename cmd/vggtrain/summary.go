package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"vggtrain/model"
)

type summaryOptions struct {
	Arch    string
	Input   string
	Classes int
	Format  string
	Out     io.Writer
}

func newSummaryCommand(run func(context.Context, *summaryOptions) error) *cobra.Command {
	o := &summaryOptions{}
	cmd := &cobra.Command{
		Use:   "summary --input 1x1x224x224",
		Short: "List a network's layers, shapes, parameters and multiply-adds",
		Long: `List a network's layers as PyTorch would, with the shape of each output, the
parameters and the multiply-adds (MACs) of convolutions and linear layers for
the batch given. A multiply-add counts as two floating-point operations.`,
		Example: `  vggtrain summary --input 1x1x224x224
  vggtrain summary --arch vgg16 --input 1x3x224x224 --classes 1000
  vggtrain summary --arch my.yaml --input 8x1x56x56 --format json`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out = cmd.OutOrStdout()
			return run(cmd.Context(), o)
		},
	}
	archFlag(cmd, &o.Arch)
	textFlag(cmd, &o.Input, "input", "NxCxHxW", "1x1x224x224", "a batch of images")
	countFlag(cmd, &o.Classes, "classes", 10, "classes to tell apart")
	choiceFlag(cmd, &o.Format, "format", "how to print it", model.SummaryFormats()...)
	return cmd
}

func runSummary(_ context.Context, o *summaryOptions) error {
	input, err := model.ParseInput(o.Input)
	if err != nil {
		return wrongUsage("--input: %w", err)
	}
	arch, err := loadArch(o.Arch)
	if err != nil {
		return err
	}
	summary, err := model.Summarize(arch, input, o.Classes)
	if err != nil {
		return err
	}
	return summary.Write(o.Out, o.Format)
}
