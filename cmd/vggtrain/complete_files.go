package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vggtrain/configs"
	"vggtrain/internal/rundir"
	"vggtrain/internal/runstate"
)

// Completion answers while a key is held down: it reads no more than this of a
// folder, and begins no file's description later than this after the first one's.
const (
	maxEntries      = 2000
	maxRuns         = 50
	describingTakes = 25 * time.Millisecond
)

// architectures completes --arch: names with what they cost, and YAML files.
func architectures(typed string) []cobra.Completion {
	var list []cobra.Completion
	networks, _ := builtIn() // a completion without them says enough of an error
	for _, n := range networks {
		cost := fmt.Sprintf("%s parameters, %s multiply-adds at 224x224", thousands(n.Params), thousands(n.MACs))
		list = append(list, cobra.CompletionWithDesc(n.Arch, cost))
	}
	return append(list, entries(typed, folderIfTyped, ".yaml", ".yml")...)
}

// thousands writes a count in thousands of the size that suits: 43.1 M.
func thousands(n int64) string {
	value, prefix := humanize.ComputeSI(float64(n))
	return fmt.Sprintf("%.1f %s", value, prefix)
}

// recipes completes --recipe: names with their main settings, YAML files, and
// the settings of runs.
func recipes(typed string) []cobra.Completion {
	var list []cobra.Completion
	for _, name := range configs.RecipeNames() {
		description := ""
		if recipe, err := configs.LoadRecipe(name); err == nil {
			r := recipe.Over(configs.Defaults())
			description = fmt.Sprintf("%d pixels, %d epochs, batch %d, %s, lr %g, %s", r.Resize, r.Epochs, r.BatchSize, r.Optimizer.Kind, r.LR, r.Schedule)
		}
		list = append(list, cobra.CompletionWithDesc(name, description))
	}
	return append(list, entries(typed, folderIfTyped, ".yaml", ".yml")...)
}

// resumable completes --resume: the runs in runs/, newest first, then folders
// that are runs anywhere, and checkpoints in them.
func resumable(typed string) []cobra.Completion {
	about := describer{typed: typed}
	var list []cobra.Completion
	for _, path := range runs() {
		list = append(list, about.file(path, rundir.At(path).Checkpoint()))
	}
	for _, path := range entries(typed, folderToo, ".bin") {
		dir := rundir.At(path)
		switch {
		case isFile(dir.Config()) && isFile(dir.Checkpoint()):
			list = append(list, about.file(path[:len(path)-1], dir.Checkpoint()))
		case endsInSeparator(path) && typed != "":
			list = append(list, path)
		case !endsInSeparator(path) && filepath.Base(path) != filepath.Base(dir.Best()): // weights only: no state to go on with
			list = append(list, about.file(path, path))
		}
	}
	return list
}

// checkpoints completes what eval, predict, export and --init read: the best
// weights and the checkpoints of the runs in runs/, newest first, then files.
func checkpoints(typed string) []cobra.Completion {
	about := describer{typed: typed}
	var list []cobra.Completion
	for _, path := range runs() {
		for _, file := range []string{rundir.At(path).Best(), rundir.At(path).Checkpoint()} {
			if isFile(file) {
				list = append(list, about.file(file, file))
			}
		}
	}
	for _, path := range entries(typed, folderIfTyped, ".bin", ".safetensors") {
		if !endsInSeparator(path) {
			path = about.file(path, path)
		}
		list = append(list, path)
	}
	return list
}

// runs are the folders in runs/ that hold a run with a checkpoint, newest first.
func runs() []string {
	type run struct {
		path    string
		changed time.Time
	}
	var found []run
	for _, path := range entries("runs"+string(filepath.Separator), folderToo) {
		dir := rundir.At(path)
		info, err := os.Stat(dir.Checkpoint())
		if err == nil && info.Mode().IsRegular() && isFile(dir.Config()) {
			found = append(found, run{dir.Path(), info.ModTime()})
		}
	}
	slices.SortStableFunc(found, func(a, b run) int { return cmp.Or(b.changed.Compare(a.changed), cmp.Compare(a.path, b.path)) })
	var paths []string
	for _, r := range found[:min(len(found), maxRuns)] {
		paths = append(paths, r.path)
	}
	return paths
}

// describer describes checkpoints that what was typed may become: the first one, and others as
// long as there is time.
type describer struct {
	typed string
	until time.Time // zero: none is described yet
}

// file is a completion whose description is what a checkpoint says of itself.
func (d *describer) file(completion, checkpoint string) cobra.Completion {
	if !strings.HasPrefix(completion, d.typed) {
		return completion
	}
	switch now := time.Now(); {
	case d.until.IsZero():
		d.until = now.Add(describingTakes)
	case now.After(d.until):
		return completion
	}
	glance, err := runstate.Peek(checkpoint)
	if err != nil {
		return completion
	}
	return cobra.CompletionWithDesc(completion, glance.String())
}

// Which folders entries lists beside files.
type folderRule int

const (
	folderToo     folderRule = iota
	folderIfTyped            // none where nothing was typed
)

// entries are the files and folders that typed may become, by name: files with
// one of the extensions ("": any), and folders with a separator at their end.
// Hidden ones are there if typed begins so.
func entries(typed string, rule folderRule, extensions ...string) []cobra.Completion {
	dir, base := filepath.Split(typed)
	f, err := os.Open(cmp.Or(dir, "."))
	if err != nil {
		return nil
	}
	defer f.Close()
	names, _ := f.Readdirnames(maxEntries)
	slices.Sort(names)
	fits := func(name string) bool {
		extension := strings.ToLower(filepath.Ext(name))
		return slices.ContainsFunc(extensions, func(e string) bool { return e == "" || e == extension })
	}
	var list []cobra.Completion
	for _, name := range names {
		hidden := strings.HasPrefix(name, ".") && !strings.HasPrefix(base, ".")
		if hidden || !strings.HasPrefix(name, base) || strings.ContainsFunc(name, unicode.IsControl) {
			continue
		}
		path := dir + name // as it was typed: not cleaned
		info, err := os.Stat(path)
		switch {
		case err != nil:
		case info.IsDir() && (rule == folderToo || typed != ""):
			list = append(list, path+string(filepath.Separator))
		case info.Mode().IsRegular() && fits(name):
			list = append(list, path)
		}
	}
	return list
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func endsInSeparator(path string) bool { return path != "" && os.IsPathSeparator(path[len(path)-1]) }
