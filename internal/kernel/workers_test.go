package kernel

import (
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vggtrain/internal/memory"
)

// mustFloats is memory.Floats, of which tests want little.
func mustFloats(n int) []float32 {
	x, err := memory.Floats(n)
	if err != nil {
		panic(err)
	}
	return x
}

// Scratch memory that the system refuses is an error of the next Run.
func TestScratchRefused(t *testing.T) {
	p, err := NewWorkers(2, Generic)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Reserve(math.MaxInt / 8)
	err = p.Run(1, func(int, int) { t.Error("a piece ran") })
	if _, refused := errors.AsType[*memory.RefusedError](err); !refused {
		t.Errorf("Run: %v", err)
	}
}

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
