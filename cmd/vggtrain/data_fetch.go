package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vggtrain/dataset"
	"vggtrain/internal/fetch"
	"vggtrain/internal/terminal"
)

type dataFetchOptions struct {
	Dir      string // "": where fit looks
	Mirror   string // "": those that are known
	Out, Err io.Writer
}

func newDataFetchCommand(run func(context.Context, *dataFetchOptions) error) *cobra.Command {
	o := &dataFetchOptions{}
	cmd := &cobra.Command{
		Use:   "fetch",
		Short: "Download the four files, or what is missing of them",
		Long: `Download the four files of Fashion-MNIST (29 MiB), or what is missing of them.

Files count by the SHA-256 of their uncompressed bytes, wherever they come from.
What an interrupted download leaves (FILE.part) is where the next one goes on,
if the mirror can. All mirrors are asked for the smallest file, and the fastest
has the others to send; those that fail are asked again, after longer and longer
pauses. HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured.`,
		Example: `  vggtrain data fetch
  vggtrain data fetch --dir fashion-mnist
  vggtrain data fetch --mirror https://files.example.org/fashion-mnist`,
		Annotations: map[string]string{keepsFiles: ""},
		Args:        arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("mirror") {
				if err := fetch.CheckMirror(o.Mirror); err != nil {
					return wrongUsage("--mirror: %q %w", o.Mirror, err)
				}
			}
			o.Out, o.Err = cmd.OutOrStdout(), stderrOf(cmd)
			return run(cmd.Context(), o)
		},
	}
	textFlag(cmd, &o.Dir, "dir", "DIR", "", "where to put them (default where fit looks)")
	cmd.Flags().StringVar(&o.Mirror, "mirror", "", "the only place to take them from, `URL`/FILE.gz")
	quietFlag(cmd)
	return cmd
}

func runDataFetch(ctx context.Context, o *dataFetchOptions) error {
	dir := o.Dir
	if dir == "" {
		dir = dataset.FetchDir(dataset.OpenOptions{})
	}
	if dir == "" {
		return errors.New("no folder to fetch into: neither VGGTRAIN_DATA nor HOME is set; name one with --dir")
	}
	m := terminal.NewMeter(o.Err)
	options := fetch.Options{Dir: dir, Notice: m.Notice, Progress: m.Progress}
	if o.Mirror != "" {
		options.Mirrors = []string{o.Mirror}
	}
	reports, err := fetch.Fetch(ctx, options)
	m.Clear()
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("%w: the next data fetch goes on from what there is", context.Cause(ctx))
	case errors.As(err, new(*fetch.NoMirrorError)):
		return fmt.Errorf("%w: try --mirror URL, or train with --data sample", err)
	case err != nil:
		return err
	}
	t := &table{columns: []column{{"file", false}, {"status", false}, {"path", false}}}
	for _, r := range reports {
		t.add(r.Name, r.Status, r.Path)
	}
	return t.write(o.Out)
}
