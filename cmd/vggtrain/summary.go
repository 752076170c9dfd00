package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/rundir"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

type summaryOptions struct {
	sheetOptions
	Arch   string
	Data   string // "": none
	Blocks bool
	Err    io.Writer
}

func newSummaryCommand(run func(context.Context, *summaryOptions) error) *cobra.Command {
	o := &summaryOptions{}
	cmd := &cobra.Command{
		Use:   "summary --input 1x1x224x224",
		Short: "List a network's layers, shapes, parameters and multiply-adds",
		Long: `List a network's layers as PyTorch would, with the shape of each output, the
parameters and the multiply-adds (MACs) of convolutions and linear layers for
the batch given. A multiply-add counts as two floating-point operations. The
receptive field is the pixels of the image that one output depends on.

For the network of a run, --arch RUN, the image and the classes are the run's
unless flags say otherwise. With --data the channels and the classes are those
of such images.`,
		Example: `  vggtrain summary --input 1x1x224x224
  vggtrain summary --input 1x1x224x224 --blocks
  vggtrain summary --arch vgg16 --input 1x3x224x224 --classes 1000
  vggtrain summary --arch my.yaml --input 8x1x56x56 --format json
  vggtrain summary --arch runs/mine
  vggtrain summary --data photos`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Err = cmd.OutOrStdout(), stderrOf(cmd)
			if !cmd.Flags().Changed("input") {
				o.Input = ""
			}
			if !cmd.Flags().Changed("classes") {
				o.Classes = 0
			}
			return run(cmd.Context(), o)
		},
	}
	archFlag(cmd, &o.Arch)
	o.flags(cmd)
	textFlag(cmd, &o.Data, "data", "sample|DIR|FILE", "", "images whose channels and classes it is for")
	cmd.Flags().BoolVar(&o.Blocks, "blocks", false, "a row a block, as in the chapter")
	return cmd
}

func runSummary(ctx context.Context, o *summaryOptions) error {
	if err := o.complete(ctx); err != nil {
		return err
	}
	input, err := o.input()
	if err != nil {
		return err
	}
	arch, err := configs.LoadArch(o.Arch)
	if err != nil {
		return err
	}
	summary, err := model.Summarize(arch, input, o.Classes)
	if err != nil {
		return err
	}
	if !o.Blocks {
		summary.Blocks = nil
	}
	return summarySheet(summary).write(o.Out, o.Format)
}

// complete sets the image and the classes that no flag gives: those of the data, else of the run, else
// the chapter's.
func (o *summaryOptions) complete(ctx context.Context) error {
	input, classes := model.Input{N: 1, C: 1, H: 224, W: 224}, 10
	if runFolder(o.Arch) != "" {
		metadata, err := checkpoint.ReadMetadata(rundir.At(o.Arch).Checkpoint())
		if err == nil {
			input, classes, err = trained.Input(metadata)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a run that has not saved yet
			return err
		}
	}
	if o.Data != "" {
		data, err := openData(ctx, o.Data, o.Err)
		if err != nil {
			return err
		}
		few := *data // enough to tell the channels by
		few.Train, few.Val, few.Test = dataset.Head(data.Train, fewPictures), nil, nil
		loaded, err := loadData(ctx, &few, dataset.LoadOptions{Side: 1}, o.Err)
		if err != nil {
			return err
		}
		input.C, classes = loaded.Channels(), len(data.Classes)
	}
	o.Input, o.Classes = cmp.Or(o.Input, input.String()), cmp.Or(o.Classes, classes)
	return nil
}

// fewPictures is the number of pictures whose channels summary looks at.
const fewPictures = 100

// summarySheet has a row a block, or a layer where the summary has no blocks.
func summarySheet(s *model.Summary) *sheet {
	blocks := len(s.Blocks) > 0
	out := &sheet{
		title: fmt.Sprintf("%s, input %s", s.Arch, model.FormatShape(s.Input[:])),
		table: table{columns: []column{
			{"layer", false}, {"type", false}, {"output", false}, {"receptive field", true}, {"parameters", true}, {"MACs", true}, {"weights", true},
		}},
		notes: []string{
			fmt.Sprintf("MACs are the multiply-adds of convolution and linear layers, for the whole batch: %s FLOPs.", humanize.Comma(s.FLOPs)),
			fmt.Sprintf("Training holds %s: weights, the buffers of a step, and a batch of images.", display.Bytes(s.TrainBytes)),
			"The receptive field is what one output sees of the image and of the padding round it (of Linear: of the image alone).",
		},
		document: s,
		records:  [][]string{{"name", "type", "output", "params", "macs", "receptive_field", "stride"}},
	}
	rows := s.Layers
	if blocks {
		rows = s.Blocks
		out.table.columns = slices.Insert(out.table.columns, 2, column{"convolutions", true})
		out.records[0] = append(out.records[0], "convolutions")
	}
	for i := range rows {
		out.add(&rows[i], blocks)
	}
	total := []string{"total", "", "", "", humanize.Comma(s.Params), humanize.Comma(s.MACs), display.Bytes(s.WeightBytes)}
	if blocks {
		total = slices.Insert(total, 2, "")
	}
	out.table.add(total...)
	return out
}

// add adds the row of a layer, or of a block.
func (s *sheet) add(l *model.SummaryLayer, block bool) {
	shown := []string{l.Name, l.Type, model.FormatShape(l.Output), model.FormatShape(l.ReceptiveField[:]), "", "", ""}
	if l.Params > 0 {
		shown[4], shown[6] = humanize.Comma(l.Params), display.Bytes(4*l.Params)
	}
	if l.MACs > 0 {
		shown[5] = humanize.Comma(l.MACs)
	}
	record := []string{l.Name, l.Type, model.FormatShape(l.Output), fmt.Sprint(l.Params), fmt.Sprint(l.MACs), model.FormatShape(l.ReceptiveField[:]), blankIfZero(l.Stride)}
	if block {
		shown = slices.Insert(shown, 2, blankIfZero(l.Convolutions))
		record = append(record, blankIfZero(l.Convolutions))
	}
	s.table.add(shown...)
	s.records = append(s.records, record)
}

func blankIfZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
