package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vggtrain/internal/display"
	"vggtrain/model"
)

type compareOptions struct {
	sheetOptions
	Archs []string
}

func newCompareCommand(run func(context.Context, *compareOptions) error) *cobra.Command {
	o := &compareOptions{}
	cmd := &cobra.Command{
		Use:   "compare ARCH ARCH...",
		Short: "Set networks side by side: parameters, multiply-adds, memory",
		Long: `Set networks side by side, by name or file: parameters and multiply-adds (MACs),
those of convolutions and of dense layers apart, and the memory that weights,
training and evaluation take for the batch given.

A network that cannot take the input gets its reason instead of numbers; the
exit status is then 1.`,
		Example: `  vggtrain compare lenet alexnet vgg11
  vggtrain compare vgg11-small my.yaml --input 128x1x56x56 --format markdown`,
		Args: atLeastTwoArchs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Archs, o.Out = args, cmd.OutOrStdout()
			return run(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	return cmd
}

func atLeastTwoArchs(cmd *cobra.Command, args []string) error {
	if len(args) < 2 {
		return wrongUsage("%s: give at least two architectures, by name or file, such as vgg11 vgg16", cmd.Name())
	}
	return nil
}

func runCompare(_ context.Context, o *compareOptions) error {
	input, err := o.input()
	if err != nil {
		return err
	}
	archs, err := loadArchs(o.Archs)
	if err != nil {
		return err
	}
	comparison := model.Compare(archs, input, o.Classes)
	for i, arch := range archs { // files may give their networks the same name
		if slices.ContainsFunc(archs, func(other *model.Arch) bool { return other != arch && other.Name == arch.Name }) {
			comparison.Networks[i].Arch = o.Archs[i]
		}
	}
	if err := compareSheet(comparison).write(o.Out, o.Format); err != nil {
		return err
	}
	return comparison.Err()
}

// compareSheet has a network in every two columns, numbers and their shares; CSV a network a row.
func compareSheet(c *model.Comparison) *sheet {
	s := &sheet{
		title:    fmt.Sprintf("input %s, %d classes", model.FormatShape(c.Input[:]), c.Classes),
		notes:    []string{"MACs are the multiply-adds of convolution and linear layers, for the whole batch; a MAC is two FLOPs."},
		document: c,
		records:  [][]string{compareKeys()},
	}
	s.table.columns = []column{{"", false}}
	for _, row := range compareRows() {
		s.table.add(row.name)
	}
	for i := range c.Networks {
		n := &c.Networks[i]
		s.table.columns = append(s.table.columns, column{n.Arch, true}, column{"", true})
		for j, row := range compareRows() {
			number, share := "-", ""
			if n.Costs != nil {
				number, share = row.cells(n.Costs)
			}
			s.table.rows[j] = append(s.table.rows[j], number, share)
		}
		s.records = append(s.records, compareRecord(n))
		if n.Error != "" {
			s.notes = append(s.notes, fmt.Sprintf("%s: %s.", n.Arch, n.Error))
		}
	}
	return s
}

// compareRow is a row of the table: a quantity, and what part of all it is ("" for no part).
type compareRow struct {
	name  string
	cells func(*model.Costs) (number, share string)
}

func compareRows() []compareRow {
	whole := func(n int64) (string, string) { return humanize.Comma(n), "" }
	part := func(n int64, share float64) (string, string) { return humanize.Comma(n), percent(share) }
	size := func(n int64) (string, string) { return display.Bytes(n), "" }
	return []compareRow{
		{"convolutions", func(c *model.Costs) (string, string) { return whole(int64(c.Convolutions.Layers)) }},
		{"dense layers", func(c *model.Costs) (string, string) { return whole(int64(c.Dense.Layers)) }},
		{"parameters", func(c *model.Costs) (string, string) { return whole(c.Params) }},
		{"- in convolutions", func(c *model.Costs) (string, string) { return part(c.Convolutions.Params, c.Convolutions.ParamsShare) }},
		{"- in dense layers", func(c *model.Costs) (string, string) { return part(c.Dense.Params, c.Dense.ParamsShare) }},
		{"MACs", func(c *model.Costs) (string, string) { return whole(c.MACs) }},
		{"- in convolutions", func(c *model.Costs) (string, string) { return part(c.Convolutions.MACs, c.Convolutions.MACsShare) }},
		{"- in dense layers", func(c *model.Costs) (string, string) { return part(c.Dense.MACs, c.Dense.MACsShare) }},
		{"weights", func(c *model.Costs) (string, string) { return size(c.WeightBytes) }},
		{"training memory", func(c *model.Costs) (string, string) { return size(c.TrainBytes) }},
		{"evaluation memory", func(c *model.Costs) (string, string) { return size(c.EvalBytes) }},
	}
}

// compareKeys is CSV's header: the keys of JSON.
func compareKeys() []string {
	return strings.Fields(`arch params macs flops weight_bytes train_bytes eval_bytes
		convolutions convolutions_params convolutions_macs dense dense_params dense_macs error`)
}

func compareRecord(n *model.Compared) []string {
	record := []string{n.Arch}
	if c := n.Costs; c != nil {
		for _, v := range []int64{c.Params, c.MACs, c.FLOPs, c.WeightBytes, c.TrainBytes, c.EvalBytes,
			int64(c.Convolutions.Layers), c.Convolutions.Params, c.Convolutions.MACs, int64(c.Dense.Layers), c.Dense.Params, c.Dense.MACs} {
			record = append(record, strconv.FormatInt(v, 10))
		}
		return append(record, "")
	}
	return append(append(record, make([]string, len(compareKeys())-2)...), n.Error)
}

// percent writes a share of 0 to 1: 92.8 %.
func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
