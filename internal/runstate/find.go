package runstate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/internal/rundir"
)

// Find returns the folder of the run that path names and, if path is a file, its checkpoint.
func Find(path string) (folder, file string, err error) {
	const advice = "name the folder of a run, or its checkpoint.bin"
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "", fmt.Errorf("%s: no such file or folder: %s", path, advice)
	case err != nil:
		return "", "", fmt.Errorf("%s: %w: %s", path, errors.Unwrap(err), advice)
	case info.IsDir():
		return path, "", nil
	}
	if _, unfinished := checkpoint.TempOf(path); unfinished {
		return "", "", fmt.Errorf("%s: a save that was not finished: name the folder of the run, or its checkpoint.bin", path)
	}
	// Of a link, the run that it leads to is meant, not the folder that it is in.
	file, err = filepath.EvalSymlinks(path)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w: %s", path, errors.Unwrap(err), advice)
	}
	return filepath.Dir(file), file, nil
}

// Load reads the settings of the run in a folder and the checkpoint to go on from: checkpoint.bin or,
// if not "", file in the folder. The checkpoint is nil if the run ended before its first save.
func Load(dir *rundir.Dir, file string) (*configs.Recipe, *Checkpoint, error) {
	if file == "" {
		file = dir.Checkpoint()
		if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
			settings, err := unsaved(dir)
			return settings, nil, err
		}
	}
	c, err := LoadCheckpoint(file)
	if err == nil && file != dir.Checkpoint() {
		err = c.belongsTo(dir)
	}
	if err != nil {
		return nil, nil, err
	}
	return c.Settings, c, nil
}

// unsaved returns the settings of a run without a checkpoint.
func unsaved(dir *rundir.Dir) (*configs.Recipe, error) {
	if _, err := os.Stat(dir.Config()); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: not the folder of a run: it has neither checkpoint.bin nor config.yaml", dir.Path())
	}
	if _, err := os.Lstat(dir.Best()); err == nil { // it is never written before a checkpoint
		return nil, fmt.Errorf("%s: missing, but %s shows that it was saved: put it back, or begin a new run with --recipe %s",
			dir.Checkpoint(), dir.Best(), dir.Config())
	}
	return configs.LoadRecipe(dir.Config())
}

// belongsTo returns an error unless the checkpoint is of the run in the folder, as far as the folder
// shows. Otherwise the files of another run would be overwritten.
func (c *Checkpoint) belongsTo(dir *rundir.Dir) error {
	if _, err := os.Lstat(dir.Config()); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: is in no run's folder: copy it into an empty one, as checkpoint.bin, and give --resume that", c.Path)
	}
	there, err := configs.LoadRecipe(dir.Config())
	if err != nil {
		return err
	}
	// One may have more epochs than the other.
	_, newer := there.Resume(c.Settings)
	if _, older := c.Settings.Resume(there); newer != nil && older != nil {
		return fmt.Errorf("%s: not of the run in its folder, whose %s has other settings: put it into a folder of its own", c.Path, dir.Config())
	}
	return nil
}

// Continue returns the settings of a resumed run, changed by flags. A network named by a flag must be
// the run's, except for the dropout: that is a setting of its own.
func Continue(run, flags *configs.Recipe) (*configs.Recipe, error) {
	settings, err := flags.Resume(run)
	if err != nil || !flags.IsSet("arch") {
		return settings, err
	}
	arch, err := flags.Arch.Load()
	if err != nil {
		return nil, err
	}
	arch.Dropout = run.Dropout
	spelled := *flags
	if err := spelled.SetNetwork(flags.Arch.Name, arch, flags.Origin("arch")); err != nil {
		return nil, err
	}
	_, err = spelled.Resume(run)
	return settings, err
}
