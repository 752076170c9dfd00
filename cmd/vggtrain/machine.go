package main

import (
	"context"
	"io"

	"vggtrain/dataset"
	"vggtrain/internal/kernel"
)

// newPool starts the workers, with the kernels that VGGTRAIN_KERNEL names.
// 0 threads means all cores.
func newPool(threads int) (*kernel.Pool, error) {
	isa, err := kernel.FromEnv()
	if err != nil {
		return nil, err
	}
	return kernel.NewPool(threads, isa)
}

// openData opens what --data names; notices go to stderr.
func openData(ctx context.Context, spec string, stderr io.Writer) (*dataset.Data, error) {
	return dataset.Open(ctx, dataset.OpenOptions{Spec: spec, Notice: newProgress(stderr).Notice})
}
