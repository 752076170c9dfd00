package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/picture"
	"vggtrain/internal/terminal"
)

type dataShowOptions struct {
	Data     string
	Classes  string // file of class names; "": none
	Split    string // test, train or val; "": test, else train
	Limit    int    // of the set's images; 0: all
	PerClass int
	Path     string // of the picture
	Err      io.Writer
}

func newDataShowCommand(run func(context.Context, *dataShowOptions) error) *cobra.Command {
	o := &dataShowOptions{}
	cmd := &cobra.Command{
		Use:   "show --out FILE.png",
		Short: "Draw images with their classes and indices",
		Long: `Draw images as a PNG picture: a row a class, its first images with their index
in the set, from 0, below; of very many classes the first 100.`,
		Example: `  vggtrain data show --out grid.png
  vggtrain data show --data shoes --split train --per-class 20 --out shoes.png`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Path == "" {
				return wrongUsage("--out is missing: the picture to write, as in --out grid.png")
			}
			if !strings.EqualFold(filepath.Ext(o.Path), ".png") {
				return wrongUsage("--out %s: name a picture, as in --out grid.png", o.Path)
			}
			o.Err = cmd.ErrOrStderr()
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().SortFlags = false
	outFlag(cmd, &o.Path, "FILE.png", "the picture")
	dataFlag(cmd, &o.Data)
	classesFlag(cmd, &o.Classes)
	choiceFlag(cmd, &o.Split, "split", "which images (default test, else train)", "test", "train", "val")
	o.Split = ""
	countFlag(cmd, &o.PerClass, "per-class", 10, "`N` images of each class, the first ones")
	countFlag(cmd, &o.Limit, "limit", 0, "of the first `N` images only (default all)")
	return cmd
}

func runDataShow(ctx context.Context, o *dataShowOptions) error {
	data, err := openNamed(ctx, dataset.OpenOptions{Spec: o.Data, Classes: o.Classes}, o.Err)
	if err != nil {
		return err
	}
	set, split, err := shownSplit(data, o.Split)
	if err != nil {
		return err
	}
	if o.Limit > 0 {
		set = dataset.Head(set, o.Limit)
	}
	grid, err := classGrid(ctx, data, set, o.PerClass, terminal.NewProgress(o.Err).Notice)
	if err != nil {
		return err
	}
	grid.Title = fmt.Sprintf("%s: %s images", filepath.Base(data.Origin), split)
	return writeResult(o.Path, grid.WritePNG, o.Err)
}

// shownSplit returns the set of a name, "" for test or else train. Where there is no val set, val is
// what fit holds out of train by default.
func shownSplit(data *dataset.Data, split string) (set dataset.Source, name string, err error) {
	sets := map[string]dataset.Source{"train": data.Train, "val": data.Val, "test": data.Test}
	switch {
	case split == "" && data.Test != nil:
		split = "test"
	case split == "":
		split = "train"
	case split == "val" && data.Val == nil:
		d, err := dataset.Divide(data, dataset.Val{}, 0)
		if err != nil {
			return nil, "", err
		}
		if d.Split == "val" {
			sets["val"] = d.Scored
		}
	}
	if set = sets[split]; set == nil {
		return nil, "", fmt.Errorf("--split %s: %s has none: give another --split", split, display.Name(data.Origin))
	}
	return set, split, nil
}

const (
	maxGridClasses = 100 // of a grid
	maxUnread      = 10  // images named by a notice
)

// classGrid shows the first images of each class, of very many classes of the first ones. Images that
// cannot be read are left out, with a notice.
func classGrid(ctx context.Context, data *dataset.Data, set dataset.Source, perClass int, notice func(string)) (*picture.Grid, error) {
	rows := make([]picture.Row, min(len(data.Classes), maxGridClasses))
	counts := make([]int, len(rows))
	var unread []string
	var pixels dataset.Pixels // a picture's rows are read one by one
	defer pixels.Close()
	for i := range set.Len() {
		label := int(set.Label(i))
		if label >= len(rows) {
			continue
		}
		if counts[label] == perClass {
			continue
		}
		if err := set.Image(ctx, i, &pixels); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			unread = append(unread, err.Error())
			continue
		}
		counts[label]++
		row := &rows[label]
		row.Tiles = append(row.Tiles, tileOf(&pixels, picture.Line{Left: strconv.Itoa(i)}))
	}
	if n := len(unread); n > 0 {
		if n > maxUnread {
			unread = append(unread[:maxUnread], fmt.Sprintf("and %s more", humanize.Comma(int64(n-maxUnread))))
		}
		notice(fmt.Sprintf("%s of the images cannot be read and are left out: %s", humanize.Comma(int64(n)), strings.Join(unread, "; ")))
	}
	for k := range rows {
		rows[k].Name = data.Classes[k]
	}
	sizes, classes := "", humanize.Comma(int64(len(data.Classes)))+" classes"
	if len(rows) < len(data.Classes) {
		classes += fmt.Sprintf(" (the first %d are shown)", len(rows))
	}
	if height, width, _ := set.Size(); height > 0 { // of all
		sizes = fmt.Sprintf(", %d×%d pixels", width, height)
	}
	return &picture.Grid{
		Note: fmt.Sprintf("%s images of %s%s; below each its index", humanize.Comma(int64(set.Len())), classes, sizes),
		Rows: rows,
	}, nil
}

// tileOf is an image for a grid.
func tileOf(p *dataset.Pixels, lines ...picture.Line) picture.Tile {
	return picture.TileOf(p.Rows, p.Cols, p.Channels, p.Row, lines...)
}
