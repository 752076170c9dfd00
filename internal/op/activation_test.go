package op

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// add adds the activation that a golden case names.
func (c goldenCase) add(g *Graph, x *gorgonia.Node) (*gorgonia.Node, error) {
	if c.Function == "relu" {
		return g.ReLU(x)
	}
	return g.Sigmoid(x)
}

func TestActivationGolden(t *testing.T) {
	cases := goldens(t, "activation")
	everyISA(t, func(t *testing.T, isa string) {
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) {
				y, dx := c.onImages(t, isa, c.add)
				want := c.nhwc(t, "y")
				if c.Function == "relu" {
					if d := equal(y, want); d != "" {
						t.Errorf("y: %s", d)
					}
				} else {
					near(t, "y", y, want, abs(want), 0) // computed in float64, rounded once
				}
				if c.forwardOnly() {
					return
				}
				if want = c.nhwc(t, "dx"); c.Function == "relu" {
					if d := equal(dx, want); d != "" {
						t.Errorf("dx: %s", d)
					}
					return
				}
				// y is off by 2⁻²⁵, y·(1-y) by no more, and the products by two roundings.
				near(t, "dx", dx, want, abs(c.nhwc(t, "dy")), 0)
			})
		}
	})
}

// Rows that do not count are neither read nor written, and those that do are computed in full:
// with more numbers than a piece has, and whether rows fill pieces or not.
func TestShortBatchOfLayers(t *testing.T) {
	const batch, rows, h, w, c = 5, 3, 20, 31, 19
	for name, add := range map[string]func(*Graph, *gorgonia.Node) (*gorgonia.Node, error){
		"relu":    (*Graph).ReLU,
		"sigmoid": (*Graph).Sigmoid,
		"avgpool": func(g *Graph, x *gorgonia.Node) (*gorgonia.Node, error) { return g.AvgPool(x, 3, 2) },
	} {
		var all [2][]float32
		for _, count := range []int{batch, rows} {
			p := newProbe(t, kernel.Best(), 2, batch)
			images := make([]float32, batch*h*w*c)
			for i := range images {
				images[i] = float32(math.Sin(float64(i)))
				if i >= count*h*w*c {
					images[i] = float32(math.NaN())
				}
			}
			y := p.must(add(p.ops, p.activation(p.input("x", images, batch, h, w, c))))
			dy := make([]float32, y.Shape().TotalSize())
			for i := range dy {
				dy[i] = float32(math.Cos(float64(i)))
			}
			p.plan(p.cost(y, dy), p.inputs[0])
			if err := p.ops.SetRows(count); err != nil {
				t.Fatal(err)
			}
			if err := p.run(); err != nil {
				t.Fatal(err)
			}
			for i, got := range [][]float32{floats(y.Value()), p.gradient(p.inputs[0])} {
				counting := len(got) / batch * rows
				if all[i] == nil {
					all[i] = got[:counting]
					continue
				}
				if d := equal(got[:counting], all[i]); d != "" {
					t.Errorf("%s, result %d of %d rows in a batch of %d: %s", name, i, rows, batch, d)
				}
				for _, v := range got[counting:] {
					if v != 0 {
						t.Fatalf("%s: result %d of a row that does not count was written", name, i)
					}
				}
			}
		}
	}
}

// A derivative may follow from x, as that of x² does, where y tells two of them.
func TestActivationFromInput(t *testing.T) {
	p := newProbe(t, kernel.Generic, 1, 2)
	square := func(_ *kernel.Workers, y, x []float32) error {
		for i, v := range x {
			y[i] = v * v
		}
		return nil
	}
	gradient := func(_ *kernel.Workers, dx, dy, x []float32) error {
		for i, v := range x {
			dx[i] = 2 * v * dy[i]
		}
		return nil
	}
	x := p.activation(p.input("x", []float32{-3, 0, 0.5, 4}, 2, 2))
	y := p.must(p.ops.activation("Square", x, input, square, gradient))
	p.plan(p.cost(y, []float32{1, 1, 10, 0.5}), p.inputs[0])
	if err := p.run(); err != nil {
		t.Fatal(err)
	}
	if d := equal(floats(y.Value()), []float32{9, 0, 0.25, 16}); d != "" {
		t.Errorf("y: %s", d)
	}
	if d := equal(p.gradient(p.inputs[0]), []float32{-6, 0, 10, 4}); d != "" {
		t.Errorf("dx: %s", d)
	}
}
