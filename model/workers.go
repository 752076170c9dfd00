package model

import (
	"fmt"
	"sync"

	"vggtrain/internal/kernel"
)

// Workers are threads and the kernels for them. They run one job at a time. Results do not depend on
// the number of threads, but different kernels round differently.
//
// A nil *Workers is valid: it is shared by the whole process, with a thread a core and the fastest
// kernels. Its first use starts it; it is never closed.
type Workers struct{ kernel *kernel.Workers }

// NewWorkers starts threads (0: one a core) with the named kernels: generic, avx2 or avx512. If the
// name is empty, the environment variable VGGTRAIN_KERNEL decides; if that is empty too, the fastest
// are used. It is an error if the kernels are unknown or unavailable, or the threads too many.
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

// threads returns w's own workers, or the shared ones if w is nil.
func (w *Workers) threads() *kernel.Workers {
	if w == nil {
		return shared()
	}
	return w.kernel
}

// Threads is the number of threads.
func (w *Workers) Threads() int { return w.threads().Threads() }

// Kernel is the name of the kernels: generic, avx2 or avx512.
func (w *Workers) Kernel() string { return w.threads().Kernel() }

// Run calls f(worker, piece) once for each piece in [0, pieces) and returns when all have ended.
// worker is in [0, Threads); which worker gets which piece is not deterministic. A panic in f is
// returned as an error. f must not call Run.
func (w *Workers) Run(pieces int, f func(worker, piece int)) error {
	return w.threads().Run(pieces, f)
}

// Peak measures the multiply-add throughput of all threads together, in GFLOP/s. It takes about 100
// ms.
func (w *Workers) Peak() (float64, error) { return kernel.Peak(w.threads()) }

// Close stops the threads. It does nothing for a nil w. Run on closed workers is an error.
func (w *Workers) Close() {
	if w != nil {
		w.kernel.Close()
	}
}
