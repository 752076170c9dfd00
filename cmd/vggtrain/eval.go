package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/terminal"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

type evalOptions struct {
	Checkpoint string
	Data       string // "": the run's
	Classes    string // file of class names; "": none
	Split      string // test, train or val; "": test, else what the run scored
	Limit      int    // 0: all
	Batch      int
	Threads    int    // 0: all cores
	Dir        string // for pictures and errors.csv; "": none
	JSON       bool
	Out, Err   io.Writer
}

// evalRecord is the document of eval --json.
type evalRecord struct {
	Checkpoint      string               `json:"checkpoint"`
	Arch            string               `json:"arch"`
	Split           string               `json:"split"`
	Images          int                  `json:"images"`
	Correct         int                  `json:"correct"`
	Accuracy        float64              `json:"accuracy"`
	Loss            float64              `json:"loss"`
	Classes         []trained.ClassScore `json:"classes"`
	Confusion       [][]int64            `json:"confusion"` // [true][predicted]
	ImagesPerSecond float64              `json:"images_per_second"`

	confused []trained.Confused // the most frequent
}

func newEvalCommand(run func(context.Context, *evalOptions) error) *cobra.Command {
	o := &evalOptions{}
	cmd := &cobra.Command{
		Use:   "eval CHECKPOINT",
		Short: "Score a trained network on the test or other images",
		Long: `Score a trained network on images that are prepared as those that it was trained
with: accuracy, loss, each class's precision and recall, and how often each
class was taken for each other. CHECKPOINT is a file that fit wrote, or a run
folder: then its best.bin.

Without --data the run's own images are scored, or Fashion-MNIST's from wherever
they are found. Of the run's own data, --split val is what it held out of train,
or its val set, and --split train what it trained on. Other data are matched by
the names of their classes.

--out adds three files. confusion.png: that matrix as a picture, of more than
100 classes those that are confused most. errors.csv: a line for each error,
with the image's index in the set (from 0), its class, the predicted one and its
probability. errors.png: the most confident errors.`,
		Example: `  vggtrain eval runs/vgg11-small/best.bin
  vggtrain eval runs/mine/checkpoint.bin --split train --limit 5000 --json
  vggtrain eval runs/mine/best.bin --out runs/mine/errors`,
		Args: arguments("CHECKPOINT"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.Checkpoint, err = weightsFile(args[0]); err != nil {
				return err
			}
			if !cmd.Flags().Changed("data") {
				o.Data = ""
			}
			o.Out, o.Err = cmd.OutOrStdout(), stderrOf(cmd)
			return run(cmd.Context(), o)
		},
	}
	dataFlag(cmd, &o.Data)
	cmd.Flags().Lookup("data").DefValue = "the run's"
	classesFlag(cmd, &o.Classes)
	choiceFlag(cmd, &o.Split, "split", "which images (default test, else what the run scored)", "test", "train", "val")
	o.Split = ""
	countFlag(cmd, &o.Limit, "limit", 0, "the first `N` images (default all)")
	countFlag(cmd, &o.Batch, "batch-size", 128, "images at a time")
	threadsFlag(cmd, &o.Threads)
	outFlag(cmd, &o.Dir, "DIR", "write pictures and a list of the errors to DIR")
	_ = cmd.MarkFlagDirname("out")
	quietFlag(cmd)
	jsonFlag(cmd, &o.JSON, "print one JSON document")
	return cmd
}

// open opens the data that --data names, else those that the network was trained on: of Fashion-MNIST,
// wherever it is now.
func (o *evalOptions) open(ctx context.Context, network *trained.Network) (*dataset.Data, error) {
	options := dataset.OpenOptions{Spec: cmp.Or(o.Data, "auto"), Classes: o.Classes}
	if o.Data != "" || network.Garments || network.DataSpec == "" {
		return openNamed(ctx, options, o.Err)
	}
	options.Spec = network.DataSpec
	data, err := openSpec(ctx, options, o.Err)
	if err != nil {
		return nil, fmt.Errorf("the run's data: %w; where they are now says --data", err)
	}
	return data, nil
}

