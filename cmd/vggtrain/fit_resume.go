package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/rundir"
	"vggtrain/internal/runstate"
	"vggtrain/internal/terminal"
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
	folder, file, err := runstate.Find(o.Resume)
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
	job, err = o.goOn(ctx, dir, file)
	return job, dir, err
}

// goOn makes the job that goes on with a run, or starts it over if it has saved nothing.
func (o *fitOptions) goOn(ctx context.Context, dir *rundir.Dir, file string) (*train.Job, error) {
	run, saved, err := runstate.Load(dir, file)
	if err != nil {
		return nil, err
	}
	settings, err := runstate.Continue(run, o.Flags)
	if err != nil {
		return nil, err
	}
	var job *train.Job
	if saved != nil {
		job, err = o.restore(ctx, saved, settings)
	} else {
		settings.Arch = run.Arch
		fmt.Fprintf(o.Err, "%s: nothing was saved yet: the run starts over from config.yaml\n", dir.Path())
		job, err = o.prepare(ctx, settings)
	}
	if err != nil {
		return nil, err
	}
	// What flags only named has its value now.
	if _, err := job.Facts.Settings.Resume(run); err != nil {
		job.Workers.Close()
		return nil, err
	}
	if saved != nil {
		o.showSources(saved, job.Facts.Settings)
	}
	return job, nil
}

// restore makes a job of what was saved.
func (o *fitOptions) restore(ctx context.Context, saved *runstate.Checkpoint, settings *configs.Recipe) (*train.Job, error) {
	data, err := o.savedData(ctx, saved, settings)
	if err != nil {
		return nil, err
	}
	return o.withWorkers(ctx, settings, saved.Arch, data, func(data *dataset.Data, workers *model.Workers) (*train.Job, error) {
		return train.Resume(ctx, saved, settings, data, workers)
	})
}

// savedData opens what the run was trained on: where it was then, or where --data says. If it
// is there no longer, the images may be found as at the run's start; their digest tells.
func (o *fitOptions) savedData(ctx context.Context, saved *runstate.Checkpoint, recipe *configs.Recipe) (*dataset.Data, error) {
	if o.Flags.IsSet("data") {
		return o.open(ctx, openNamed, recipe.Data, recipe)
	}
	data, err := o.open(ctx, openSpec, saved.DataSpec, recipe)
	if errors.Is(err, fs.ErrNotExist) && recipe.Data == "auto" {
		return o.open(ctx, openNamed, recipe.Data, recipe)
	}
	if err != nil {
		return nil, fmt.Errorf("the run's data: %w; where they are now says --data", err)
	}
	return data, nil
}

// showSources says where the run goes on, and what of its settings is from where.
func (o *fitOptions) showSources(saved *runstate.Checkpoint, recipe *configs.Recipe) {
	aside := terminal.Asides(o.Err)
	fmt.Fprintf(aside, "%s: goes on after step %d\n", saved.Path, saved.Progress.Step)
	var read, given []string
	for _, k := range configs.Keys() {
		was, now := saved.Settings.Text(k.Name), recipe.Text(k.Name)
		if k.Name == "arch" { // the text is the name of a file, which there need not be
			was, now = saved.Arch.Name, saved.Arch.Name
		}
		text := k.Name + "=" + display.Word(now)
		switch {
		case !recipe.IsSet(k.Name):
		case recipe.Origin(k.Name) != configs.FromFlag:
			read = append(read, text)
		case was != now:
			given = append(given, text+" (was "+display.Escape(was)+")")
		default:
			given = append(given, text)
		}
	}
	fmt.Fprintf(aside, "from the checkpoint: %s\n", strings.Join(read, " "))
	if len(given) > 0 {
		fmt.Fprintf(aside, "from flags: %s\n", strings.Join(given, " "))
	}
}
