package kernel

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// chunked is in Go what a tile in assembly does: the chunks of each product of the batch.
func chunked(t *tile) {
	one := *t
	one.batch = 1
	a, b, dst := 0, 0, 0
	for range t.batch {
		for chunk := range t.chunks {
			one.a, one.b, one.dst = t.a[a:], t.b[b:], t.dst[dst:]
			tileGeneric(&one)
			if chunk+1 < t.chunks {
				a, dst = a+t.aChunk, dst+t.dChunk
			}
		}
		a, b, dst = a+t.aNext, b+t.bNext, dst+t.dNext
	}
}

// A tile of any size is all that kernels need: the rest of the package takes its size from them, and
// does in Go what they leave out. Results are those of plain Go, to the bit.
func TestTileOfAnySize(t *testing.T) {
	for _, ks := range []*kernels{
		{rows: 8, cols: 8}, {rows: 6, cols: 16}, {rows: 16, cols: 32}, {rows: 1, cols: 4}, {rows: 33, cols: 32},
	} {
		ks.name, ks.tile = fmt.Sprintf("tile of %d×%d", ks.rows, ks.cols), chunked
		t.Run(ks.name, func(t *testing.T) {
			for name, by := range map[string]costs{"direct": direct, "winograd": winograd, "plane by plane": planeMajor, "as measured": measured} {
				for _, c := range []Conv{
					{N: 3, H: 9, W: 15, C: 17, OC: 40, Kernel: 3, Stride: 1, Padding: 1, ReLU: true, Pool: true},
					{N: 17, H: 7, W: 7, C: 3, OC: 16, Kernel: 3, Stride: 1, Padding: 1, ReLU: true},
				} {
					sameConv(t, name, c, ks.with(by), generic.with(by))
				}
			}
			testDense(t, Dense{N: 35, In: 130, Out: 70, ReLU: true}, 35, ks)
			testDense(t, Dense{N: 3, In: 65, Out: 33}, 2, ks)
		})
	}
}

// sameConv compares all results of a convolution on two kernels.
func sameConv(t *testing.T, name string, c Conv, got, want *kernels) {
	t.Helper()
	wants := convResults(t, c, want, 2)
	for i, result := range convResults(t, c, got, 2) {
		same(t, fmt.Sprintf("%s: %+v: result %d", name, c, i), result, wants[i])
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
		if !slices.Contains(Names, name) {
			t.Errorf("%s is unknown", name)
		}
	}
}