func runEval(ctx context.Context, o *evalOptions) error {
	network, err := trained.Load(o.Checkpoint)
	if err != nil {
		return err
	}
	data, err := o.open(ctx, network)
	if err != nil {
		return err
	}
	if _, err := matched(network, o.Checkpoint, data); err != nil { // before a long load
		return err
	}
	load := dataset.LoadOptions{Channels: network.Channels, Side: network.Side, Mode: network.Mode}
	if data, err = loadData(ctx, data, load, o.Err); err != nil {
		return err
	}
	if data, err = matched(network, o.Checkpoint, data); err != nil {
		return err
	}
	meter := terminal.NewMeter(o.Err)
	if network.DataDigest != "" && !isOwn(network, data) && !(data.Pictures() && network.BeforePreparation()) {
		used := ""
		if network.DataSpec != "" { // an export has none
			used = ", which used --data " + display.ShellWord(network.DataSpec)
		}
		meter.Notice("these are not the images of the run" + used)
	}
	set, split, err := splitFor(network, data, o.Split)
	if err != nil {
		return err
	}
	o.Split = split
	if o.Limit > 0 {
		set = dataset.Head(set, o.Limit)
	}
	needed, err := model.EvaluationBytes(network.Layers, o.Batch)
	if err != nil {
		return err
	}
	workers, err := newWorkers(needed+besides(4*network.Params.Count()), o.Threads)
	if err != nil {
		return err
	}
	defer workers.Close()
	if o.Dir != "" {
		if err := makeResultFolder(o.Dir); err != nil {
			return err
		}
	}
	scores, err := network.Evaluate(ctx, workers, set, o.Batch, func(done int) { meter.Images(done, set.Len()) })
	meter.Clear()
	if err != nil {
		return err
	}
	// A closed pipe does not keep the files from being written, nor files the results from being read.
	err = o.print(network, data, scores)
	if o.Dir != "" {
		files := evalFiles{arch: network.Arch.Name, data: filepath.Base(data.Origin), split: o.Split, classes: network.Classes, set: set, scores: scores}
		err = errors.Join(files.write(ctx, o.Dir, o.Err), err)
	}
	return err
}

// print writes the scores for people, or as a document.
func (o *evalOptions) print(network *trained.Network, data *dataset.Data, scores *trained.Evaluation) error {
	r := evalRecord{
		Checkpoint: o.Checkpoint, Arch: network.Arch.Name, Split: o.Split,
		Images: scores.Images, Correct: scores.Correct, Accuracy: scores.Accuracy(), Loss: scores.Loss,
		Classes: scores.Classes(network.Classes), Confusion: scores.Confusion, ImagesPerSecond: scores.ImagesPerSecond(),
		confused: scores.MostConfused(10),
	}
	if o.JSON {
		return writeJSON(o.Out, r)
	}
	return r.write(o.Out, data.Title())
}

// someOf lists names, the first ones of many.
func someOf(names []string) string {
	const most = 5
	return display.Some(names[:min(most, len(names))], len(names))
}

// write writes the record for people; data says what was scored.
func (r *evalRecord) write(w io.Writer, data string) error {
	if _, err := fmt.Fprintf(w, "%s (%s) on %s %s images of %s\naccuracy %.4f (%s correct), loss %.4f, %.0f images/s\n\n",
		r.Checkpoint, r.Arch, display.Comma(r.Images), r.Split, display.Escape(data), r.Accuracy, display.Comma(r.Correct), r.Loss, r.ImagesPerSecond); err != nil {
		return err
	}
	if err := r.classTable().write(w); err != nil {
		return err
	}
	if len(r.Classes) > maxTableClasses {
		return r.writeConfused(w)
	}
	if _, err := fmt.Fprintln(w, "\nrows: true class, columns: predicted class"); err != nil {
		return err
	}
	matrix := &table{columns: []column{{"", true}, {"", false}}}
	for i := range r.Classes {
		matrix.columns = append(matrix.columns, column{strconv.Itoa(i), true})
	}
	for i, row := range r.Confusion {
		cells := []string{strconv.Itoa(i), r.Classes[i].Name}
		for _, n := range row {
			cells = append(cells, strconv.FormatInt(n, 10))
		}
		matrix.add(cells...)
	}
	return matrix.write(w)
}

// maxTableClasses is the most classes of a table for people: a matrix of more is wider than a screen.
const maxTableClasses = 40

// classTable has a row a class; of many classes those with the least F1.
func (r *evalRecord) classTable() *table {
	t := &table{columns: []column{{"class", false}, {"precision", true}, {"recall", true}, {"f1", true}, {"support", true}}}
	shown := r.Classes
	if len(shown) > maxTableClasses {
		shown = slices.Clone(shown)
		slices.SortStableFunc(shown, func(a, b trained.ClassScore) int { return cmp.Compare(a.F1, b.F1) })
		shown = shown[:maxTableClasses]
	}
	for _, c := range shown {
		t.add(c.Name, share(c.Precision), share(c.Recall), share(c.F1), humanize.Comma(c.Support))
	}
	return t
}

// writeConfused writes what the tables of many classes leave out, and the classes that are most often
// taken for each other.
func (r *evalRecord) writeConfused(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "and %s more classes: above are those with the least f1; --json has all\n", display.Comma(len(r.Classes)-maxTableClasses)); err != nil {
		return err
	}
	if len(r.confused) == 0 {
		return nil
	}
	t := &table{columns: []column{{"class", false}, {"taken for", false}, {"images", true}}}
	for _, c := range r.confused {
		t.add(r.Classes[c.True].Name, r.Classes[c.Predicted].Name, humanize.Comma(c.Images))
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return t.write(w)
}

func share(x float64) string { return strconv.FormatFloat(x, 'f', 4, 64) }
