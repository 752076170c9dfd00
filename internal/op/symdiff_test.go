package op

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
)

// wave fills a slice with numbers that differ.
func wave(n int, scale float64) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(scale * math.Sin(float64(7*i+1)))
	}
	return s
}

// A forward operation may be differentiated any number of times, each time by another gradient:
// of twice dy all gradients are twice as large, to the bit.
func TestSymDiffAgain(t *testing.T) {
	const n, side, channels, classes = 3, 6, 4, 5
	type build func(p *probe, images, row *gorgonia.Node) *gorgonia.Node
	for name, f := range map[string]build{
		"conv": func(p *probe, x, _ *gorgonia.Node) *gorgonia.Node {
			w, b := p.input("w", wave(9*channels*classes, 1), 9*channels, classes), p.input("b", wave(classes, 1), classes)
			return p.must(p.ops.Conv(x, w, b, ConvConfig{Kernel: 3, Stride: 1, Padding: 1, ReLU: true, Pool: true}))
		},
		"dense": func(p *probe, _, x *gorgonia.Node) *gorgonia.Node {
			w, b := p.input("w", wave(channels*classes, 1), channels, classes), p.input("b", wave(classes, 1), classes)
			return p.must(p.ops.Dense(x, w, b, true))
		},
		"max-pool": func(p *probe, x, _ *gorgonia.Node) *gorgonia.Node { return p.must(p.ops.MaxPool(x, 2, 2)) },
		"mean":     func(p *probe, x, _ *gorgonia.Node) *gorgonia.Node { return p.must(p.ops.AvgPool(x, 3, 2)) },
		"lrn":      func(p *probe, x, _ *gorgonia.Node) *gorgonia.Node { return p.must(p.ops.LRN(x, 3, 1, 0.75, 1)) },
		"relu":     func(p *probe, x, _ *gorgonia.Node) *gorgonia.Node { return p.must(p.ops.ReLU(x)) },
		"sigmoid":  func(p *probe, _, x *gorgonia.Node) *gorgonia.Node { return p.must(p.ops.Sigmoid(x)) },
		"dropout":  func(p *probe, x, _ *gorgonia.Node) *gorgonia.Node { return p.must(p.ops.Dropout(x, 0.5)) },
		"flatten":  func(p *probe, x, _ *gorgonia.Node) *gorgonia.Node { return p.must(p.ops.Flatten(x)) },
		"loss": func(p *probe, _, x *gorgonia.Node) *gorgonia.Node {
			return p.must(p.ops.CrossEntropy(x, p.input("labels", []int32{0, 3, 1}, n), 0.1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProbe(t, kernel.Best(), 2, n)
			images := p.activation(p.input("images", wave(n*side*side*channels, 1), n, side, side, channels))
			row := p.activation(p.input("row", wave(n*channels, 1), n, channels))
			y := f(p, images, row)
			var grads [2]gorgonia.Nodes
			for i := range grads {
				scale := float64(i + 1)
				dy := gorgonia.NewScalar(p.g, tensor.Float32, gorgonia.WithName([]string{"dy", "2dy"}[i]), gorgonia.WithValue(float32(scale)))
				if !y.Shape().IsScalar() {
					dy = p.input([]string{"dy", "2dy"}[i], wave(y.Shape().TotalSize(), scale), y.Shape()...)
				}
				o := y.Op().(*operation)
				var err error
				if grads[i], err = o.SymDiff(o.inputs, y, dy); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.ops.Plan(p.g); err != nil {
				t.Fatal(err)
			}
			if err := p.ops.Allocate(); err != nil {
				t.Fatal(err)
			}
			p.machine = gorgonia.NewTapeMachine(p.g)
			defer p.machine.Close()
			if err := p.run(); err != nil {
				t.Fatal(err)
			}
			for i, once := range grads[0] {
				if (once == nil) != (grads[1][i] == nil) {
					t.Fatalf("input %d: gradients %v and %v", i, once, grads[1][i])
				}
				if once == nil {
					continue
				}
				want := once.Value().Data().([]float32)
				doubled, zeros := make([]float32, len(want)), 0
				for j, v := range want {
					doubled[j] = 2 * v
					if v == 0 {
						zeros++
					}
				}
				if zeros == len(want) {
					t.Errorf("input %d: the gradient is all zeros", i)
				}
				if d := equal(grads[1][i].Value().Data().([]float32), doubled); d != "" {
					t.Errorf("input %d: of twice dy (-got +want):\n%s", i, d)
				}
			}
		})
	}
}

// Gorgonia may be asked for the gradients of a graph twice.
func TestGradAgain(t *testing.T) {
	first, _, want := small(t, 2, 4)
	if err := first.run(); err != nil {
		t.Fatal(err)
	}
	again := newProbe(t, kernel.Best(), 2, 4)
	loss, params := again.small(4)
	if _, err := gorgonia.Grad(loss, params...); err != nil {
		t.Fatal(err)
	}
	again.plan(loss, params...)
	if err := again.run(); err != nil {
		t.Fatal(err)
	}
	for i, n := range params {
		if d := equal(again.gradient(n), first.gradient(want[i])); d != "" {
			t.Errorf("%v: another gradient: %s", n, d)
		}
	}
}
