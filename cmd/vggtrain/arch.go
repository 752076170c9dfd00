package main

import (
	"context"
	"io"
	"strconv"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vggtrain/configs"
	"vggtrain/model"
)

type archListOptions struct {
	Out io.Writer
}

func newArchCommand() *cobra.Command {
	return newGroupCommand("arch", "List and show the built-in architectures",
		newArchListCommand(runArchList),
		newShowCommand(catalog{configs.ArchNames(), configs.Arch}, "Print an architecture's YAML, to start one of your own from",
			"  vggtrain arch show vgg11-small > mine.yaml", runShow))
}

func newArchListCommand(run func(context.Context, *archListOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the architectures with their cost",
		Long: `List the built-in architectures, a line each: the name, the number of
convolutions, and the parameters and multiply-adds for one grey image of
224x224 pixels and 10 classes.`,
		Example: "  vggtrain arch list",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), &archListOptions{Out: cmd.OutOrStdout()})
		},
	}
}

func runArchList(_ context.Context, o *archListOptions) error {
	t := &table{columns: []column{{"name", false}, {"convolutions", true}, {"params", true}, {"macs", true}}}
	var archs []*model.Arch
	for _, name := range configs.ArchNames() {
		arch, err := configs.LoadArch(name)
		if err != nil {
			return err
		}
		archs = append(archs, arch)
	}
	costs := model.Compare(archs, model.Input{N: 1, C: 1, H: 224, W: 224}, 10)
	if err := costs.Err(); err != nil {
		return err
	}
	for _, n := range costs.Networks {
		t.add(n.Arch, strconv.Itoa(n.Convolutions.Layers), humanize.Comma(n.Params), humanize.Comma(n.MACs))
	}
	return t.write(o.Out)
}
