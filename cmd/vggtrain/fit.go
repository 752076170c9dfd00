package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/report"
	"vggtrain/internal/rundir"
	"vggtrain/internal/terminal"
	"vggtrain/internal/train"
	"vggtrain/model"
)

type fitOptions struct {
	Flags    *configs.Recipe // the settings that flags gave
	Recipe   string          // where the others come from; "": the default recipe
	Resume   string          // the run to go on with, its folder or a checkpoint in it; "": a new run
	Threads  int             // 0: all cores
	Dir      string          // the run folder; "": runs/ARCH-TIME
	DryRun   bool
	JSON     bool
	Out, Err io.Writer

	told []string // notices before the run
}

func newFitCommand(run func(context.Context, *fitOptions) error) *cobra.Command {
	o := &fitOptions{Flags: &configs.Recipe{}}
	cmd := &cobra.Command{
		Use:   "fit",
		Short: "Train a network and record everything in a run folder",
		Long: `Train a network and keep everything about it in a run folder: its settings
(config.yaml), a line a step (steps.jsonl), a line an epoch (metrics.csv), the
newest state (checkpoint.bin), the best epoch's weights (best.bin), the newest
evaluation (score.json), a page to look at (report.html), curves (curves.png).

A setting's value is: flag, else recipe, else default. The defaults shown are
those of the recipe "fast". Ctrl-C ends after the step under way and saves; a
second one ends at once.

Images of any size become squares of --resize pixels by --resize-mode: crop
scales the shorter side and cuts the middle out, pad adds margins, stretch does
not keep the proportions. --augment takes a list: flip mirrors images at random,
crop moves them a little; auto is flip for Fashion-MNIST and crop for others.
--normalize dataset takes the set's mean from each pixel and divides by its
deviation; imagenet does so by ImageNet's. --init takes the weights of a
checkpoint, or of a .safetensors file with torchvision's names. --early-stop N
ends the run after N epochs without a better val_accuracy.

What --val names is scored after each epoch, and the best weights are chosen by
it. auto is the val set if there is one, the test set of Fashion-MNIST, else 20%
of train. N or N% are images held out of train, drawn by class and by the seed.
A test set that is not scored then is scored once, at the end.

--resume goes on with a run that was interrupted or killed, or that should train
longer, bit for bit as if it had never ended. Its settings are in its
checkpoint. These may be given anew: data (where the same images are now),
classes (likewise), strict, epochs (more of them), max-steps, max-time,
early-stop, checkpoint-every and tensorboard; and threads.`,
		Example: `  vggtrain fit --arch vgg11-small
  vggtrain fit --arch vgg11-small --recipe d2l --lr 0.05 --out runs/chapter
  vggtrain fit --arch mine.yaml --epochs 20 --augment flip,crop --val 5000
  vggtrain fit --arch vgg16 --resize 224 --dry-run
  vggtrain fit --arch vgg16 --resize 224 --checkpoint-every 50 --max-time 8h
  vggtrain fit --resume runs/chapter --epochs 20
  vggtrain fit --recipe runs/chapter/config.yaml`,
		Annotations: map[string]string{keepsFiles: ""},
		Args:        arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Err = cmd.OutOrStdout(), stderrOf(cmd)
			return run(cmd.Context(), o)
		},
	}
	textFlag(cmd, &o.Recipe, "recipe", "NAME|FILE.yaml", "", "settings that no flag gives (default "+defaultRecipe+")")
	settingFlags(cmd, o.Flags)
	threadsFlag(cmd, &o.Threads)
	outFlag(cmd, &o.Dir, "DIR", "run folder (default runs/ARCH-TIME)")
	textFlag(cmd, &o.Resume, "resume", "DIR|FILE", "", "go on with the run that is there")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "build everything, print the plan, train nothing")
	quietFlag(cmd)
	jsonFlag(cmd, &o.JSON, "print the final record as one JSON document")
	return cmd
}

func runFit(ctx context.Context, o *fitOptions) error {
	begin := o.begin
	if o.Resume != "" {
		begin = o.resume
	}
	job, dir, err := begin(ctx)
	if err != nil {
		return err
	}
	defer job.Workers.Close()
	job.Told = o.told
	if o.DryRun {
		return o.plan(ctx, job)
	}
	defer dir.Close()
	progress := terminal.NewProgress(o.Err)
	files := report.NewFiles(dir, job.Facts.Settings.YAML())
	job.Checkpoint, job.Best = dir.Checkpoint(), dir.Best()
	job.Held, job.Flush = dir.Held, files.Flush
	job.Notices = append(job.Notices, dir.Notices()...)
	told := tellOfSignal(ctx, progress.Notice)
	result, err := train.Run(ctx, job,
		files,
		report.NewCurves(dir),
		progress,
		report.NewEvents(dir, job.Facts.Settings.TensorBoard),
		report.NewPage(dir, &job.Network, job.Val, job.Workers, thisBuild().Version),
	)
	told() // before the last line, the error
	if err != nil {
		dir.Discard() // only if nothing is in it
		return err
	}
	return o.conclude(ctx, result)
}

