package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/terminal"
)

type dataVerifyOptions struct {
	Data     string // "": where fit looks
	Classes  string // file of class names; "": none
	JSON     bool
	Out, Err io.Writer
}

func newDataCommand() *cobra.Command {
	return newGroupCommand("data", "Look after images: Fashion-MNIST's and your own", newDataVerifyCommand(runDataVerify),
		newDataFetchCommand(runDataFetch),
		newDataShowCommand(runDataShow))
}

func newDataVerifyCommand(run func(context.Context, *dataVerifyOptions) error) *cobra.Command {
	o := &dataVerifyOptions{}
	cmd := &cobra.Command{
		Use:   "verify [DATA]",
		Short: "Compare files with the published ones, or read every picture",
		Long: `Compare the four files of a folder with the published ones, by the SHA-256 of
their uncompressed bytes. Without DATA: the folder that fit takes its images
from. The exit status is 0 only if all four are as published.

Of other data (class folders, a zip, a CSV list, other IDX files) it counts the
images by class and split, and reads every one. The exit status is 0 only if all
can be read.`,
		Example: `  vggtrain data verify
  vggtrain data verify /usr/share/datasets/fashion-mnist
  vggtrain data verify photos --json`,
		Args: arguments("[DATA]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Out, o.Err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			if len(args) > 0 {
				o.Data = args[0]
			}
			return run(cmd.Context(), o)
		},
	}
	classesFlag(cmd, &o.Classes)
	jsonFlag(cmd, &o.JSON, "print one JSON document")
	return cmd
}

func runDataVerify(ctx context.Context, o *dataVerifyOptions) error {
	m := terminal.NewMeter(o.Err)
	v := &verification{Notices: []string{}}
	notice := func(text string) {
		v.Notices = append(v.Notices, text)
		m.Notice(text)
	}
	r, err := dataset.Verify(ctx, dataset.OpenOptions{Spec: o.Data, Classes: o.Classes, Notice: notice, Progress: m.Progress, Listing: m.Files}, m.Images)
	m.Clear()
	if err != nil {
		return err
	}
	v.fill(r)
	if o.JSON {
		err = writeJSON(o.Out, v)
	} else {
		err = v.write(o.Out)
	}
	if err != nil {
		return err
	}
	return v.verdict(r)
}

// verification is what `data verify --json` prints.
type verification struct {
	Data       string               `json:"data"`
	Files      []dataset.FileReport `json:"files"`   // of Fashion-MNIST; null for other data
	Classes    []classCount         `json:"classes"` // of other data; null for Fashion-MNIST
	Train      *int                 `json:"train"`   // images
	Val        *int                 `json:"val"`
	Test       *int                 `json:"test"`
	Unreadable []string             `json:"unreadable"`
	Notices    []string             `json:"notices"`
}

// classCount is how many images a class has; null if there is no such split.
type classCount struct {
	Name  string `json:"name"`
	Train *int   `json:"train"`
	Val   *int   `json:"val"`
	Test  *int   `json:"test"`
}

func (v *verification) fill(r *dataset.Report) {
	v.Data, v.Files, v.Unreadable = r.Dir, r.Files, append([]string{}, r.Unreadable...)
	if r.Data == nil {
		return
	}
	v.Classes = make([]classCount, len(r.Data.Classes))
	for i, name := range r.Data.Classes {
		v.Classes[i].Name = name
	}
	for _, s := range []struct {
		source dataset.Source
		all    **int
		of     func(*classCount) **int
	}{
		{r.Data.Train, &v.Train, func(c *classCount) **int { return &c.Train }},
		{r.Data.Val, &v.Val, func(c *classCount) **int { return &c.Val }},
		{r.Data.Test, &v.Test, func(c *classCount) **int { return &c.Test }},
	} {
		if s.source == nil {
			continue
		}
		n, counts := s.source.Len(), dataset.PerClass(s.source, len(v.Classes))
		*s.all = &n
		for i := range v.Classes {
			*s.of(&v.Classes[i]) = &counts[i]
		}
	}
}

// write writes a table: of files, or of classes and then the files that cannot be read.
func (v *verification) write(w io.Writer) error {
	if v.Classes == nil {
		t := &table{columns: []column{{"file", false}, {"status", false}, {"sha256", false}, {"detail", false}}}
		for _, r := range v.Files {
			t.add(r.Name, r.Status, r.SHA256, r.Detail)
		}
		return t.write(w)
	}
	t := &table{columns: []column{{"class", false}, {"train", true}, {"val", true}, {"test", true}}}
	cell := func(n *int) string {
		if n == nil {
			return "-"
		}
		return display.Comma(*n)
	}
	for _, c := range v.Classes {
		t.add(display.Label(c.Name), cell(c.Train), cell(c.Val), cell(c.Test))
	}
	t.add("all", cell(v.Train), cell(v.Val), cell(v.Test))
	if err := t.write(w); err != nil {
		return err
	}
	for _, text := range v.Unreadable {
		if _, err := fmt.Fprintln(w, text); err != nil {
			return err
		}
	}
	return nil
}

// verdict is an error if something is wrong.
func (v *verification) verdict(r *dataset.Report) error {
	wrong := 0
	for _, f := range v.Files {
		if f.Status != dataset.FileOK {
			wrong++
		}
	}
	switch {
	case wrong > 0:
		return fmt.Errorf("%s: %d of %d files are not the published ones; the table above says why, and \"vggtrain data fetch --dir %s\" gets what is missing or damaged",
			display.Name(r.Dir), wrong, len(v.Files), display.ShellWord(r.Dir))
	case len(v.Unreadable) > 0:
		return fmt.Errorf("%s: %s cannot be read: replace or remove them", display.Name(r.Dir), display.Count(len(v.Unreadable), "picture"))
	}
	return nil
}
