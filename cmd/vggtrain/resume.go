package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/rundir"
	"vggtrain/internal/runstate"
	"vggtrain/internal/train"
	"vggtrain/model"
)

// resume prepares to go on with the run that --resume names, in its folder. The folder is
// locked before anything is read of it, unless it is only looked at (--dry-run).
func (o *fitOptions) resume(ctx context.Context) (job *train.Job, dir *rundir.Dir, err error) {
	for _, flag := range []struct{ name, value string }{{"recipe", o.Recipe}, {"out", o.Dir}} {
		if flag.value != "" {
			return nil, nil, wrongUsage("--%s does not go with --resume: a run goes on in its folder, with its settings", flag.name)
		}
	}
	folder, file, err := runOf(o.Resume)
	if err != nil {
		return nil, nil, err
	}
	dir = rundir.At(folder)
	if !o.DryRun {
		if dir, err = rundir.Open(ctx, folder); err != nil {
			return nil, nil, err
		}
		defer func(locked *rundir.Dir) {
			if err != nil {
				locked.Close()
			}
		}(dir)
	}
	if file == "" {
		if _, err := os.Lstat(dir.Checkpoint()); errors.Is(err, fs.ErrNotExist) {
			job, err = o.startOver(ctx, dir)
			return job, dir, err
		}
		file = dir.Checkpoint()
	}
	saved, err := runstate.LoadCheckpoint(file)
	if err != nil {
		return nil, nil, err
	}
	if file != dir.Checkpoint() {
		if err := belongs(saved, dir); err != nil {
			return nil, nil, err
		}
	}
	job, err = o.goOn(ctx, saved)
	return job, dir, err
}

// belongs looks whether a checkpoint that was named is of the run in its folder, as far as the
// folder tells: else that run's files would be replaced, or those of somebody who keeps it there.
func belongs(saved *runstate.Checkpoint, dir *rundir.Dir) error {
	if _, err := os.Lstat(dir.Config()); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: is in no run's folder: copy it into an empty one, as checkpoint.bin, and give --resume that", saved.Path)
	}
	there, err := configs.LoadRecipe(dir.Config())
	if err != nil {
		return err
	}
	// One may have more epochs than the other.
	_, newer := there.Resume(saved.Recipe)
	if _, older := saved.Recipe.Resume(there); newer != nil && older != nil {
		return fmt.Errorf("%s: not of the run in its folder, whose %s has other settings: put it into a folder of its own", saved.Path, dir.Config())
	}
	return nil
}

// runOf returns the folder of a run and, where a file was named, its checkpoint.
func runOf(path string) (folder, file string, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "", fmt.Errorf("%s: no such file or folder: name the folder of a run, or its checkpoint.bin", path)
	case err != nil:
		return "", "", fmt.Errorf("%s: %w: name the folder of a run, or its checkpoint.bin", path, errors.Unwrap(err))
	case info.IsDir():
		return path, "", nil
	}
	if _, unfinished := checkpoint.TempOf(path); unfinished {
		return "", "", fmt.Errorf("%s: a save that was not finished: name the folder of the run, or its checkpoint.bin", path)
	}
	// Of a link, the run that it leads to is meant, not the folder that it is in.
	file, err = filepath.EvalSymlinks(path)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w: name the folder of a run, or its checkpoint.bin", path, errors.Unwrap(err))
	}
	return filepath.Dir(file), file, nil
}

// goOn makes the job that goes on with what was saved.
func (o *fitOptions) goOn(ctx context.Context, saved *runstate.Checkpoint) (*train.Job, error) {
	recipe, err := o.Flags.Resume(saved.Recipe)
	if err != nil {
		return nil, err
	}
	if err := sameNetwork(o.Flags, saved.Recipe); err != nil {
		return nil, err
	}
	data, err := o.savedData(ctx, saved, recipe)
	if err != nil {
		return nil, err
	}
	if err := checkRun(recipe, saved.Arch, data); err != nil {
		return nil, err
	}
	job, err := o.onPool(func(workers *model.Workers) (*train.Job, error) {
		return train.Resume(ctx, saved, recipe, data, workers)
	})
	if err != nil {
		return nil, err
	}
	if err := sameRun(job, saved.Recipe); err != nil {
		return nil, err
	}
	o.showSources(saved, job.Facts.Settings)
	return job, nil
}