// begin prepares a new run and makes its folder. Whatever is wrong with its settings is found
// before anything is written.
func (o *fitOptions) begin(ctx context.Context) (*train.Job, *rundir.Dir, error) {
	recipe, err := configs.LoadRecipe(cmp.Or(o.Recipe, defaultRecipe))
	if err != nil {
		return nil, nil, err
	}
	job, err := o.prepare(ctx, o.Flags.Over(recipe).Over(configs.Defaults()))
	if err != nil || o.DryRun && o.Dir == "" {
		return job, nil, err
	}
	var dir *rundir.Dir
	if o.Dir == "" {
		dir, err = rundir.CreateDefault("runs", job.Arch.Name, time.Now())
	} else {
		dir, err = rundir.Create(o.Dir)
	}
	if err != nil {
		job.Workers.Close()
		return nil, nil, err
	}
	if o.DryRun {
		dir.Discard() // it could be made
		return job, nil, nil
	}
	return job, dir, nil
}

// prepare reads all that the settings of a new run name.
func (o *fitOptions) prepare(ctx context.Context, recipe *configs.Recipe) (*train.Job, error) {
	if err := recipe.Validate(); err != nil {
		return nil, err
	}
	if err := checkInit(recipe.Init); err != nil {
		return nil, err
	}
	arch, err := recipe.Arch.Load()
	if err != nil {
		return nil, err
	}
	data, err := o.open(ctx, openNamed, recipe.Data, recipe)
	if err != nil {
		return nil, err
	}
	if err := checkSide(arch, recipe.Resize, data); err != nil {
		return nil, err
	}
	return o.withWorkers(ctx, recipe, arch, data, func(data *dataset.Data, workers *model.Workers) (*train.Job, error) {
		return train.Prepare(ctx, recipe, arch, data, workers)
	})
}

// open opens data, shows their notices and keeps them for the records.
func (o *fitOptions) open(ctx context.Context, how opener, spec string, recipe *configs.Recipe) (*dataset.Data, error) {
	return how(ctx, dataset.OpenOptions{Spec: spec, Classes: recipe.Classes, Notice: o.tell}, o.Err)
}

type opener func(context.Context, dataset.OpenOptions, io.Writer) (*dataset.Data, error)

// tell shows a notice before the run begins, and keeps it for the records.
func (o *fitOptions) tell(text string) {
	terminal.NewMeter(o.Err).Notice(text)
	o.told = append(o.told, text)
}

// withWorkers makes a job that fits into memory of the data that it has loaded, with workers of its own,
// which are the job's to close.
func (o *fitOptions) withWorkers(ctx context.Context, recipe *configs.Recipe, arch *model.Arch, data *dataset.Data,
	prepare func(*dataset.Data, *model.Workers) (*train.Job, error),
) (job *train.Job, err error) {
	needed, err := train.EstimateMemory(recipe, arch, data)
	if err != nil {
		return nil, err
	}
	workers, err := newWorkers(needed, o.Threads)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			workers.Close()
		}
	}()
	load := train.LoadOptions(recipe, data)
	load.Notice = o.tell
	loaded, err := loadData(ctx, data, load, o.Err)
	if err != nil {
		return nil, err
	}
	return prepare(loaded, workers)
}

// checkInit tells a misspelt kind of initialisation from a file that is missing.
func checkInit(name string) error {
	kinds := model.InitKinds()
	if slices.Contains(kinds, name) || filepath.Ext(name) != "" || filepath.Base(name) != name {
		return nil
	}
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	return wrongUsage("init: %q is neither %s nor a file%s", name, strings.Join(kinds, " nor "), suggestion(name, kinds))
}

// conclude prints how a run ended and returns the error that its status stands for.
func (o *fitOptions) conclude(ctx context.Context, r train.Result) error {
	var unread error
	if o.JSON {
		unread = writeJSON(o.Out, report.NewRecord(r))
	} else {
		unread = terminal.WriteSummary(o.Out, r)
	}
	// A closed pipe does not hide how the run ended: it comes after.
	return errors.Join(ending(ctx, r), unread)
}

// ending is the error that a run's status stands for.
func ending(ctx context.Context, r train.Result) error {
	switch {
	case r.Status == train.Diverged:
		return errors.Join(fmt.Errorf("%w: %s", errDiverged, r.Advice), r.Incomplete)
	case r.Incomplete != nil && r.Status == train.Interrupted:
		return fmt.Errorf("%v after step %d, and not all of the run is saved: %w", context.Cause(ctx), r.StepsDone, r.Incomplete)
	case r.Incomplete != nil:
		return fmt.Errorf("the run is done, but not all of it is saved: %w", r.Incomplete)
	case r.Status == train.Interrupted:
		return fmt.Errorf("%w after step %d: the state is saved in %s; fit --resume %s goes on",
			context.Cause(ctx), r.StepsDone, r.Checkpoint, filepath.Dir(r.Checkpoint))
	}
	return nil
}
