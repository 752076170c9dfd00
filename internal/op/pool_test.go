package op

import (
	"testing"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

func TestAvgPoolGolden(t *testing.T) {
	cases := goldens(t, "avgpool")
	everyISA(t, func(t *testing.T, isa string) {
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) { testAvgPoolGolden(t, c, isa) })
		}
	})
}

func testAvgPoolGolden(t *testing.T, c goldenCase, isa string) {
	y, dx := c.onImages(t, isa, func(g *Graph, x *gorgonia.Node) (*gorgonia.Node, error) {
		return g.AvgPool(x, c.Kernel, c.Stride)
	})
	// The magnitudes that are added up: the means and their gradients of |x| and |dy|.
	workers, err := kernel.NewWorkers(1, kernel.Generic)
	if err != nil {
		t.Fatal(err)
	}
	defer workers.Close()
	shape := kernel.AvgPool{N: c.Batch, H: c.Height, W: c.Width, C: c.Channels, Kernel: c.Kernel, Stride: c.Stride}
	x := c.nhwc(t, "x")
	absY, absX := make([]float32, len(y)), make([]float32, len(x))
	if err := shape.Forward(workers, absY, abs(x), c.Batch); err != nil {
		t.Fatal(err)
	}
	near(t, "y", y, c.nhwc(t, "y"), absY, c.Kernel*c.Kernel)
	if c.forwardOnly() {
		return
	}
	if err := shape.Gradient(workers, absX, abs(c.nhwc(t, "dy")), c.Batch); err != nil {
		t.Fatal(err)
	}
	near(t, "dx", dx, c.nhwc(t, "dx"), absX, c.Kernel*c.Kernel)
}