// sameNetwork looks whether the network that a flag names is the run's, but for the dropout,
// which is a setting of its own.
func sameNetwork(flags, run *configs.Recipe) error {
	if !flags.IsSet("arch") {
		return nil
	}
	arch, err := flags.Arch.Load()
	if err != nil {
		return err
	}
	arch.Dropout = run.Dropout
	spelled := *flags
	if err := spelled.SetNetwork(flags.Arch.Name, arch, flags.Origin("arch")); err != nil {
		return err
	}
	_, err = spelled.Resume(run)
	return err
}

// savedData opens what the run was trained on: where it was then, or where --data says. If it
// is there no longer, the images may be found as at the run's start; their digest tells.
func (o *fitOptions) savedData(ctx context.Context, saved *runstate.Checkpoint, recipe *configs.Recipe) (*dataset.Data, error) {
	if o.Flags.IsSet("data") {
		return openData(ctx, recipe.Data, o.Err)
	}
	data, err := openSpec(ctx, saved.DataSpec, o.Err)
	if errors.Is(err, fs.ErrNotExist) && recipe.Data == "auto" {
		return openData(ctx, recipe.Data, o.Err)
	}
	if err != nil {
		return nil, fmt.Errorf("the run's data: %w; where they are now says --data", err)
	}
	return data, nil
}

// showSources says where the run goes on, and what of its settings is from where.
func (o *fitOptions) showSources(saved *runstate.Checkpoint, recipe *configs.Recipe) {
	fmt.Fprintf(o.Err, "%s: goes on after step %d\n", saved.Path, saved.Step())
	var read, given []string
	for _, s := range recipe.Sources() {
		if s.Name == configs.FromFlag.Source {
			given = append(given, s.Settings...)
		} else {
			read = append(read, s.Settings...)
		}
	}
	fmt.Fprintf(o.Err, "from the checkpoint: %s\n", strings.Join(read, " "))
	for i, text := range given {
		key, _, _ := strings.Cut(text, "=")
		if was := saved.Recipe.Text(key); was != recipe.Text(key) {
			given[i] += " (was " + display.Escape(was) + ")"
		}
	}
	if len(given) > 0 {
		fmt.Fprintf(o.Err, "from flags: %s\n", strings.Join(given, " "))
	}
}

// startOver makes the job of a run that ended before it saved anything.
func (o *fitOptions) startOver(ctx context.Context, dir *rundir.Dir) (*train.Job, error) {
	if _, err := os.Stat(dir.Config()); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: not the folder of a run: it has neither checkpoint.bin nor config.yaml", dir.Path())
	}
	if _, err := os.Lstat(dir.Best()); err == nil { // it is never written before a checkpoint
		return nil, fmt.Errorf("%s: missing, but %s shows that it was saved: put it back, or begin a new run with --recipe %s",
			dir.Checkpoint(), dir.Best(), dir.Config())
	}
	run, err := configs.LoadRecipe(dir.Config())
	if err != nil {
		return nil, err
	}
	recipe, err := o.Flags.Resume(run)
	if err != nil {
		return nil, err
	}
	if err := sameNetwork(o.Flags, run); err != nil {
		return nil, err
	}
	recipe.Arch = run.Arch
	fmt.Fprintf(o.Err, "%s: nothing was saved yet: the run starts over from config.yaml\n", dir.Path())
	job, err := o.prepare(ctx, recipe)
	if err != nil {
		return nil, err
	}
	return job, sameRun(job, run)
}

// sameRun looks whether a job is of the run with these settings, now that what flags only named
// has its value. One that is not is at its end.
func sameRun(job *train.Job, run *configs.Recipe) error {
	_, err := job.Facts.Settings.Resume(run)
	if err != nil {
		job.Workers.Close()
	}
	return err
}
