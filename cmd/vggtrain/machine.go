package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/memory"
	"vggtrain/internal/nearest"
	"vggtrain/internal/rundir"
	"vggtrain/internal/terminal"
	"vggtrain/model"
)

// openData opens what --data names.
func openData(ctx context.Context, spec string, stderr io.Writer) (*dataset.Data, error) {
	return openNamed(ctx, dataset.OpenOptions{Spec: spec}, stderr)
}

// openNamed is openSpec of what --data names, whose errors say what it takes.
func openNamed(ctx context.Context, o dataset.OpenOptions, stderr io.Writer) (*dataset.Data, error) {
	data, err := openSpec(ctx, o, stderr)
	spec := o.Spec
	if _, missing := os.Stat(spec); spec == "auto" || !errors.Is(err, fs.ErrNotExist) || !errors.Is(missing, fs.ErrNotExist) {
		return data, err
	}
	if near := nearest.Name(spec, []string{"auto", "sample"}); near != "" {
		return nil, fmt.Errorf("--data: %w: did you mean %s?", err, near)
	}
	return nil, fmt.Errorf("%w: --data takes auto, sample, or a folder, a zip or a CSV list of images", err)
}

// openSpec opens the data of a spec; notices, if nobody else takes them, and how far a download or a
// listing is, go to stderr.
func openSpec(ctx context.Context, o dataset.OpenOptions, stderr io.Writer) (*dataset.Data, error) {
	m := terminal.NewMeter(stderr)
	defer m.Clear()
	o.Progress, o.Listing = m.Progress, m.Files
	if o.Notice == nil {
		o.Notice = m.Notice
	}
	return dataset.Open(ctx, o)
}

// loadData decodes the pictures of the data; notices, if nobody else takes them, and how far it is, go
// to stderr.
func loadData(ctx context.Context, data *dataset.Data, o dataset.LoadOptions, stderr io.Writer) (*dataset.Data, error) {
	m := terminal.NewMeter(stderr)
	defer m.Clear()
	o.Progress = m.Images
	if o.Notice == nil {
		o.Notice = m.Notice
	}
	return data.Load(ctx, o)
}

// checkSide looks whether the network takes the data's images at the side that --resize gives.
func checkSide(arch *model.Arch, side int, data *dataset.Data) error {
	if _, err := model.Resolve(arch, data.Channels(), side, side, len(data.Classes)); err != nil {
		return fmt.Errorf("--resize %d: %w", side, err)
	}
	return nil
}

// weightsFile is the file that CHECKPOINT names: of a run folder, the weights of its best epoch.
func weightsFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return path, nil
	}
	best := rundir.At(path).Best()
	if _, err := os.Stat(best); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: no best.bin in this folder: the run has no evaluated epoch yet (vggtrain fit --resume %s goes on), or it is no run folder",
			path, display.ShellWord(path))
	}
	return best, nil
}

// leastMemory is what any command takes, the smallest sets and networks included.
const leastMemory = 64 << 20

// checkMemory refuses to begin where Go could not end in order.
func checkMemory() error {
	if limit := memory.Limit(); limit.Bytes > 0 && limit.Bytes < leastMemory {
		return fmt.Errorf("%v, and any command takes %s of memory: raise it", limit, display.Bytes(leastMemory))
	}
	return nil
}

// besides returns the bytes that the process holds, less those counted elsewhere.
func besides(counted int64) int64 { return max(memory.Held()-counted, 0) }

// advised adds what to do to an error of memory that the system refuses.
func advised(err error) error {
	if errors.As(err, new(*memory.RefusedError)) {
		return fmt.Errorf("%w: raise its limit, or %s", err, adviceSmaller)
	}
	return err
}

const adviceSmaller = "use a smaller --batch-size, a smaller image or a smaller network"

// newWorkers makes workers for a job of the given number of bytes. It refuses what this machine, or
// the container that this is, cannot hold, before it is allocated: a Go program that runs out of
// memory cannot end in order.
func newWorkers(bytes int64, threads int) (*model.Workers, error) {
	if limit := memory.Limit(); limit.Bytes > 0 && bytes > limit.Bytes {
		return nil, fmt.Errorf("this takes about %s of memory, and %v: %s", display.Bytes(bytes), limit, adviceSmaller)
	}
	return model.NewWorkers(threads, "")
}
