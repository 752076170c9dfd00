package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Windows that touch, overlap, leave gaps or do not fit, on every instruction set; images past rows
// are left alone.
func TestPools(t *testing.T) {
	for _, ks := range available() {
		for _, m := range []MaxPool{
			{2, 4, 4, 3, 2, 2}, {3, 7, 5, 16, 3, 2}, {2, 6, 9, 33, 2, 3}, {1, 5, 5, 1, 5, 1}, {2, 3, 8, 17, 1, 1}, {2, 9, 9, 8, 3, 1},
		} {
			t.Run(fmt.Sprintf("%s/%+v", ks.name, m), func(t *testing.T) {
				testMaxPool(t, ks, m, 1)
				testMaxPool(t, ks, m, m.N)
				testAvgPool(t, ks, AvgPool(m), 1)
				testAvgPool(t, ks, AvgPool(m), m.N)
			})
		}
	}
}

// testMaxPool has equal numbers and NaN in its windows.
func testMaxPool(t *testing.T, ks *kernels, m MaxPool, rows int) {
	p, err := newWorkers(2, ks)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r := rand.New(rand.NewPCG(uint64(m.H), uint64(m.C)))
	define := refPool{N: rows, H: m.H, W: m.W, C: m.C, Kernel: m.Kernel, Stride: m.Stride}
	x, out := make([]float32, m.N*m.H*m.W*m.C), rows*m.OutSize()/m.N
	fill(r, x)
	sprinkle(r, x)
	y, yIntact := guarded(r, out)
	argmax := make([]byte, out)
	if err := m.Forward(p, y, argmax, x, rows); err != nil {
		t.Fatal(err)
	}
	want, largest := define.Max(wide(x))
	for i := range y {
		if !about(y[i], want[i], 0) || int(argmax[i]) != largest[i] {
			t.Fatalf("y[%d] = %v of pixel %d, want %v of %d", i, y[i], argmax[i], want[i], largest[i])
		}
	}
	dy := make([]float32, out)
	fill(r, dy)
	dx, dxIntact := guarded(r, rows*m.H*m.W*m.C)
	if err := m.Gradient(p, dx, dy, argmax, rows); err != nil {
		t.Fatal(err)
	}
	dy64 := wide(dy)
	within(t, "dx", dx, define.MaxGradient(dy64, largest), define.MaxGradient(magnitude(dy64), largest), m.Kernel*m.Kernel)
	if !yIntact() || !dxIntact() {
		t.Error("stored outside a result")
	}
}

func testAvgPool(t *testing.T, ks *kernels, a AvgPool, rows int) {
	p, err := newWorkers(2, ks)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r := rand.New(rand.NewPCG(uint64(a.H), uint64(a.C)))
	define := refPool{N: rows, H: a.H, W: a.W, C: a.C, Kernel: a.Kernel, Stride: a.Stride}
	x, out := make([]float32, a.N*a.H*a.W*a.C), rows*MaxPool(a).OutSize()/a.N
	dy := make([]float32, out)
	fill(r, x)
	fill(r, dy)
	y, yIntact := guarded(r, out)
	dx, dxIntact := guarded(r, rows*a.H*a.W*a.C)
	for _, err := range []error{a.Forward(p, y, x, rows), a.Gradient(p, dx, dy, rows)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	x64, dy64, terms := wide(x), wide(dy), a.Kernel*a.Kernel
	within(t, "y", y, define.Mean(x64), define.Mean(magnitude(x64)), terms)
	within(t, "dx", dx, define.MeanGradient(dy64), define.MeanGradient(magnitude(dy64)), terms)
	if !yIntact() || !dxIntact() {
		t.Error("stored outside a result")
	}
}

func TestAvgPoolRefuses(t *testing.T) {
	for _, a := range []AvgPool{
		{1, 4, 4, 1, 0, 1}, {1, 4, 4, 1, 2, 0}, {1, 4, 4, 1, 5, 1}, {0, 4, 4, 1, 2, 2}, {1, 4, 4, 0, 2, 2}, {1, 100, 100, 1, maxKernel + 1, 1},
	} {
		if a.Check() == nil {
			t.Errorf("%+v is taken", a)
		}
	}
	if err := (AvgPool{1, 4, 4, 1, 4, 1}).Check(); err != nil {
		t.Error(err)
	}
}
