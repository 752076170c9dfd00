package model

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"vggtrain/internal/kernel"
)

func TestNilWorkersAreShared(t *testing.T) {
	var none *Workers
	if none.Threads() != runtime.GOMAXPROCS(0) || none.Kernel() != kernel.Best() {
		t.Errorf("%d threads with %s kernels, want one a core with %s", none.Threads(), none.Kernel(), kernel.Best())
	}
	none.Close()
	var done atomic.Int64
	if err := none.Run(100, func(_, piece int) { done.Add(int64(piece)) }); err != nil || done.Load() != 4950 {
		t.Errorf("after Close: the pieces' sum is %d, want 4950 (%v)", done.Load(), err)
	}
}

func TestNewWorkers(t *testing.T) {
	t.Setenv(kernel.EnvKernel, kernel.Generic)
	workers, err := NewWorkers(3, "")
	if err != nil {
		t.Fatal(err)
	}
	if workers.Threads() != 3 || workers.Kernel() != kernel.Generic {
		t.Errorf("%d threads with %s kernels, want 3 with those that %s names", workers.Threads(), workers.Kernel(), kernel.EnvKernel)
	}
	workers.Close()
	if err := workers.Run(1, func(int, int) {}); err == nil {
		t.Error("closed workers run a job")
	}
	t.Setenv(kernel.EnvKernel, "abacus")
	for _, name := range []string{"", "abacus"} {
		if _, err := NewWorkers(1, name); err == nil || !strings.Contains(err.Error(), `"abacus"`) {
			t.Errorf("NewWorkers(1, %q): %v, want an error that names the kernels", name, err)
		}
	}
	if workers, err = NewWorkers(1, kernel.Generic); err != nil {
		t.Fatalf("a name overrides the environment: %v", err)
	}
	workers.Close()
	if _, err := NewWorkers(kernel.MaxThreads+1, kernel.Generic); err == nil {
		t.Error("too many threads are no error")
	}
}
