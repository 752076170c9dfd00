package model

import (
	"fmt"
	"sync"

	"vggtrain/internal/kernel"
)

// Workers are the threads that a network is computed on, and the kernels that they use. They share
// one job at a time. Results are the same for every number of threads; different kernels round
// differently.
//
// A nil *Workers is one that all of the process share: a thread a core, the fastest kernels. It is
// started by its first use and never closed.
type Workers struct{ kernel *kernel.Workers }

// NewWorkers starts threads (0: one a core) with the named kernels: generic, avx2 or avx512. If the
// name is empty, the environment variable VGGTRAIN_KERNEL names them, or else they are the fastest.
// An error says that the kernels are unknown here, or the threads too many.
func NewWorkers(threads int, kernels string) (*Workers, error) {
	if kernels == "" {
		var err error
		if kernels, err = kernel.FromEnv(); err != nil {
			return nil, err
		}
	}
	w, err := kernel.NewWorkers(threads, kernels)
	if err != nil {
		return nil, err
	}
	return &Workers{w}, nil
}

var shared = sync.OnceValue(func() *kernel.Workers {
	w, err := kernel.NewWorkers(0, kernel.Best())
	if err != nil {
		panic(fmt.Sprintf("a thread a core: %v", err)) // the processor has its best kernels
	}
	return w
})

// threads are w's own, or those that a nil w shares.
func (w *Workers) threads() *kernel.Workers {
	if w == nil {
		return shared()
	}
	return w.kernel
}

// Threads is the number of threads.
func (w *Workers) Threads() int { return w.threads().Threads() }

// Kernel names the kernels.
func (w *Workers) Kernel() string { return w.threads().Kernel() }

// Run calls f(worker, piece) once for each piece in [0, pieces) and returns when all have ended.
// Which worker, of 0 to Threads-1, gets which piece is left to chance. A panic in f is returned as
// an error. f must not call Run.
func (w *Workers) Run(pieces int, f func(worker, piece int)) error {
	return w.threads().Run(pieces, f)
}

// Peak measures how many multiply-adds the threads can do together, as GFLOP/s. It takes some 100 ms.
func (w *Workers) Peak() (float64, error) { return kernel.Peak(w.threads()) }

// Close ends the threads, unless w is nil. Closed workers run nothing.
func (w *Workers) Close() {
	if w != nil {
		w.kernel.Close()
	}
}
