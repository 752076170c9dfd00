package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"vggtrain/internal/display"
	"vggtrain/internal/photo"
	"vggtrain/internal/predict"
	"vggtrain/internal/terminal"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

type predictOptions struct {
	Checkpoint string
	Images     []string // files, folders, or "-"
	TopK       int
	Invert     string // auto, yes or no
	Crop       string // auto or no
	Threads    int    // 0: all cores
	JSON       bool
	In         io.Reader
	Out, Err   io.Writer
}

func newPredictCommand(run func(context.Context, *predictOptions) error) *cobra.Command {
	o := &predictOptions{}
	cmd := &cobra.Command{
		Use:   "predict CHECKPOINT IMAGE...",
		Short: "Classify photos",
		Long: `Classify photos: name the classes that a trained network finds most probable.

IMAGE is a ` + photo.Kinds("or") + ` file (the first
frame or page) of any colour, of up to 200 million pixels; a folder (its files
of these kinds, whatever their names, and links to such; not those of folders in
it); or "-" for standard input.
A photo is prepared as the network's training pictures were, upright as its EXIF
says, so that it gives what eval gives.

Fashion-MNIST is grey, bright on black, and its garments fill the picture. So
for networks of its own files a photo becomes grey (0.299 R + 0.587 G + 0.114 B)
and is padded to a square with its background's grey. --invert auto inverts a
photo whose four corners are light, and puts white or black behind what is
transparent, whichever sets off from the rest; yes inverts all and takes
transparent for white, no inverts none and takes it for black. --crop auto cuts
off a margin round the garment, also one of another colour. For other networks
auto does nothing. Standard error tells what auto did.

What cannot be read is named and left out; the exit status is then 1. CHECKPOINT
is a file that fit wrote, or a run folder: then its best.bin.`,
		Example: `  vggtrain predict runs/mine/best.bin shirt.jpg
  vggtrain predict runs/mine/best.bin photos/ --topk 1 --json
  curl -s https://example.org/boot.png | vggtrain predict runs/mine/best.bin -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if slices.Contains(args[min(len(args), 2):], "") {
				return wrongUsage("predict: IMAGE must not be empty")
			}
			return arguments("CHECKPOINT", "IMAGE")(cmd, args[:min(len(args), 2)])
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.Checkpoint, err = weightsFile(args[0]); err != nil {
				return err
			}
			o.Images = args[1:]
			o.In, o.Out, o.Err = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return run(cmd.Context(), o)
		},
	}
	countFlag(cmd, &o.TopK, "topk", 3, "the `K` most probable classes of each image")
	choiceFlag(cmd, &o.Invert, "invert", "which images to invert",
		string(photo.InvertAuto), string(photo.InvertYes), string(photo.InvertNo))
	choiceFlag(cmd, &o.Crop, "crop", "whether to cut off margins", "auto", "no")
	threadsFlag(cmd, &o.Threads)
	jsonFlag(cmd, &o.JSON, "print one JSON document")
	return cmd
}

func runPredict(ctx context.Context, o *predictOptions) error {
	photos, err := o.photos(ctx)
	if err != nil {
		return err
	}
	network, err := trained.Load(o.Checkpoint)
	if err != nil {
		return err
	}
	needed, err := model.EvaluationBytes(network.Layers, predict.Batch)
	if err != nil {
		return err
	}
	workers, err := newWorkers(needed+besides(4*network.Params.Count()), o.Threads)
	if err != nil {
		return err
	}
	defer workers.Close()
	predictor, err := predict.New(workers, network, predict.Options{Invert: photo.Invert(o.Invert), Trim: o.Crop == "auto", TopK: o.TopK})
	if err != nil {
		return err
	}
	return o.show(newPredictionWriter(o, network.Classes), len(photos), func(emit func(predict.Result) error) error {
		return predictor.Run(ctx, photos, emit)
	})
}

// photos lists what the arguments name.
func (o *predictOptions) photos(ctx context.Context) ([]photo.File, error) {
	var photos []photo.File
	piped := false
	for _, name := range o.Images {
		if name != "-" {
			photos = append(photos, photo.Files(name, terminal.NewProgress(o.Err).Notice)...)
			continue
		}
		if piped {
			return nil, wrongUsage("- is there twice: standard input has one image")
		}
		if f, ok := o.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			return nil, wrongUsage("-: standard input is a terminal: pipe an image into it")
		}
		piped = true
		photos = append(photos, photo.From(name, "standard input", untilDone(ctx, o.In)))
	}
	return photos, nil
}

// untilDone reads from r, which may wait for ever, until ctx is done.
func untilDone(ctx context.Context, r io.Reader) io.Reader {
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { out.CloseWithError(context.Cause(ctx)) })
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	return out
}

// show writes the results of a run over count photos, and to standard error what was assumed and
// what was left out.
func (o *predictOptions) show(w *predictionWriter, count int, run func(emit func(predict.Result) error) error) error {
	notice := terminal.NewProgress(o.Err).Notice
	seen := assumptions{invert: o.Invert == string(photo.InvertAuto)}
	failures := 0
	var failure error
	err := run(func(r predict.Result) error {
		if r.Err != nil {
			failures, failure = failures+1, r.Err
			if count > 1 {
				notice(r.Err.Error())
			}
			if o.JSON {
				return w.write(r)
			}
			return nil
		}
		seen.add(r)
		return w.write(r)
	})
	if o.JSON {
		err = cmp.Or(err, w.endList())
	}
	for _, line := range seen.lines() {
		notice(line)
	}
	switch {
	case err != nil || failures == 0:
		return err
	case count == 1:
		return failure
	}
	return fmt.Errorf("%s of %s images were left out; the notices say why", display.Comma(failures), display.Comma(count))
}
