package kernel

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestPoolRunsEveryPieceOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 3, 16} {
		p, err := NewWorkers(threads, Generic)
		if err != nil {
			t.Fatal(err)
		}
		for _, pieces := range []int{0, 1, 2, 7, 1000} {
			counts := make([]atomic.Int32, pieces)
			if err := p.Run(pieces, func(_, piece int) { counts[piece].Add(1) }); err != nil {
				t.Fatal(err)
			}
			for i := range counts {
				if n := counts[i].Load(); n != 1 {
					t.Fatalf("%d threads: piece %d of %d ran %d times", threads, i, pieces, n)
				}
			}
		}
		p.Close()
	}
}

// Workers that have parked must wake again, and closing must end them.
func TestPoolWakes(t *testing.T) {
	p, err := NewWorkers(4, Generic)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if i%50 == 0 {
			time.Sleep(2 * time.Millisecond)
		}
		var sum atomic.Int64
		if err := p.Run(64, func(_, piece int) { sum.Add(int64(piece)) }); err != nil {
			t.Fatal(err)
		}
		if sum.Load() != 64*63/2 {
			t.Fatalf("run %d: sum %d", i, sum.Load())
		}
	}
	p.Close()
	p.Close()
	if err := p.Run(1, func(int, int) {}); err == nil {
		t.Error("a closed pool ran a job")
	}
}

func TestPoolPanicIsAnError(t *testing.T) {
	p, err := NewWorkers(3, Generic)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	err = p.Run(100, func(_, piece int) {
		if piece == 41 {
			panic("broken")
		}
	})
	if err == nil || !strings.Contains(err.Error(), "piece 41 of 100") || !strings.Contains(err.Error(), "broken") {
		t.Errorf("error = %v", err)
	}
	if err := p.Run(10, func(int, int) {}); err != nil {
		t.Errorf("the pool is lost after a panic: %v", err)
	}
}

func TestKernelChoice(t *testing.T) {
	t.Setenv(EnvKernel, "generic")
	if name, err := FromEnv(); name != Generic || err != nil {
		t.Errorf("generic: %v, %v", name, err)
	}
	t.Setenv(EnvKernel, "sse9")
	if _, err := FromEnv(); err == nil || !strings.Contains(err.Error(), `unknown kernels "sse9"`) {
		t.Errorf("sse9: %v", err)
	}
	t.Setenv(EnvKernel, "")
	if name, err := FromEnv(); name != Best() || err != nil {
		t.Errorf("unset: %v, %v", name, err)
	}
	if _, err := NewWorkers(MaxThreads+1, Generic); err == nil {
		t.Error("too many threads were taken")
	}
}

// Records name kernels that may be another machine's: all of this build's are among them.
func TestKnownKernels(t *testing.T) {
	for _, name := range append(Available(), "avx512", "avx2", "generic") {
		if !Known(name) {
			t.Errorf("%s is unknown", name)
		}
	}
	if Known("sse9") || Known("") {
		t.Error("every name is known")
	}
}
