package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vggtrain/checkpoint"
	"vggtrain/internal/display"
	"vggtrain/internal/export"
	"vggtrain/internal/runstate"
	"vggtrain/internal/trained"
)

type exportOptions struct {
	Checkpoint string
	Format     string // one of exportFormats; "": the ending of File
	File       string
	Out        io.Writer
}

// exportFormats are the forms of an export, and the endings of their files.
var exportFormats = []string{"onnx", "safetensors"}

func newExportCommand(run func(context.Context, *exportOptions) error) *cobra.Command {
	o := &exportOptions{}
	cmd := &cobra.Command{
		Use:   "export CHECKPOINT",
		Short: "Write a trained network for other programs",
		Long: `Write a trained network for other programs to --out: as ONNX, which runs
anywhere, or as safetensors, its weights alone. A file of that name is replaced.

ONNX: "input" takes N images at a time, Nx1xSxS pixels from 0 to 1 (black to
white; the normalisation is in the file), "logits" gives a number for each
class. Class names are in the metadata, vggtrain.classes.

safetensors: the names and layouts are torchvision's, for load_state_dict. eval,
predict and fit --init take the file too.`,
		Example: `  vggtrain export runs/vgg11-small/best.bin --out fashion.onnx
  vggtrain export runs/vgg11-small/best.bin --out fashion.safetensors`,
		Args: arguments("CHECKPOINT"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.Checkpoint, err = weightsFile(args[0]); err != nil {
				return err
			}
			o.Out = cmd.OutOrStdout()
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().Var(&choice{&o.Format, exportFormats}, "format", "what to write (default what FILE ends in)")
	textFlag(cmd, &o.File, "out", "FILE", "", "the file to write; needed")
	_ = cmd.RegisterFlagCompletionFunc("out", cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault))
	return cmd
}

func runExport(ctx context.Context, o *exportOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	network, state, err := runstate.LoadWeights(o.Checkpoint)
	if err != nil {
		return err
	}
	write := func() error { return checkpoint.Write(o.File, state) }
	if o.Format == "onnx" {
		file, err := export.NewONNX(&export.Network{
			Name: network.Arch.Name, Layers: network.Layers, Weights: state.Tensors,
			Mean: network.Normalize.Mean, Deviation: network.Normalize.Deviation, Metadata: state.Metadata,
		})
		if err != nil {
			return err
		}
		write = func() error { return checkpoint.Replace(o.File, file.Write) }
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	return o.report(network)
}

// check finds the format and looks whether the file may be written.
func (o *exportOptions) check() error {
	if o.File == "" {
		return wrongUsage("--out is missing: name the file to write")
	}
	ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(o.File), "."))
	switch known := slices.Contains(exportFormats, ending); {
	case o.Format == "" && !known:
		return wrongUsage("--out %s ends in neither .%s: add --format", o.File, strings.Join(exportFormats, " nor ."))
	case o.Format == "":
		o.Format = ending
	case known && ending != o.Format:
		return wrongUsage("--format %s, but --out %s: change one of them", o.Format, o.File)
	}
	if there, err := runstate.Peek(o.File); err == nil && there.Of > 0 {
		return wrongUsage("--out %s holds the state of a run, which would be lost: name another file", o.File)
	}
	from, err := os.Stat(o.Checkpoint)
	if err != nil {
		return nil // for who reads it to say
	}
	if to, err := os.Stat(o.File); err == nil && os.SameFile(from, to) {
		return wrongUsage("--out %s is the checkpoint itself: name another file", o.File)
	}
	return nil
}

// report says what has been written.
func (o *exportOptions) report(n *trained.Network) error {
	info, err := os.Stat(o.File)
	if err != nil {
		return err
	}
	var params int64
	for _, l := range n.Layers {
		params += l.Params
	}
	_, err = fmt.Fprintf(o.Out, "%s: %s, %s parameters, %s\n", o.File, n.Arch.Name, humanize.Comma(params), display.Bytes(info.Size()))
	if err == nil && o.Format == "onnx" {
		_, err = fmt.Fprintf(o.Out, "%s   Nx1x%dx%d: pixels from 0 to 1\n%s  Nx%d: %s\n", export.Input, n.Side, n.Side, export.Output, len(n.Classes), someOf(n.Classes))
	}
	return err
}
