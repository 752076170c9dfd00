package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func testDense(t *testing.T, d Dense, rows int, ks *kernels) {
	t.Helper()
	p, err := newWorkers(2, ks)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r := rand.New(rand.NewPCG(uint64(d.In), uint64(d.Out)))
	x, w, b, dy := make([]float32, d.N*d.In), make([]float32, d.In*d.Out), make([]float32, d.Out), make([]float32, d.N*d.Out)
	for _, s := range [][]float32{x, w, b, dy} {
		fill(r, s)
	}
	stored, packed := panels(w, d.In, d.Out), make([]float32, d.PackedSize())
	y, yIntact := guarded(r, rows*d.Out)
	if err := d.Forward(p, y, x, stored, b, packed, rows); err != nil {
		t.Fatal(err)
	}
	define := refDense(rows, d.In, d.Out)
	x64, w64, b64 := wide(x), wide(w), wide(b)
	want, mag := define.Forward(x64, w64, b64), define.Forward(magnitude(x64), magnitude(w64), magnitude(b64))
	if d.ReLU {
		for i := range want {
			want[i] = refReLU(want[i])
		}
	}
	within(t, "y", y, want, mag, d.In)

	out := make([]float32, d.N*d.Out) // the output that ReLU's mask reads
	grad := make([]float64, rows*d.Out)
	for i := range out {
		out[i] = float32(r.IntN(3) - 1)
	}
	for i := range grad {
		grad[i] = float64(dy[i])
		if d.ReLU {
			grad[i] = refReLUGradient(grad[i], float64(out[i]))
		}
	}
	if !d.ReLU {
		out = nil
	}
	dx, dxIntact := guarded(r, rows*d.In)
	dw, dwIntact := guarded(r, len(w))
	db, dbIntact := guarded(r, d.Out)
	masked, maskedIntact := guarded(r, rows*d.Out)
	turned, turnedIntact := guarded(r, rows*d.Out)
	weight := DenseGradient{Dense: d, X: packed, DY: masked, Rows: rows}
	for _, err := range []error{
		d.Gradients(p, masked, turned, db, dy, out, rows),
		d.InputGradient(p, dx, turned, stored, rows),
		weight.Stream(p, [][]float32{stored}, func(from int, block []float32) { copy(dw[from:], block) }),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	squares, err := weight.SumSquares(p)
	if want := sumSquaresGeneric(dw); err != nil || !(math.Abs(squares-want) <= float64(len(dw))*want/(1<<52)) {
		t.Errorf("sum of squares %v (%v), want %v", squares, err, want)
	}
	within(t, "dx", dx, define.InputGradient(grad, w64), define.InputGradient(magnitude(grad), magnitude(w64)), d.Out)
	wantW, wantB := define.WeightGradient(x64, grad)
	magW, magB := define.WeightGradient(magnitude(x64), magnitude(grad))
	within(t, "dw", plain(dw, d.In, d.Out), wantW, magW, rows)
	within(t, "db", db, wantB, magB, rows)
	if !yIntact() || !dxIntact() || !dwIntact() || !dbIntact() || !maskedIntact() || !turnedIntact() {
		t.Fatal("stored outside a result")
	}
}

func TestDense(t *testing.T) {
	for _, ks := range available() {
		for _, d := range []Dense{
			{N: 1, In: 1, Out: 1},
			{N: 2, In: 63, Out: 31, ReLU: true},
			{N: 15, In: 64, Out: 32},
			{N: 33, In: 65, Out: 33, ReLU: true},
			{N: 31, In: 300, Out: 10},
			{N: 40, In: 257, Out: 300, ReLU: true},
			{N: 3, In: 600, Out: 65, ReLU: true},
		} {
			t.Run(fmt.Sprintf("%s/%+v", ks.name, d), func(t *testing.T) {
				testDense(t, d, d.N, ks)
				testDense(t, d, (d.N+1)/2, ks) // a short batch
			})
		}
	}
}

func BenchmarkDense(b *testing.B) {
	p, err := NewWorkers(0, Best())
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	for _, d := range []Dense{{128, 6272, 4096, true}, {128, 4096, 4096, true}, {128, 128, 4096, true}, {128, 4096, 10, false}, {16, 25088, 4096, true}} {
		r := rand.New(rand.NewPCG(1, 1))
		x, w, bias, y := mustFloats(d.N*d.In), mustFloats(d.In*d.Out), make([]float32, d.Out), mustFloats(d.N*d.Out)
		fill(r, x)
		fill(r, w)
		velocity, dx, db, packed := mustFloats(len(w)), mustFloats(len(x)), make([]float32, d.Out), mustFloats(d.PackedSize())
		panels, turned := mustFloats(len(y)), mustFloats(len(y))
		weight := DenseGradient{Dense: d, X: packed, DY: panels, Rows: d.N}
		update := func(s SGD, v []float32) error {
			return weight.Stream(p, [][]float32{w, v}, func(from int, dw []float32) {
				if v == nil {
					s.Update(p, w[from:][:len(dw)], dw, nil)
				} else {
					s.Update(p, w[from:][:len(dw)], dw, v[from:][:len(dw)])
				}
			})
		}
		for _, pass := range []struct {
			name string
			run  func() error
		}{
			{"forward", func() error { return d.Forward(p, y, x, w, bias, packed, d.N) }},
			{"pack", func() error { return d.pack(p, packed, x, d.N) }},
			{"gradients", func() error { return d.Gradients(p, panels, turned, db, y, y, d.N) }},
			{"input", func() error {
				if err := d.Gradients(p, panels, turned, db, y, y, d.N); err != nil {
					return err
				}
				return d.InputGradient(p, dx, turned, w, d.N)
			}},
			{"weight", func() error { return weight.Stream(p, nil, func(int, []float32) {}) }},
			{"update", func() error { return update(SGD{LR: 1e-9, Scale: 1}, nil) }},
			{"momentum", func() error {
				return update(SGD{LR: 1e-9, Scale: 1, Momentum: 0.9, Decay: 1e-9, Nesterov: true}, velocity)
			}},
		} {
			b.Run(fmt.Sprintf("%dx%d-%d/%s", d.N, d.In, d.Out, pass.name), func(b *testing.B) {
				for b.Loop() {
					if err := pass.run(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(2*float64(d.N*d.In*d.Out)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
