package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

// catalog is what the binary holds of one kind: architectures or recipes.
type catalog struct {
	names []string
	text  func(name string) ([]byte, error) // YAML
}

type showOptions struct {
	Catalog catalog
	Name    string
	Out     io.Writer
}

func newShowCommand(c catalog, short, example string, run func(context.Context, *showOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             short,
		Example:           example,
		Args:              arguments("NAME"),
		ValidArgsFunction: cobra.FixedCompletions(c.names, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			return run(cmd.Context(), &showOptions{Catalog: c, Name: args[0], Out: cmd.OutOrStdout()})
		},
	}
}

func runShow(_ context.Context, o *showOptions) error {
	text, err := o.Catalog.text(o.Name)
	if err != nil {
		return err
	}
	_, err = o.Out.Write(text)
	return err
}
