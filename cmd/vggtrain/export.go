package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vggtrain/checkpoint"
	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/export"
	"vggtrain/internal/runstate"
	"vggtrain/internal/trained"
)

type exportOptions struct {
	Checkpoint string
	Format     string // name of one of exportFormats; "": the ending of File
	File       string
	Out        io.Writer
}

// exportFormat is a form of an export.
type exportFormat struct {
	name  string // and the ending of its files
	write func(file string, n *trained.Network, state *checkpoint.State) error
	note  func(n *trained.Network) string // lines about how to use the file
}

var exportFormats = []exportFormat{
	{"onnx", writeONNX, func(n *trained.Network) string {
		return fmt.Sprintf("%s   Nx%dx%dx%d: pixels from 0 to 1\n%s  Nx%d: %s\n\nin Python, a picture for it:\n\n%s",
			export.Input, n.Channels, n.Side, n.Side, export.Output, len(n.Classes), someOf(n.Classes), export.Python(n.Preparation))
	}},
	{"safetensors",
		func(file string, _ *trained.Network, state *checkpoint.State) error {
			return checkpoint.Write(file, state)
		},
		func(*trained.Network) string { return "" }},
}

func exportFormatNames() (names []string) {
	for _, f := range exportFormats {
		names = append(names, f.name)
	}
	return names
}

func newExportCommand(run func(context.Context, *exportOptions) error) *cobra.Command {
	o := &exportOptions{}
	cmd := &cobra.Command{
		Use:   "export CHECKPOINT",
		Short: "Write a trained network for other programs",
		Long: `Write a trained network for other programs to --out: as ONNX, which runs
anywhere, or as safetensors, its weights alone. A file of that name is replaced.

ONNX: "input" takes N images at a time, NxCxSxS pixels from 0 to 1 (C is 1,
grey, or 3, red, green and blue; the normalisation is in the file), "logits"
gives a number for each class. The metadata have the class names
(vggtrain.classes), how a picture is prepared (vggtrain.prepare), and the lines
of Python that do so as predict does (vggtrain.python), which are printed too.
For a network of 3x224x224 they are:

` + indented(export.Python(dataset.Preparation{Channels: 3, Side: 224, Mode: dataset.Crop})) + `

and to run it:

  import onnxruntime
  session = onnxruntime.InferenceSession("net.onnx")
  logits, = session.run(["logits"], {"input": prepare("photo.jpg")})

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
	cmd.Flags().Var(&choice{&o.Format, exportFormatNames()}, "format", "what to write (default what FILE ends in)")
	outFlag(cmd, &o.File, "FILE", "the file to write; needed")
	_ = cmd.RegisterFlagCompletionFunc("out", cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault))
	return cmd
}

// indented is a text as a block of code in help.
func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ")
}

func runExport(ctx context.Context, o *exportOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	network, state, err := runstate.LoadWeights(o.Checkpoint)
	if err != nil {
		return err
	}
	if err := cmp.Or(ctx.Err(), runstate.Publish(state.Metadata)); err != nil {
		return err
	}
	format := exportFormats[slices.Index(exportFormatNames(), o.Format)]
	if err := format.write(o.File, network, state); err != nil {
		return err
	}
	return o.report(network, format.note(network))
}

func writeONNX(path string, n *trained.Network, state *checkpoint.State) error {
	prepare, err := export.Describe(n.Preparation)
	if err != nil {
		return err
	}
	metadata := maps.Clone(state.Metadata)
	metadata["vggtrain.prepare"], metadata["vggtrain.python"] = prepare, export.Python(n.Preparation)
	file, err := export.NewONNX(&export.Network{
		Name: n.Arch.Name, Layers: n.Layers, Weights: state.Tensors,
		Mean: n.Normalize.Mean[:n.Normalize.N], Deviation: n.Normalize.Deviation[:n.Normalize.N], Metadata: metadata,
	})
	if err != nil {
		return err
	}
	return checkpoint.Replace(path, file.Write)
}

// check finds the format and looks whether the file may be written.
func (o *exportOptions) check() error {
	if o.File == "" {
		return wrongUsage("--out is missing: name the file to write")
	}
	ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(o.File), "."))
	formats := exportFormatNames()
	switch known := slices.Contains(formats, ending); {
	case o.Format == "" && !known:
		return wrongUsage("--out %s ends in neither .%s: add --format", o.File, strings.Join(formats, " nor ."))
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
func (o *exportOptions) report(n *trained.Network, note string) error {
	info, err := os.Stat(o.File)
	if err != nil {
		return err
	}
	var params int64
	for _, l := range n.Layers {
		params += l.Params
	}
	_, err = fmt.Fprintf(o.Out, "%s: %s, %s parameters, %s\n%s", o.File, n.Arch.Name, humanize.Comma(params), display.Bytes(info.Size()), note)
	return err
}
