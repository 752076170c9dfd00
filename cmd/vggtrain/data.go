package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vggtrain/dataset"
	"vggtrain/internal/display"
)

type dataVerifyOptions struct {
	Dir string // "": where fit looks
	Out io.Writer
}

func newDataCommand() *cobra.Command {
	return newGroupCommand("data", "Look after the Fashion-MNIST files", newDataVerifyCommand(runDataVerify),
		newDataFetchCommand(runDataFetch),
		newDataShowCommand(runDataShow))
}

func newDataVerifyCommand(run func(context.Context, *dataVerifyOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "verify [DIR]",
		Short: "Compare the four files of a folder with the published ones",
		Long: `Compare the four files of a folder with the published ones, by the SHA-256 of
their uncompressed bytes. Without DIR: the folder that fit takes its images
from. The exit status is 0 only if all four are as published.`,
		Example: `  vggtrain data verify
  vggtrain data verify /usr/share/datasets/fashion-mnist`,
		Args: arguments("[DIR]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := &dataVerifyOptions{Out: cmd.OutOrStdout()}
			if len(args) > 0 {
				o.Dir = args[0]
			}
			return run(cmd.Context(), o)
		},
	}
}

func runDataVerify(_ context.Context, o *dataVerifyOptions) error {
	dir := cmp.Or(o.Dir, dataset.Locate(dataset.OpenOptions{}))
	if dir == "" {
		return errors.New("no folder to verify: neither VGGTRAIN_DATA nor HOME is set; name one")
	}
	reports, err := dataset.Verify(dir)
	if err != nil {
		return err
	}
	t := &table{columns: []column{{"file", false}, {"status", false}, {"sha256", false}, {"detail", false}}}
	wrong := 0
	for _, r := range reports {
		t.add(r.Name, r.Status, r.SHA256, r.Detail)
		if r.Status != dataset.FileOK {
			wrong++
		}
	}
	if err := t.write(o.Out); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%s: %d of %d files are not the published ones; the table above says why, and \"vggtrain data fetch --dir %s\" gets what is missing or damaged",
			dir, wrong, len(reports), display.ShellWord(dir))
	}
	return nil
}
